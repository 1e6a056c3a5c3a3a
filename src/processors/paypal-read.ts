import type { z } from 'zod';
import { ProcessorTrouble } from './trouble.ts';

/** What PayPal said, as far as we need it. An answer of another shape is no answer. */
export function read<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ProcessorTrouble('unreachable', 'unexpected_answer', 'paypal answered in another shape than documented');
}

/** Understood and refused, where nobody expects it. */
export const refusedBy = ({ status, issue }: { status: number; issue: string }): ProcessorTrouble =>
  new ProcessorTrouble('refused', issue, `paypal answered ${status}: ${issue}`);
