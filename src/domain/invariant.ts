/** A failed invariant is a bug of ours: it stops, and a person sees it. */
export function invariant(holds: unknown, message: string): asserts holds {
  if (!holds) throw new BrokenInvariant(`invariant: ${message}`);
}

/** Its name is any error's: it is told apart only where one bad thing may hold up others. */
export class BrokenInvariant extends Error {}
