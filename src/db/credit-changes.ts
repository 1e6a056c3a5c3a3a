/** Credit that people give and take, outside of any invoice: once per key, with who and why, and the posting for it. */
import { sql } from 'kysely';
import type { Currency } from '../domain/currency.ts';
import type { CustomerId, SubscriptionId } from '../domain/ids.ts';
import {
  type About,
  type AccountCode,
  creditGranted,
  creditWithdrawn,
  type Posting,
  unappliedCashApplied,
} from '../domain/ledger.ts';
import type { Money } from '../domain/money.ts';
import type { Instant } from '../domain/time.ts';
import { seal, unseal } from '../security/seal.ts';
import { audit } from './audit.ts';
import { customerFields } from './customer-key.ts';
import type { CustomerKeys } from './customers.ts';
import { post } from './ledger.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { CreditChangeKind } from './schema.ts';
import type { Scope, Trx } from './tenant.ts';

export type CreditChange = {
  /** Names the request: the same for each repeat. */
  key: string;
  kind: CreditChangeKind;
  customer: CustomerId;
  amount: number;
  currency: Currency;
  /** In the words of who does it: sealed under the customer's key. */
  reason: string | null;
  by: string;
  at: Instant;
};

export type Changed = { outcome: 'changed'; credit: number } | { outcome: 'too_much'; available: number };

/** What each takes from, which must not go below zero, and its posting. A grant takes from nothing that could be used up. */
const KINDS: Record<CreditChangeKind, { from: AccountCode | null; post: (amount: number, about: About) => Posting }> = {
  granted: { from: null, post: creditGranted },
  withdrawn: { from: 'customer_credit', post: creditWithdrawn },
  from_unapplied_cash: { from: 'unapplied_cash', post: unappliedCashApplied },
};

export async function changeCredit(trx: Trx, keys: CustomerKeys, scope: Scope, change: CreditChange): Promise<Changed> {
  const { key, kind, customer, amount, currency, by, at } = change;
  const { from, post: postingOf } = KINDS[kind];
  const whose = { customer, currency };
  const known = await trx.selectFrom('credit_changes').select('key').where('key', '=', key).executeTakeFirst();
  if (known) return { outcome: 'changed', credit: await creditOf(trx, whose) };
  // The row is held until the end: an invoice that uses the same credit waits, and then finds what is left.
  const available = from === null ? amount : await hold(trx, from, whose);
  if (available < amount) return { outcome: 'too_much', available };
  const posting = postingOf(amount, { customer, subscription: null, currency, at });
  await post(trx, [{ ...posting, key }]);
  const of = { tenant_id: scope.tenant, mode: scope.mode };
  await trx
    .insertInto('credit_changes')
    .values({
      ...{ ...of, key, customer_id: customer, kind, amount, currency, actor_ref: by, at: new Date(at) },
      reason_encrypted: await sealedReason(trx, keys, scope, change),
    })
    .execute();
  const credit = await creditOf(trx, whose);
  const why = { amount, currency, credit, key };
  await audit(trx, scope, { at: new Date(at), by, action: posting.kind, subject: customer, why });
  return { outcome: 'changed', credit };
}

async function sealedReason(trx: Trx, keys: CustomerKeys, scope: Scope, { key, customer, reason }: CreditChange) {
  if (reason === null) return null;
  const { ring, tenant } = await customerFields(trx, keys, scope, customer);
  return seal(ring, reason, placeOf(tenant, key));
}

const placeOf = (tenant: string, row: string) => ({ tenant, table: 'credit_changes', column: 'reason_encrypted', row });

/** What of a customer's own money or credit lies on that account, for whoever takes from it: it waits for nobody else then. */
async function hold(trx: Trx, code: AccountCode, { customer, currency }: Whose): Promise<number> {
  const { rows } = await sql<{ held: number }>`select -ledger_hold(${code}, ${customer}, ${currency}) as held`.execute(
    trx,
  );
  return rows[0]!.held;
}

type Whose = { customer: CustomerId; currency: Currency };

async function creditOf(trx: Trx, { customer, currency }: Whose): Promise<number> {
  const { credit } = await fundsOf(trx, customer);
  return credit.find((each) => each.currency === currency)?.amount ?? 0;
}

export type CustomerFunds = { credit: Money[]; unappliedCash: Money[] };

/** In each currency that there ever was any in. */
export async function fundsOf(trx: Trx, customer: CustomerId): Promise<CustomerFunds> {
  const rows = await trx
    .selectFrom('ledger_accounts as account')
    .innerJoin('ledger_balances as balance', 'balance.account_id', 'account.id')
    .select(['account.code', 'account.currency', 'balance.amount'])
    .where('account.owner', '=', customer)
    .where('account.code', 'in', ['customer_credit', 'unapplied_cash'])
    .orderBy('account.currency')
    .execute();
  const of = (code: AccountCode): Money[] =>
    rows.filter((row) => row.code === code).map(({ currency, amount }) => ({ amount: 0 - amount, currency }));
  return { credit: of('customer_credit'), unappliedCash: of('unapplied_cash') };
}

export type CreditEntry = {
  id: number;
  /** What happened: a grant, or an invoice that used it. */
  kind: string;
  key: string;
  at: Date;
  subscription: SubscriptionId | null;
  amount: number;
  currency: Currency;
  by: string | null;
  reason: string | null;
};

/** A customer's credit, entry by entry: what came is positive, what was used negative. */
export async function creditEntries(
  trx: Trx,
  keys: CustomerKeys,
  scope: Scope,
  { customer, currency }: { customer: CustomerId; currency?: Currency | undefined },
  page: Page,
): Promise<Slice<CreditEntry>> {
  let query = trx
    .selectFrom('ledger_accounts as account')
    .innerJoin('ledger_entries as entry', 'entry.account_id', 'account.id')
    .innerJoin('ledger_transactions as transaction', 'transaction.id', 'entry.transaction_id')
    .leftJoin('credit_changes as change', 'change.key', 'transaction.key')
    .select([
      'entry.id',
      'transaction.kind',
      'transaction.key',
      'transaction.at',
      'transaction.subscription_id as subscription',
      'entry.amount',
      'entry.currency',
      'change.actor_ref as by',
      'change.reason_encrypted as reason',
    ])
    .where('account.code', '=', 'customer_credit')
    .where('account.owner', '=', customer);
  if (currency) query = query.where('account.currency', '=', currency);
  if (page.after) query = query.where('entry.id', '<', Number(page.after));
  const { rows, next } = await sliceOf(query.orderBy('entry.id', 'desc'), page, ({ id }) => String(id));
  const { ring, tenant } = await customerFields(trx, keys, scope, customer);
  const opened = rows.map((row) => ({
    ...row,
    amount: 0 - row.amount,
    reason: row.reason === null ? null : unseal(ring, row.reason, placeOf(tenant, row.key)).toString(),
  }));
  return { rows: opened, next };
}
