import { expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { Accepted } from '../../src/domain/subscription.ts';
import { active, FEBRUARY, input, line, must, run, START } from './builders.ts';

const waiting = () =>
  run(active(), [
    { type: 'bill', lines: [line(99_900, { description: 'Consulting' })], when: 'next_invoice', collect: null },
    START,
  ]);

it.each<[string, Parameters<typeof input>[0][]]>([
  ['at the period’s end', [{ type: 'cancel', when: 'period_end', reason: null }, { type: 'cancel_due' }]],
  ['now', [{ type: 'cancel', when: 'now', reason: null }]],
])('what waited for the next invoice is billed when it ends %s', (_when, steps) => {
  const last = steps.at(-1)!;
  const before = run(waiting(), ...steps.slice(0, -1).map((step): [typeof step, number] => [step, START]));
  const { state, effects } = must(decide(before, input(last, steps.length > 1 ? FEBRUARY : START)));
  const issued = effects.flatMap((effect) => (effect.type === 'issue_invoice' ? [effect.invoice] : []));
  expect(issued.map(({ total }) => total)).toEqual([99_900]);
  expect(effects.filter((effect) => effect.type === 'charge')).toHaveLength(1);
  expect((state as unknown as Accepted).carried).toEqual([]);
  expect(state.state).toBe('canceled');
});
