/** An account may be shared: by several tenants, and by other systems beside us. */
import { customersHere, paymentsHere } from '../db/reconciliation.ts';
import type { Trx } from '../db/tenant.ts';
import type { Moved } from '../domain/discrepancy.ts';
import type { PaymentId } from '../domain/ids.ts';
import type { Settlement } from '../processors/processor.ts';
import type { Looking } from './looking.ts';

export type Owned = {
  /** Ours by the payment, by our mark on it, or by the customer. */
  claimed: Settlement[];
  payments: ReadonlyMap<PaymentId, Moved>;
};

/** Of an account that many may share, what is this tenant's. */
export async function ownedOf(trx: Trx, { scope, whose }: Looking, page: readonly Settlement[]): Promise<Owned> {
  const payments = await paymentsHere(
    trx,
    whose,
    page.flatMap(({ payment }) => payment ?? []),
  );
  const customers = await customersHere(
    trx,
    whose,
    page.flatMap(({ customer }) => customer ?? []),
  );
  const isMarked = ({ marked }: Settlement) =>
    marked !== null && marked.tenant === scope.tenant && marked.mode === scope.mode;
  const claimed = page.filter(
    (each) =>
      (each.payment !== null && payments.has(each.payment)) ||
      (each.kind === 'payment' && (isMarked(each) || (each.customer !== null && customers.has(each.customer)))),
  );
  return { claimed, payments };
}
