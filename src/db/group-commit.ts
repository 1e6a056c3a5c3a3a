/**
 * Group commit in the process: whatever queued while the last write was in flight goes as one statement. Each row has an
 * outcome of its own; a batch that the database refuses is halved until the bad row stands alone and hurts no other.
 */
export type GroupCommitOptions<Row, Outcome> = {
  /** Writes them all, or none: one outcome for each row, in order. */
  write: (rows: readonly Row[]) => Promise<readonly Outcome[]>;
  /** The data are at fault, not the way to the database: halving helps. */
  isBadData: (error: unknown) => boolean;
  /** Only those of one group go together: a tenant's, say. Groups take turns. */
  groupOf?: (row: Row) => string;
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
  const { write, isBadData, groupOf = () => '', maxRows = 512, maxFlights = 2, maxWaiting = 20_000 } = options;
  /** In the order of their turns. */
  const groups = new Map<string, Waiting<Row, Outcome>[]>();
  let waiting = 0;
  let flights = 0;

  function nextBatch(): Waiting<Row, Outcome>[] | null {
    for (const [group, rows] of groups) {
      groups.delete(group);
      if (rows.length > maxRows) groups.set(group, rows.slice(maxRows));
      return rows.slice(0, maxRows);
    }
    return null;
  }

  function fly(): void {
    while (flights < maxFlights) {
      const batch = nextBatch();
      if (!batch) return;
      waiting -= batch.length;
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
      if (waiting >= maxWaiting) return reject(new QueueFull(`${waiting} rows are waiting`));
      const group = groups.get(groupOf(row));
      if (group) group.push({ row, resolve, reject });
      else groups.set(groupOf(row), [{ row, resolve, reject }]);
      // After this turn of the loop, so that requests which arrived together leave together.
      if (waiting++ === 0) setImmediate(fly);
    });
}

/**
 * Class 22 is bad data, class 23 a broken constraint, class 54 what is too large, P0001 a trigger's refusal; 21 is the same
 * row twice in one statement.
 */
export const isBadData = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^(21|22|23|54)|^P0001$/.test(error.code);
