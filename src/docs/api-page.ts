import { PROBLEMS } from '../api/problem-codes.ts';
import { REFUSALS } from '../domain/refusal.ts';
import { withBetween } from './between.ts';

function codes(): string {
  const rows = Object.entries({ ...REFUSALS, ...PROBLEMS }).sort(([a], [b]) => (a < b ? -1 : 1));
  return ['| code | meaning |', '| --- | --- |', ...rows.map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)].join(
    '\n',
  );
}

/** The page as it is, with every code that a program may switch on. */
export const apiPage = (): string => withBetween('docs/api.md', 'codes', codes());
