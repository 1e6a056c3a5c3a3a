import { expect, test } from 'vitest';
import { groupCommit, QueueFull } from '../../src/db/group-commit.ts';

const bad = new Error('bad data');
const isBadData = (error: unknown) => error === bad;
const settled = <T>(promises: Promise<T>[]) => Promise.allSettled(promises);

test('what queued while a write was in flight goes as one', async () => {
  const batches: number[][] = [];
  const gates: (() => void)[] = [];
  const write = (rows: readonly number[]) =>
    new Promise<number[]>((resolve) => {
      batches.push([...rows]);
      gates.push(() => resolve(rows.map((row) => row * 10)));
    });
  const keep = groupCommit({ write, isBadData, maxFlights: 1, maxRows: 3 });
  const first = keep(1);
  await new Promise(setImmediate);
  const rest = [2, 3, 4, 5].map(keep);
  await new Promise(setImmediate);
  expect(batches).toEqual([[1]]);
  gates[0]?.();
  await first;
  await new Promise(setImmediate);
  expect(batches).toEqual([[1], [2, 3, 4]]);
  gates[1]?.();
  await new Promise(setImmediate);
  gates[2]?.();
  expect(await Promise.all(rest)).toEqual([20, 30, 40, 50]);
});

test('only those of one group go together, and a large group lets the others have their turn', async () => {
  const batches: string[] = [];
  const write = async (rows: readonly string[]) => {
    batches.push(rows.join(''));
    return rows;
  };
  const keep = groupCommit({ write, isBadData, groupOf: (row) => row[0]!, maxFlights: 1, maxRows: 3 });
  const rows = ['a1', 'a2', 'b1', 'a3', 'a4', 'b2', 'c1'];
  expect(await Promise.all(rows.map(keep))).toEqual(rows);
  expect(batches).toEqual(['a1a2a3', 'b1b2', 'c1', 'a4']);
});

test('one bad row hurts no other', async () => {
  const write = async (rows: readonly number[]) => {
    if (rows.includes(7)) throw bad;
    return rows.map(String);
  };
  const keep = groupCommit({ write, isBadData });
  const results = await settled(Array.from({ length: 20 }, (_, i) => keep(i)));
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  expect(results[7]).toEqual({ status: 'rejected', reason: bad });
});

test('where the way to the database is at fault nothing is halved', async () => {
  let writes = 0;
  const write = async (): Promise<string[]> => {
    writes++;
    throw new Error('away');
  };
  const results = await settled([1, 2, 3, 4].map(groupCommit<number, string>({ write, isBadData })));
  expect([writes, results.every(({ status }) => status === 'rejected')]).toEqual([1, true]);
});

test('a queue that is full turns away at once', async () => {
  const keep = groupCommit({ write: () => new Promise<never>(() => {}), isBadData, maxWaiting: 2 });
  void keep(1);
  void keep(2);
  await expect(keep(3)).rejects.toThrow(QueueFull);
});
