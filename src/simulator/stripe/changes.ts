type Plain = { [key: string]: unknown };

/** `previous_attributes`: the old value of each field that changed, down into nested objects. */
export function previous(before: object, after: object): object {
  const old: Plain = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const was = (before as Plain)[key];
    const is = (after as Plain)[key];
    if (JSON.stringify(was) === JSON.stringify(is)) continue;
    old[key] = isPlain(was) && isPlain(is) ? previous(was, is) : (was ?? null);
  }
  return old;
}

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Metadata is merged key by key; an empty value removes its key; null removes all. */
export function merged(old: Record<string, string>, change: Record<string, string> | null | undefined) {
  if (change === undefined) return old;
  if (change === null) return {};
  return Object.fromEntries(Object.entries({ ...old, ...change }).filter(([, value]) => value !== ''));
}

/** The fields that were given: undefined means untouched, null means unset. */
export function given<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
