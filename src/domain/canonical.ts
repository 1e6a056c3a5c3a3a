/** One text for all values that say the same, whatever the order of their fields: what is hashed and compared. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  let text = '';
  for (const name of Object.keys(value).sort()) {
    const field = (value as Record<string, unknown>)[name];
    if (field !== undefined) text += `${text && ','}${JSON.stringify(name)}:${canonical(field)}`;
  }
  return `{${text}}`;
}

export const isSame = <T>(a: T, b: T | null): boolean => canonical(a) === canonical(b);
