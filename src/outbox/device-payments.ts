/** Writes down which payment was for which machine, when it is told that something was paid. Not how much: that is the ledger's. */
import type { Db } from '../db/client.ts';
import { inTenant } from '../db/tenant.ts';
import { machinesPaidFor, recordTransaction } from '../db/transaction-records.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { seal } from '../security/seal.ts';
import type { Consumer } from './consumer.ts';

const PAID = new Set(['invoice.paid', 'invoice.partly_paid']);

export const devicePayments = ({ db, ring }: { db: Db; ring: KeyRing }): Consumer => ({
  name: 'device-payments',
  wants: (type) => PAID.has(type),
  async take(announcements) {
    for (const { tenant, mode, subscription, version } of announcements) {
      if (!subscription || version === null) continue;
      await inTenant(db, { tenant, mode }, async (trx) => {
        const { anchors, payments } = await machinesPaidFor(trx, subscription, version);
        for (const { payment, event } of payments) {
          const place = { tenant: `${tenant}/${mode}`, table: 'transaction_records', column: 'hardware_anchor' };
          const sealed = anchors.map((anchor) => seal(ring, anchor.toString('hex'), { ...place, row: payment }));
          await recordTransaction(trx, { tenant, mode }, { payment, event, anchors: sealed });
        }
      });
    }
  },
});
