/**
 * A failed invariant is a bug of ours: it stops, and a person sees it. What is asked in every decision says what is wrong in
 * a function: to put the numbers into the sentence costs more than the arithmetic that it watches over.
 */
export function invariant(holds: unknown, message: string | (() => string)): asserts holds {
  if (!holds) throw new BrokenInvariant(`invariant: ${typeof message === 'string' ? message : message()}`);
}

/** Its name is any error's: it is told apart only where one bad thing may hold up others. */
export class BrokenInvariant extends Error {}
