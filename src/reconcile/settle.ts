/** From the processor to the bank: what it keeps and what it pays out, each booked once by the processor's name of it. */
import { answeredOf } from '../db/discrepancies.ts';
import { post } from '../db/ledger.ts';
import { inTenant } from '../db/tenant.ts';
import type { Finding, Moved } from '../domain/discrepancy.ts';
import type { PaymentId } from '../domain/ids.ts';
import { type KeyedPosting, paidOut, payoutReturned, processorFeeKept } from '../domain/ledger.ts';
import type { Payout, ProcessorRecords, Settlement } from '../processors/processor.ts';
import type { Looking, Query } from './looking.ts';
import { type Owned, ownedOf } from './owned.ts';

/** A dispute's fee is booked with the dispute. What was changed into another currency is for a person. */
const hasFee = ({ kind, fee, moved, settled }: Settlement): boolean =>
  fee !== 0 && kind !== 'dispute' && moved.currency === settled.currency;

/** How many were new. */
export async function bookFees({ deps: { db }, scope }: Looking, { claimed, payments }: Owned): Promise<number> {
  const postings = claimed.filter(hasFee).flatMap(({ id, payment, fee, moved: { currency }, at }): KeyedPosting[] => {
    const known = payment === null ? undefined : payments.get(payment);
    if (!known) return [];
    const about = { subscription: known.subscription, currency, at };
    return [{ ...processorFeeKept(fee, about), key: `settlement/${id}` }];
  });
  if (postings.length === 0) return 0;
  const posted = await inTenant(db, scope, (trx) => post(trx, postings));
  return posted.filter((answer) => answer === 'posted').length;
}

export type PayoutsLooked = { looked: string[]; findings: Finding[]; payouts: number; fees: number };

export async function followPayouts(looking: Looking, records: ProcessorRecords, query: Query): Promise<PayoutsLooked> {
  const total: PayoutsLooked = { looked: [], findings: [], payouts: 0, fees: 0 };
  for await (const page of records.payouts(query)) {
    for (const payout of page) {
      if (payout.state === 'on_its_way') continue;
      const { finding, isNew, fees } = await follow(looking, records, payout);
      total.looked.push(payout.id);
      if (finding) total.findings.push(finding);
      if (isNew) total.payouts++;
      total.fees += fees;
    }
  }
  return total;
}

type Followed = { finding: Finding | null; isNew: boolean; fees: number };

/** Of a payout only what is made of this tenant's payments: others may use the same account. */
async function follow(looking: Looking, records: ProcessorRecords, payout: Payout): Promise<Followed> {
  const { deps, scope } = looking;
  const claimed: Settlement[] = [];
  const payments = new Map<PaymentId, Moved>();
  for await (const page of records.settlementsOf(payout.id)) {
    const owned = await inTenant(deps.db, scope, (trx) => ownedOf(trx, looking, page));
    claimed.push(...owned.claimed);
    for (const [id, payment] of owned.payments) payments.set(id, payment);
  }
  const isKnown = ({ payment }: Settlement) => payment !== null && payments.has(payment);
  const mine = claimed.filter(isKnown);
  const unknown = claimed.filter((each) => !isKnown(each)).map(({ subject }) => subject);
  const answered = await inTenant(deps.db, scope, (trx) => answeredOf(trx, 'payment_unknown_here', unknown));
  const waitsFor = unknown.filter((subject) => !answered.has(subject));
  if (mine.length === 0 || waitsFor.length > 0) {
    if (mine.length > 0) {
      deps.log.warn(
        { ...scope, payout: payout.id, payments: waitsFor.slice(0, 5) },
        'a payout is not booked yet: it holds payments that the books do not know',
      );
    }
    return { finding: null, isNew: false, fees: 0 };
  }
  const { currency } = payout.paid;
  const changed = mine.find(({ moved }) => moved.currency !== currency);
  if (changed) {
    const theirs = { ...payout.paid, of: changed.subject };
    const ours = { amount: changed.moved.amount, currency: changed.moved.currency };
    const finding = { kind: 'payout_in_other_currency', subject: payout.id, subscription: null, theirs, ours } as const;
    return { finding, isNew: false, fees: 0 };
  }
  const fees = await bookFees(looking, { claimed: mine, payments });
  const amount = mine.reduce((sum, { settled }) => sum + settled.amount, 0);
  const about = { subscription: null, currency, at: payout.at };
  const postings: KeyedPosting[] = [{ ...paidOut(amount, about), key: `payout/${payout.id}` }];
  if (payout.state === 'failed') {
    postings.push({ ...payoutReturned(amount, about), key: `payout_returned/${payout.id}` });
  }
  const posted = await inTenant(deps.db, scope, (trx) => post(trx, postings));
  return { finding: null, isNew: posted.includes('posted'), fees };
}
