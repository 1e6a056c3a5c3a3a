/** The processes that hear webhooks in a benchmark, each with the connections to it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onServer } from '../test/support/on-server.ts';
import type { Server } from './postgres.ts';
import { type Load, openLoad } from './webhook-load.ts';
import type { Hearer } from './webhook-server.ts';

export const PEER = 'stripe-sync-engine';
export const isPeerGiven = Boolean(process.env.STRIPE_SYNC_ENGINE);
export const PEER_NOT_GIVEN = `STRIPE_SYNC_ENGINE names no folder of @supabase/${PEER}, so it is not measured here`;

export type Hearing = Omit<Load, 'close'> & {
  /** What the process has had at most. */
  megabytes(): Promise<number>;
  close(): Promise<void>;
};

/** A database of its own for the peer, whose migrations name an owner. */
export async function peerDatabase(server: Server): Promise<string> {
  await onServer(server.url('postgres'), 'create role postgres superuser');
  await onServer(server.url('postgres'), 'create database peer');
  return server.url('peer');
}

export async function startHearer(what: Hearer, databaseUrl: string): Promise<Hearing> {
  const child: ChildProcess = fork(
    fileURLToPath(new URL('./webhook-server.ts', import.meta.url)),
    [what, databaseUrl],
    {
      execArgv: ['--import', 'tsx'],
    },
  );
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${what} ended with ${code}`);
  });
  ended.catch(() => {});
  const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }];
  const load = await openLoad(port);
  return {
    ...load,
    megabytes: async () => {
      child.send('how much?');
      const [{ megabytes }] = (await once(child, 'message')) as [{ megabytes: number }];
      return megabytes;
    },
    close: async () => {
      load.close();
      child.disconnect();
      await ended.catch(() => {}); // as it should
    },
  };
}
