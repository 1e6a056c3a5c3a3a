/** A failed invariant is a bug of ours: it stops, and a person sees it. */
export function invariant(holds: unknown, message: string): asserts holds {
  if (!holds) throw new Error(`invariant: ${message}`);
}
