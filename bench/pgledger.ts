/** https://github.com/pgr0ss/pgledger: a ledger of SQL functions. Its files are not ours to ship, so one says where they are. */
import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import pg from 'pg';
import { onServer } from '../test/support/on-server.ts';
import type { Server } from './postgres.ts';

export const PGLEDGER_PUBLISHED =
  'PGLEDGER_SQL names no files of pgledger, so it is not measured here. Published by its authors, on other hardware: ' +
  '10,637 transfers/s over 50 accounts and 7,559 over 10, each with 20 connections (the lesser is 0.71 of the other)';

type Transfer = { from: number; to: number; amount: number };

/** `paths` are read in their order, separated as in PATH: the ULID functions come before what uses them. */
export async function openPgledger(
  server: Server,
  paths: string,
  { accounts, connections }: { accounts: number; connections: number },
) {
  await onServer(server.url('postgres'), 'create database peer');
  const url = server.url('peer');
  for (const file of paths.split(delimiter)) await onServer(url, readFileSync(file, 'utf8'));
  const clients = Array.from({ length: connections }, () => new pg.Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  const { rows } = await clients[0]!.query<{ id: string }>(
    `select (pgledger_create_account('account ' || n, 'USD')).id from generate_series(0, $1::int) as n`,
    [accounts],
  );
  const ids = rows.map(({ id }) => id);
  const idOf = (account: number) => ids[account < 0 ? accounts : account]!;
  return {
    /** One call each, as its own measurement does. */
    transfer: async (transfers: readonly Transfer[]) => {
      let next = 0;
      await Promise.all(
        clients.map(async (client) => {
          while (next < transfers.length) {
            const { from, to, amount } = transfers[next++]!;
            if (from === to) continue; // it refuses those
            await client.query({
              name: 'transfer',
              text: 'select id from pgledger_create_transfer($1, $2, $3)',
              values: [idOf(from), idOf(to), amount],
            });
          }
        }),
      );
    },
    isBalanced: async () => {
      const found = await clients[0]!.query(
        'select coalesce(sum(amount), 0) = 0 as balanced from pgledger_entries_view',
      );
      return found.rows[0].balanced === true;
    },
    close: () => Promise.all(clients.map((client) => client.end())),
  };
}
