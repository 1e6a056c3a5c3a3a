/** `*`, `charge.*`, or an event's own name. */
export function matches(type: string, enabled: readonly string[]): boolean {
  return enabled.some(
    (name) => name === '*' || name === type || (name.endsWith('.*') && type.startsWith(name.slice(0, -1))),
  );
}
