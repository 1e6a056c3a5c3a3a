import { readFileSync } from 'node:fs';
import { invariant } from '../domain/invariant.ts';
import { transitions } from '../domain/subscription.ts';

/** The state machine as Mermaid draws it, from the table that the core enforces. */
function stateDiagram(): string {
  const arrows = Object.entries(transitions).flatMap(([from, to]) =>
    Object.entries(to).map(([next, why]) => `    ${from} --> ${next}: ${why}`),
  );
  return [
    '```mermaid',
    'stateDiagram-v2',
    '    [*] --> draft',
    ...arrows,
    '    canceled --> [*]: 120 days later',
    '```',
  ].join('\n');
}

const BEGIN = '<!-- state-diagram:begin -->';
const END = '<!-- state-diagram:end -->';

/** The page as it is, with the diagram as the table has it. */
export function architecture(): string {
  const text = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  invariant(before !== undefined && after !== undefined, 'docs/architecture.md has the two marks of the diagram');
  return `${before}${BEGIN}\n${stateDiagram()}\n${END}${after}`;
}
