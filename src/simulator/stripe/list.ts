import type { Call } from './call.ts';
import { missingReference } from './errors.ts';
import type { Range } from './params.ts';
import { type Answer, ok } from './route.ts';
import type { ObjectName, Tables } from './tables.ts';

export type Page = { limit?: number; starting_after?: string; ending_before?: string };

/** One page of a list, newest first. */
export function page<N extends ObjectName>(
  call: Call,
  name: N,
  url: string,
  { limit = 10, starting_after, ending_before }: Page,
  keep: (row: Tables[N]) => boolean = () => true,
  asSeen: (row: Tables[N]) => object = (row) => row,
): Answer {
  const rows = call.store.newestFirst(name).filter(keep);
  const indexOf = (id: string, param: string) => {
    const index = rows.findIndex((row) => row.id === id);
    if (index === -1) throw missingReference(name, id, param);
    return index;
  };
  if (ending_before !== undefined) {
    const end = indexOf(ending_before, 'ending_before');
    const start = Math.max(0, end - limit);
    return ok({ object: 'list', url, has_more: start > 0, data: rows.slice(start, end).map(asSeen) });
  }
  const start = starting_after === undefined ? 0 : indexOf(starting_after, 'starting_after') + 1;
  const data = rows.slice(start, start + limit).map(asSeen);
  return ok({ object: 'list', url, has_more: start + data.length < rows.length, data });
}

export function within(at: number, range: Range | undefined): boolean {
  if (range === undefined) return true;
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range;
  return at > gt && at >= gte && at < lt && at <= lte;
}
