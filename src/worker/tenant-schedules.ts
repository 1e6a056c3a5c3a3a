/** Sees to it that every tenant has its schedules, those that were created while Temporal was away as well. */
import { Client, type Connection } from '@temporalio/client';
import type { Db } from '../db/client.ts';
import type { Mode } from '../domain/ids.ts';
import type { Logger } from '../observability/logger.ts';
import { ensureReconcileSchedules } from '../temporal/reconcile-schedules.ts';
import { ensureRevenueSchedule } from '../temporal/revenue-schedules.ts';

type Deps = {
  db: Db;
  connection: Connection;
  namespaces: readonly { mode: Mode; namespace: string }[];
  taskQueue: string;
  log: Pick<Logger, 'info' | 'warn'>;
};

const LOOK_EVERY_MS = 15 * 60_000;
const LOOK_AGAIN_MS = 30_000;

export function keepTenantSchedules({ db, connection, namespaces, taskQueue, log }: Deps): void {
  const clients = namespaces.map(({ mode, namespace }) => ({ mode, client: new Client({ connection, namespace }) }));
  const known = new Set<string>();
  const look = async () => {
    // Above all tenants, so as the owner of the table.
    const tenants = await db.selectFrom('tenants').select(['id', 'time_zone']).execute();
    for (const { id: tenant, time_zone: timeZone } of tenants) {
      for (const { mode, client } of clients) {
        if (known.has(`${tenant}/${mode}`)) continue;
        const isNew = await ensureRevenueSchedule(client, taskQueue, { tenant, mode, timeZone });
        if (isNew) log.info({ tenant, mode, timeZone }, 'revenue is recognised at midnight from now on');
        await ensureReconcileSchedules(client, taskQueue, { tenant, mode });
        known.add(`${tenant}/${mode}`);
      }
    }
  };
  const goOn = async () => {
    const wait = await look().then(
      () => LOOK_EVERY_MS,
      (error: unknown) => {
        log.warn({ error: String(error) }, 'not every tenant has its schedules yet');
        return LOOK_AGAIN_MS;
      },
    );
    setTimeout(goOn, wait).unref();
  };
  void goOn();
}
