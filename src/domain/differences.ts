/** Where two values that should say the same don't: the path to each field, and what either says. */
export type Leaf = string | number | boolean | null;
export type Difference = { path: string; one: Leaf; other: Leaf };

export function differences(one: unknown, other: unknown): Difference[] {
  const left = leavesOf(one);
  const right = leavesOf(other);
  return [...new Set([...left.keys(), ...right.keys()])]
    .sort()
    .map((path) => ({ path, one: left.get(path) ?? null, other: right.get(path) ?? null }))
    .filter((each) => each.one !== each.other);
}

function leavesOf(value: unknown, path = '', into = new Map<string, Leaf>()): Map<string, Leaf> {
  if (typeof value !== 'object' || value === null) {
    if (value !== undefined) into.set(path, value as Leaf);
    return into;
  }
  for (const [name, field] of Object.entries(value)) leavesOf(field, path ? `${path}.${name}` : name, into);
  return into;
}
