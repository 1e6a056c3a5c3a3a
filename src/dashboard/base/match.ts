type ParamsOf<Pattern extends string> = Pattern extends `${string}:${infer Name}/${infer Rest}`
  ? Record<Name, string> & ParamsOf<`/${Rest}`>
  : Pattern extends `${string}:${infer Name}`
    ? Record<Name, string>
    : unknown;

/** `match('/invoices/:id', path)` is `{ id }`, or null. */
export function match<Pattern extends string>(pattern: Pattern, path: string): ParamsOf<Pattern> | null {
  const wanted = pattern.split('/');
  const parts = path.split('/');
  if (wanted.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [i, each] of wanted.entries()) {
    const part = parts[i]!;
    if (each.startsWith(':')) params[each.slice(1)] = decodeURIComponent(part);
    else if (each !== part) return null;
  }
  return params as ParamsOf<Pattern>;
}
