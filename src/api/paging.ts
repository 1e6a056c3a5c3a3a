import type { Page, Slice } from '../db/page.ts';
import { badField } from './problem.ts';

const DEFAULT_LIMIT = 20;

/** What a cursor holds inside. Opaque to callers, and checked all the same: it comes from outside. */
const SHAPES = {
  id: /^[a-z]{2,5}_[A-Za-z0-9_-]{1,80}$/,
  number: /^\d{1,15}$/,
  timeAndNumbers: /^\d{1,15}:\d:\d{1,18}$/,
  timeAndId: /^\d{1,15}:[a-z]{2,5}_[A-Za-z0-9_-]{1,80}$/,
  timeNumberAndAmount: /^\d{1,15}:\d{1,15}:-?\d{1,16}$/,
};

export function pageOf(query: { limit?: number; cursor?: string }, shape: keyof typeof SHAPES): Page {
  const limit = query.limit ?? DEFAULT_LIMIT;
  if (query.cursor === undefined) return { limit, after: null };
  const after = Buffer.from(query.cursor, 'base64url').toString();
  if (SHAPES[shape].test(after)) return { limit, after };
  throw badField('cursor', 'not one that this list gave', 'cursor_invalid');
}

export const listBody = <Row>({ rows, next }: Slice<Row>, show: (row: Row) => object) => ({
  data: rows.map(show),
  nextCursor: cursorOf(next),
});

export const cursorOf = (next: string | null): string | null =>
  next === null ? null : Buffer.from(next).toString('base64url');
