import type { Call } from './call.ts';
import { missingReference } from './errors.ts';
import type { Range } from './params.ts';
import { type Answer, ok } from './route.ts';
import type { ObjectName, Tables } from './tables.ts';

export type Page = { limit?: number; starting_after?: string; ending_before?: string };

/** One page of a list, newest first. It reads from the cursor on, and no further than the page and one more. */
export function page<N extends ObjectName>(
  call: Call,
  name: N,
  url: string,
  { limit = 10, starting_after, ending_before }: Page,
  keep: (row: Tables[N]) => boolean = () => true,
  asSeen: (row: Tables[N]) => object = (row) => row,
): Answer {
  const cursor = ending_before ?? starting_after;
  if (cursor !== undefined && call.store.get(name, cursor) === undefined) {
    throw missingReference(name, cursor, ending_before === undefined ? 'starting_after' : 'ending_before');
  }
  const { store } = call;
  const rows = ending_before === undefined ? store.newestFirst(name, cursor) : store.newerThan(name, ending_before);
  const found: Tables[N][] = [];
  for (const row of rows) {
    if (!keep(row)) continue;
    found.push(row);
    if (found.length > limit) break;
  }
  const data = found.slice(0, limit);
  if (ending_before !== undefined) data.reverse();
  return ok({ object: 'list', url, has_more: found.length > limit, data: data.map(asSeen) });
}

export function within(at: number, range: Range | undefined): boolean {
  if (range === undefined) return true;
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range;
  return at > gt && at >= gte && at < lt && at <= lte;
}
