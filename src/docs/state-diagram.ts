import { transitions } from '../domain/subscription.ts';

/** The state machine as Mermaid draws it, from the table that the core enforces. */
export function stateDiagram(): string {
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
