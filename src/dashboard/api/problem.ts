import type { components } from './openapi.ts';

export type Problem = components['schemas']['Problem'];

/** The server's no, with its reason. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** What is wrong with that field of what was sent, if that is what the server says. */
export const troubleWith = (error: unknown, path: string): string | null =>
  error instanceof ProblemError ? (error.problem.errors?.find((each) => each.path === path)?.message ?? null) : null;
