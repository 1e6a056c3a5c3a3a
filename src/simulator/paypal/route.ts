import { z } from 'zod';
import type { Call } from './call.ts';
import { invalid } from './errors.ts';

export type Asked<Body> = { id: string; body: Body; query: URLSearchParams; isFull: boolean };
export type Answer = { status: number; body: object | string | null };

export type Route = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  pattern: RegExp;
  run: (call: Call, asked: Asked<unknown>) => Answer;
};

export const answer = (status: number, body: object | string | null): Answer => ({ status, body });
export const ok = (body: object): Answer => answer(200, body);
export const created = (body: object): Answer => answer(201, body);
export const done: Answer = answer(204, null);

/** `path` may have one `:id`. Fields that `schema` doesn't name are passed over. */
export function route<Schema extends z.ZodType>(
  method: Route['method'],
  path: string,
  schema: Schema,
  handle: (call: Call, asked: Asked<z.output<Schema>>) => Answer,
): Route {
  return {
    method,
    pattern: new RegExp(`^${path.replace(':id', '([^/]+)')}$`),
    run(call, asked) {
      const parsed = schema.safeParse(asked.body);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        throw invalid(`/${issue?.path.join('/') ?? ''}`, issue?.message ?? 'The body is malformed.');
      }
      return handle(call, { ...asked, body: parsed.data });
    },
  };
}

export const nothing = z.unknown();
export const amount = z.object({
  value: z.string().regex(/^\d{1,9}(\.\d{1,2})?$/),
  currency_code: z.string().regex(/^[A-Z]{3}$/),
});
export const experience = z.object({ return_url: z.url().optional(), cancel_url: z.url().optional() }).optional();
