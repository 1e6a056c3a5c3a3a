/** Looks through all that is stored for what may not be: tables, histories of workflows, log files. Never shows a value. */
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import type { Client } from '@temporalio/client';
import type { Db } from '../db/client.ts';
import { createOpener, isSealed } from '../db/open-sealed.ts';
import { forEachRow, type StoredRow, type Table, tablesOf } from '../db/stored-rows.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { type Kind, redacted, sensitiveIn } from '../security/sensitive.ts';

/** `unreadable` is worth as much as a hit: nobody can say that there is nothing in it. */
export type Hit = { place: string; row: string; kind: Kind | 'unreadable' };
export type Seen = { tables: number; rows: number; workflows: number; events: number; files: number; lines: number };
type Tell = (hit: Hit) => void;

/** What a column is there for, as the API's own exceptions are: a seller's own account in the footer of its invoices. */
const THERE_FOR: { readonly [place: string]: readonly Kind[] } = { 'seller_profiles.document': ['iban'] };

/** What lies sealed here is a secret of the product's own or the tenant's. Unsealed it would be a hit. */
const MEANT_FOR: ReadonlySet<string> = new Set(['customers.data_key', 'processor_accounts.secrets']);

export const nothingSeen = (): Seen => ({ tables: 0, rows: 0, workflows: 0, events: 0, files: 0, lines: 0 });

export async function scanTables(db: Db, ring: KeyRing, seen: Seen, tell: Tell): Promise<void> {
  const open = createOpener(ring);
  for (const table of await tablesOf(db)) {
    seen.tables++;
    const { read } = await forEachRow(db, table, async (row, trx) => {
      seen.rows++;
      for (const { name, type } of table.columns) {
        const value = row[name];
        if (value === null || value === undefined) continue;
        const at = { place: `${table.name}.${name}`, row: nameOf(table, row) };
        for (const text of textsIn(value, type)) {
          const opened = isSealed(text) ? await open(trx, { table: table.name, column: name, row }, text) : text;
          if (opened === null) tell({ ...at, kind: 'unreadable' });
          else if (!MEANT_FOR.has(at.place) || opened === text) look(opened, at, tell);
        }
      }
    });
    if (!read) tell({ place: table.name, row: '*', kind: 'unreadable' });
  }
}

/** A key may be somebody's words as well. */
const nameOf = ({ key }: Table, row: StoredRow): string => redacted(key.map((column) => row[column] ?? '').join('/'));

function look(text: string, { place, row }: { place: string; row: string }, tell: Tell): void {
  const kinds = new Set(sensitiveIn(text).map(({ kind }) => kind));
  for (const kind of kinds) if (!THERE_FOR[place]?.includes(kind)) tell({ place, row, kind });
}

function textsIn(value: string, type: string): string[] {
  if (type === 'bytea') return [Buffer.from(value.slice(2), 'hex').toString()];
  if (type !== 'json' && type !== 'jsonb') return [value];
  // Long numbers as they are written: parsed, they would lose their last digits.
  return [...leavesOf(JSON.parse(value)), ...(value.match(/(?<![\w.])\d{13,19}(?![\w.])/g) ?? [])];
}

/** All texts in a value; bytes are read as text, and as JSON where they are that. */
export function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return leavesOfBytes(Buffer.from(value).toString());
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => [name, ...leavesOf(each)]);
}

function leavesOfBytes(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object'
      ? [...leavesOf(value), ...(text.match(/(?<![\w.])\d{13,19}(?![\w.])/g) ?? [])]
      : [text];
  } catch {
    return [text]; // it is no JSON, so it is looked at as it stands
  }
}

/** Every workflow that the namespace still knows, page by page. */
export async function scanHistories(client: Client, seen: Seen, tell: Tell, query?: string): Promise<void> {
  const { namespace } = client.options;
  for await (const { workflowId, runId, memo, searchAttributes } of client.workflow.list(query ? { query } : {})) {
    seen.workflows++;
    const row = redacted(`${workflowId}/${runId}`);
    for (const text of leavesOf([workflowId, memo, searchAttributes]))
      look(text, { place: `temporal.${namespace}`, row }, tell);
    let nextPageToken: Uint8Array | undefined;
    do {
      const page = await client.workflowService.getWorkflowExecutionHistory({
        ...{ namespace, execution: { workflowId, runId }, maximumPageSize: 200 },
        ...(nextPageToken && { nextPageToken }),
      });
      for (const event of page.history?.events ?? []) {
        seen.events++;
        const at = { place: `temporal.${namespace}`, row: `${row}#${event.eventId}` };
        for (const text of leavesOf(event)) look(text, at, tell);
      }
      nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
    } while (nextPageToken);
  }
}

/** The simulator stands for the processor, who may know cards. */
const IS_LOG = /\.log(\.\d+)?$/;
const IS_ASIDE = /simulator/;

export async function scanLogs(folder: string, seen: Seen, tell: Tell): Promise<void> {
  if (!existsSync(folder)) return;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && IS_LOG.test(entry.name) && !IS_ASIDE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  for (const file of files) {
    seen.files++;
    let line = 0;
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      seen.lines++;
      line++;
      look(text, { place: relative(folder, file), row: `line ${line}` }, tell);
    }
  }
}
