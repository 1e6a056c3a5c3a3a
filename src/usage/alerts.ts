/**
 * After events were taken, whether their customers have come to a limit: soon, once a second at most, and beside the
 * events' own way. One that a process takes to its grave is found with the customer's next event.
 */
import type { Db } from '../db/client.ts';
import { inTenant, type Scope } from '../db/tenant.ts';
import { alertOfUse } from '../db/usage-alerts.ts';
import { customersNamed } from '../db/usage-take.ts';

type Log = { warn(fields: object, message: string): void };
export type Alerts = { touch(scope: Scope, subjects: Iterable<string>): void; stop(): Promise<void> };

const EVERY_MS = 1_000;

export function createAlerts({ db, log, now = Date.now }: { db: Db; log: Log; now?: () => number }): Alerts {
  let touched = new Map<string, { scope: Scope; subjects: Set<string> }>();
  let timer: NodeJS.Timeout | null = null;
  let running = Promise.resolve();

  async function look(): Promise<void> {
    const all = [...touched.values()];
    touched = new Map();
    for (const { scope, subjects } of all) {
      try {
        const customers = await inTenant(db, scope, (trx) => customersNamed(trx, subjects));
        for (const customer of customers) {
          await inTenant(db, scope, (trx) => alertOfUse(trx, scope, customer, now()));
        }
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
        log.warn({ code }, 'limits of usage could not be looked at; they are with the next events');
      }
    }
  }

  return {
    touch({ tenant, mode }, subjects) {
      const key = `${tenant}/${mode}`;
      const known = touched.get(key) ?? { scope: { tenant, mode }, subjects: new Set() };
      for (const subject of subjects) known.subjects.add(subject);
      touched.set(key, known);
      timer ??= setTimeout(() => {
        timer = null;
        running = running.then(look);
      }, EVERY_MS).unref();
    },
    async stop() {
      if (timer) clearTimeout(timer);
      await running;
    },
  };
}
