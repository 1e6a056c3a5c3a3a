/** Why a posting was made: the decision that asked for it, and the business fact that it is about. */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { keyOf } from '../../domain/effect.ts';
import type { InvoiceId, PaymentId, RefundId, SubscriptionId } from '../../domain/ids.ts';
import type { LedgerTransactionsTable } from '../schema.ts';
import type { DecisionRow } from '../subscriptions.ts';
import type { Trx } from '../tenant.ts';

export type Causes = {
  invoice: { id: InvoiceId; number: string | null } | null;
  payment: { id: PaymentId; received_at: Date } | null;
  refund: { id: RefundId; refunded_at: Date | null } | null;
  decision: Pick<DecisionRow, 'subscription_id' | 'version' | 'ordinal' | 'rule' | 'at' | 'input'> | null;
};

type Posted = Pick<Selectable<LedgerTransactionsTable>, 'key' | 'subscription_id' | 'invoice_id'>;

/** The postings of a refund's life. */
const REFUNDS = new Set(['promised', 'refunded', 'refund_failed', 'refund_credited']);

export async function causesOf(trx: Trx, { key, subscription_id, invoice_id }: Posted): Promise<Causes> {
  const [kind = '', name = ''] = key.split('/');
  const invoice = invoice_id && trx.selectFrom('invoices').select(['id', 'number']).where('id', '=', invoice_id);
  const payment =
    kind === 'payment' &&
    trx
      .selectFrom('payments')
      .select(['id', 'received_at'])
      .where('id', '=', name as PaymentId);
  const refund =
    REFUNDS.has(kind) &&
    trx
      .selectFrom('refunds')
      .select(['id', 'refunded_at'])
      .where('id', '=', name as RefundId);
  return {
    invoice: (invoice && (await invoice.executeTakeFirst())) || null,
    payment: (payment && (await payment.executeTakeFirst())) || null,
    refund: (refund && (await refund.executeTakeFirst())) || null,
    decision: subscription_id ? await decisionBehind(trx, key, subscription_id) : null,
  };
}

/** An invoice brings the use of credit along, and a void its return: these are postings of the same effect. */
const EFFECT_BEHIND: Record<string, string> = { credit: 'invoice', credit_returned: 'void' };

/** An effect names the same fact as its posting. Those that mention it at all are few, and their keys say which it was. */
async function decisionBehind(trx: Trx, key: string, subscription: SubscriptionId): Promise<Causes['decision']> {
  const own = key.startsWith(`${subscription}/`) ? key.slice(subscription.length + 1) : key;
  const [kind = '', ...fact] = own.split('/');
  const wanted = [EFFECT_BEHIND[kind] ?? kind, ...fact].join('/');
  const decisions = await trx
    .selectFrom('decisions')
    .selectAll()
    .where('subscription_id', '=', subscription)
    .where(sql<string>`effects::text`, 'like', `%${(fact[0] ?? '').replaceAll(/[\\%_]/g, '\\$&')}%`)
    .orderBy('version')
    .orderBy('ordinal')
    .execute();
  return decisions.find(({ effects }) => effects.some((effect) => keyOf(effect) === wanted)) ?? null;
}
