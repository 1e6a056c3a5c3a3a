import { QueryClient } from '@tanstack/react-query';
import { ProblemError } from './problem.ts';

const FRESH_MS = 15_000;

/** What the server has refused is not asked again by itself; what got lost is, twice. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      retry: (count, error) => count < 2 && !(error instanceof ProblemError && error.problem.status < 500),
    },
  },
});
