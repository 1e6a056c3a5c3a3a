/** What a benchmark is, how its contestants are measured beside each other, and what is said about it. */

export type Log = (line: string) => void;

export type Result = {
  name: string;
  unit: string;
  ours: number;
  /** Another product that does the same work; null where there is none, or none was given. */
  peer: number | null;
  /** What the parts below us can do at most. */
  ceiling: number | null;
  /** How many times as fast as the other, whatever the unit: the median of the rounds. */
  ratioToPeer: number | null;
  ratioToCeiling: number | null;
  /** The range, over the rounds, of the number that the aim is about. */
  spread: [number, number];
  aim: string;
  met: boolean;
  /** A run that did not do its work right has measured nothing. */
  correct: boolean;
};

export type Benchmark = { name: string; run: (log: Log) => Promise<Result[]> };

/** At least five: of fewer, on a machine that others use too, the median says little. */
export const ROUNDS = 7;

/** One that isn't there today is null, and has no rounds. */
type Contestants<K extends string> = Record<K, ((round: number) => number | Promise<number>) | null>;

/**
 * Each contestant once a round, in turn first and last, so that whatever else the machine does falls on all alike. One
 * more round goes before them: code is compiled, plans and pages are cached.
 */
export async function interleaved<K extends string>(contestants: Contestants<K>): Promise<Record<K, number[]>> {
  const names = Object.keys(contestants) as K[];
  const seen = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of round % 2 ? names : [...names].reverse()) {
      const value = await contestants[name]?.(round);
      if (round > 0 && value !== undefined) seen[name].push(value);
    }
  }
  return seen;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const range = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)];

/** Round by round, so that a slow moment of the machine falls out of it. */
export const ratios = (above: readonly number[], below: readonly number[]): number[] =>
  above.map((value, round) => value / below[round]!);

export async function timed(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Units of work a second. */
export const rate = async (count: number, work: () => Promise<void>): Promise<number> =>
  (count / (await timed(work))) * 1_000;
