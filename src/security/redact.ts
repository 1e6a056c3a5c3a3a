/**
 * Text that comes from inside: an error's message, a log line, what a processor wrote. It is never refused, as then
 * work would fail for words; what may not be kept is struck out, counted, and an operator is told.
 */
import { isSensitive, type Kind, redacted, sensitiveIn } from './sensitive.ts';

export type Where = 'log' | 'processor_error' | 'temporal_failure' | 'inbox_reason' | 'commit' | 'mail';
type Alert = (where: Where, kinds: readonly Kind[]) => void;

const counts = new Map<Where, number>();
const alerts: Alert[] = [];

export function redact(text: string, where: Where): string {
  const found = sensitiveIn(text);
  if (found.length === 0) return text;
  counts.set(where, (counts.get(where) ?? 0) + 1);
  for (const alert of alerts) alert(where, [...new Set(found.map(({ kind }) => kind))]);
  return redacted(text);
}

/** All texts in a value, and the names of its fields. What holds nothing comes back as it is. */
export function redactWithin<T>(value: T, where: Where): T {
  return holdsSensitive(value) ? (struckOut(value, where) as T) : value;
}

function holdsSensitive(value: unknown): boolean {
  if (typeof value === 'string') return isSensitive(value);
  if (typeof value !== 'object' || value === null) return false;
  for (const name in value) {
    if (isSensitive(name) || holdsSensitive((value as Record<string, unknown>)[name])) return true;
  }
  return false;
}

function struckOut(value: unknown, where: Where): unknown {
  if (typeof value === 'string') return redact(value, where);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => struckOut(each, where));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [redact(name, where), struckOut(each, where)]));
}

/** How often anything was struck out since this process began. */
export const redactions = (): ReadonlyMap<Where, number> => counts;

/** Whatever is struck out from now on is told; a log line says it of itself. */
export function onRedaction(alert: Alert): void {
  alerts.push(alert);
}

/** An error's own words, and those of its causes. The error stays the same, so that what it is still holds. */
export function redactError(error: unknown, where: Where): unknown {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { message, stack } = each;
    const clean = redact(message, where);
    if (clean !== message) each.message = clean;
    // It repeats the message, and is counted with it.
    if (stack !== undefined && isSensitive(stack)) each.stack = redacted(stack);
  }
  return error;
}
