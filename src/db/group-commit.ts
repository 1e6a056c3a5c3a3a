/**
 * Group commit in the process: whatever queued while the last write was in flight goes as one statement. Each row has an
 * outcome of its own; a batch that the database refuses is halved until the bad row stands alone and hurts no other.
 */
export type GroupCommitOptions<Row, Outcome> = {
  /** Writes them all, or none: one outcome for each row, in order. */
  write: (rows: readonly Row[]) => Promise<readonly Outcome[]>;
  /** The data are at fault, not the way to the database: halving helps. */
  isBadData: (error: unknown) => boolean;
  maxRows?: number;
  maxFlights?: number;
  /** More waiting than this are turned away at once: memory is bounded, and the sender has a queue of its own. */
  maxWaiting?: number;
};

export class QueueFull extends Error {
  override readonly name = 'QueueFull';
}

type Waiting<Row, Outcome> = { row: Row; resolve: (outcome: Outcome) => void; reject: (error: unknown) => void };

export function groupCommit<Row, Outcome>(options: GroupCommitOptions<Row, Outcome>) {
  const { write, isBadData, maxRows = 512, maxFlights = 2, maxWaiting = 20_000 } = options;
  let waiting: Waiting<Row, Outcome>[] = [];
  let flights = 0;

  function fly(): void {
    while (flights < maxFlights && waiting.length > 0) {
      const batch = waiting.slice(0, maxRows);
      waiting = waiting.slice(maxRows);
      flights++;
      void settle(batch).finally(() => {
        flights--;
        fly();
      });
    }
  }

  async function settle(batch: readonly Waiting<Row, Outcome>[]): Promise<void> {
    try {
      const outcomes = await write(batch.map(({ row }) => row));
      batch.forEach(({ resolve }, i) => {
        resolve(outcomes[i]!);
      });
    } catch (error) {
      if (batch.length > 1 && isBadData(error)) {
        const half = batch.length >> 1;
        await settle(batch.slice(0, half));
        await settle(batch.slice(half));
      } else {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  return (row: Row): Promise<Outcome> =>
    new Promise((resolve, reject) => {
      if (waiting.length >= maxWaiting) return reject(new QueueFull(`${waiting.length} rows are waiting`));
      waiting.push({ row, resolve, reject });
      // After this turn of the loop, so that requests which arrived together leave together.
      if (waiting.length === 1) setImmediate(fly);
    });
}

/** Class 22 is bad data, class 23 a broken constraint, P0001 a trigger's refusal. */
export const isBadData = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(22|23)|^P0001$/.test(error.code);
