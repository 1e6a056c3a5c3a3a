/** The rules alone, on what random lives have brought them: the same lives that their tests live. */
import fc from 'fast-check';
import { decide } from '../src/domain/decide.ts';
import { unchanged } from '../src/domain/decision.ts';
import { forecast } from '../src/domain/forecast.ts';
import type { Input } from '../src/domain/input.ts';
import { prorate } from '../src/domain/money.ts';
import type { Subscription } from '../src/domain/subscription.ts';
import { draft, run, START, subscribe } from '../test/domain/builders.ts';
import { live, story } from '../test/support/lives.ts';
import { type Benchmark, interleaved, type Log, median, type Result, ROUNDS, range, ratios } from './bench.ts';

type Case = { state: Subscription; input: Input };

const CASES = 10_000;
const SEED = 20_270_101;

export const decidePure: Benchmark = {
  name: 'decide.pure',
  run: async (log) => {
    const cases = randomCases();
    log(`${CASES} states with their inputs, of ${new Set(cases.map(({ state }) => state.state)).size} kinds of state`);
    return [await decisions(cases), await prorations(log), await forecasts()];
  },
};

function randomCases(): Case[] {
  const cases: Case[] = [];
  for (const each of fc.sample(story, { numRuns: CASES, seed: SEED })) {
    // A state is what the last decision has made, as in a workflow; an input comes as JSON.
    live(each, { decided: (state, input) => void cases.push({ state, input: JSON.parse(JSON.stringify(input)) }) });
    if (cases.length >= CASES) break;
  }
  return cases.slice(0, CASES);
}

async function decisions(cases: readonly Case[]): Promise<Result> {
  const before = JSON.stringify(cases);
  const expected = JSON.stringify(cases.map(({ state, input }) => decide(state, input)));
  let applied = 0;
  const micros = (rule: typeof decide) => () => {
    const began = performance.now();
    for (const { state, input } of cases) applied += rule(state, input).outcome === 'applied' ? 1 : 0;
    return ((performance.now() - began) / cases.length) * 1_000;
  };
  const seen = await interleaved({ ours: micros(decide), ceiling: micros(emptyReducer) });
  const again = JSON.stringify(cases.map(({ state, input }) => decide(state, input)));
  return {
    name: 'decide.pure',
    unit: 'µs a decision',
    ...{ ours: median(seen.ours), peer: null, ceiling: median(seen.ceiling), ratioToPeer: null },
    ratioToCeiling: median(ratios(seen.ceiling, seen.ours)),
    spread: range(seen.ours),
    aim: '≤ 5 µs a decision',
    met: median(seen.ours) <= 5,
    // The same answers to the same questions, and none of the questions written into.
    correct: applied > 0 && again === expected && JSON.stringify(cases) === before,
  };
}

const emptyReducer: typeof decide = () => unchanged('nothing');

async function prorations(log: Log): Promise<Result> {
  const parts = fc.sample(fc.tuple(fc.integer({ min: -1e7, max: 1e7 }), fc.nat(31), fc.integer({ min: 28, max: 31 })), {
    numRuns: CASES,
    seed: SEED,
  });
  const repeats = 100;
  let sum = 0;
  const [amounts, shares, wholes] = [0, 1, 2].map((i) => Float64Array.from(parts, (each) => each[i]!));
  const nanos = (round: () => number) => () => {
    const began = performance.now();
    for (let repeat = 0; repeat < repeats; repeat++) sum += round();
    return ((performance.now() - began) / (CASES * repeats)) * 1e6;
  };
  // Each in a loop of its own, called by its name, as the product calls it: a call of what is only passed in costs more.
  const ours = (): number => {
    let all = 0;
    for (let i = 0; i < CASES; i++) all += prorate(amounts![i]!, shares![i]!, wholes![i]!);
    return all;
  };
  const ceiling = (): number => {
    let all = 0;
    for (let i = 0; i < CASES; i++) all += amounts![i]! + shares![i]! + wholes![i]!;
    return all;
  };
  const seen = await interleaved({ ours: nanos(ours), ceiling: nanos(ceiling) });
  const exact = parts.every(([amount, part, whole]) => prorate(amount, part, whole) === inBigInts(amount, part, whole));
  log(`prorations come to ${sum}`);
  return {
    name: 'decide.pure.proration',
    unit: 'ns a proration',
    ...{ ours: median(seen.ours), peer: null, ceiling: median(seen.ceiling), ratioToPeer: null },
    ratioToCeiling: median(ratios(seen.ceiling, seen.ours)),
    spread: range(seen.ours),
    aim: '≤ 25 ns a proration',
    met: median(seen.ours) <= 25,
    correct: exact,
  };
}

/** A year of a month's plan: twelve renewals, twelve payments. */
async function forecasts(): Promise<Result> {
  const state = run(
    draft({ timeZone: 'America/New_York' }),
    [subscribe(), START],
    [{ type: 'payment_succeeded', invoice: 'inv_1_1', attempt: 1, payment: 'pi_1', amount: 3_000 }, START],
  );
  const runs = 500;
  let invoices = 0;
  const seen = await interleaved({
    ours: () => {
      const began = performance.now();
      for (let i = 0; i < runs; i++) invoices += forecast(state, START + i).invoices.length;
      return ((performance.now() - began) / runs) * 1_000;
    },
  });
  return {
    name: 'decide.pure.forecast',
    unit: 'µs a forecast',
    ...{ ours: median(seen.ours), peer: null, ceiling: null, ratioToPeer: null, ratioToCeiling: null },
    spread: range(seen.ours),
    aim: '≤ 100 µs a forecast of twelve months',
    met: median(seen.ours) <= 100,
    correct: invoices === 12 * runs * (ROUNDS + 1),
  };
}

/** The same, half away from zero, in numbers that can't overflow. */
function inBigInts(amount: number, part: number, whole: number): number {
  const product = BigInt(Math.abs(amount)) * BigInt(part);
  const rounded = Number((2n * product + BigInt(whole)) / (2n * BigInt(whole)));
  return (amount < 0 ? -rounded : rounded) || 0;
}
