import { readFileSync } from 'node:fs';
import { invariant } from '../domain/invariant.ts';

/** A page that people write, with what is made from code between its two marks. */
export function withBetween(file: string, name: string, made: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  invariant(before !== undefined && after !== undefined, `${file} has the two marks of ${name}`);
  return `${before}${begin}\n${made}\n${end}${after}`;
}
