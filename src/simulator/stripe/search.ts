/** `metadata['ours']:'1' AND status:'active'`: as much of Stripe's search as finding one's own objects again needs. */
import type { Call } from './call.ts';
import { invalid } from './errors.ts';
import { expand, integer, text } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { ObjectName } from './tables.ts';

const CLAUSE =
  /^(-?)(?:metadata\["?'?([^"'\]]+)'?"?\]|([a-z_]+))\s*(:|~|>=?|<=?)\s*(?:'([^']*)'|"([^"]*)"|(\d+|null))$/;

type Row = { created?: number; metadata?: { [key: string]: string } | null };
type Clause = (row: Row) => boolean;

export const searchRoutes: Route[] = (
  [
    ['customer', 'customers'],
    ['subscription', 'subscriptions'],
    ['invoice', 'invoices'],
    ['payment_intent', 'payment_intents'],
    ['charge', 'charges'],
  ] as const
).map(([name, path]) => searchRoute(name, `/v1/${path}/search`));

function searchRoute(name: ObjectName, url: string): Route {
  const limit = integer.refine((many) => many >= 1 && many <= 100).optional();
  return route('GET', url, { ...expand, limit, page: text.optional(), query: text }, (call, params) => {
    const clauses = params.query.split(/\s+AND\s+/).map(clauseOf);
    const found = matching(call, name, clauses, params.page, params.limit ?? 10);
    const data = found.slice(0, params.limit ?? 10);
    const has_more = found.length > data.length;
    return ok({ object: 'search_result', url, has_more, next_page: has_more ? data.at(-1)!.id : null, data });
  });
}

function matching(call: Call, name: ObjectName, clauses: Clause[], after: string | undefined, limit: number) {
  const found: { id: string }[] = [];
  for (const row of call.store.newestFirst(name, after)) {
    if (clauses.every((holds) => holds(row as Row)) && found.push(row) > limit) break;
  }
  return found;
}

function clauseOf(clause: string): Clause {
  const match = CLAUSE.exec(clause.trim());
  if (match === null) throw invalid(`We were unable to parse your search query: ${clause}`, { param: 'query' });
  const [, not, key, field, operator, ...values] = match;
  const wanted = values.find((value) => value !== undefined)!;
  return (row) => {
    const value = key === undefined ? (row as { [field: string]: unknown })[field!] : row.metadata?.[key];
    return holds(value ?? null, operator!, wanted) !== (not === '-');
  };
}

function holds(value: unknown, operator: string, wanted: string): boolean {
  switch (operator) {
    case '>':
      return Number(value) > Number(wanted);
    case '>=':
      return Number(value) >= Number(wanted);
    case '<':
      return Number(value) < Number(wanted);
    case '<=':
      return Number(value) <= Number(wanted);
    case '~':
      return String(value).toLowerCase().includes(wanted.toLowerCase());
    default:
      return String(value) === wanted;
  }
}
