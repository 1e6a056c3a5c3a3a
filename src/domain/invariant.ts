/** A failed invariant is a bug of ours: it stops, and a person sees it. */
export function invariant(holds: unknown, message: string): asserts holds {
  if (!holds) throw new Error(`invariant: ${message}`);
}

/** For the end of a switch over a union: a new case is a compile error here until someone has thought about it. */
export function unreachable(value: never): never {
  throw new Error(`invariant: unexpected case ${JSON.stringify(value)}`);
}
