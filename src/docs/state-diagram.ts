import { transitions } from '../domain/subscription.ts';
import { withBetween } from './between.ts';

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

/** The page as it is, with the diagram as the table has it. */
export const architecture = (): string => withBetween('docs/architecture.md', 'state-diagram', stateDiagram());
