/**
 * What the processor has moved, beside what the books say of it. Fees and payouts are booked on the way, once by their
 * names; whatever else differs is for a person, since it is money.
 */
import { disputesHere, movedHere, paymentsHere, paymentsOnTheirWay, refundsHere } from '../db/reconciliation.ts';
import { inTenant, type Trx } from '../db/tenant.ts';
import { compare, type Finding, type Moved } from '../domain/discrepancy.ts';
import { HOUR } from '../domain/time.ts';
import type { ProcessorRecords, Settlement } from '../processors/processor.ts';
import type { Looking, Query } from './looking.ts';
import { ownedOf } from './owned.ts';
import { bookFees } from './settle.ts';

/** Around the edges of what is looked at both sides may have another time for the same thing. */
const EDGE_MS = HOUR;

export type MoneyLooked = { looked: string[]; findings: Finding[]; movements: number; fees: number };

export async function compareMoney(looking: Looking, records: ProcessorRecords, query: Query): Promise<MoneyLooked> {
  const { deps, scope } = looking;
  const theirs: Settlement[] = [];
  let fees = 0;
  for await (const page of records.settlements(query)) {
    const owned = await inTenant(deps.db, scope, (trx) => ownedOf(trx, looking, page));
    theirs.push(...owned.claimed);
    fees += await bookFees(looking, owned);
  }
  const { moved, ours, awaited } = await inTenant(deps.db, scope, (trx) => oursOf(trx, looking, theirs, query));
  const seen = new Set(theirs.map(({ subject }) => subject));
  const unseen: Moved[] = [];
  const lookedUp: Moved[] = [];
  for (const our of await inTenant(deps.db, scope, (trx) => movedHere(trx, looking.whose, edges(query)))) {
    if (seen.has(our.subject) || our.kind === 'dispute') continue;
    // It may have moved long before the books heard of it: so its name is asked for.
    const their = await records.read(our.kind, our.subject);
    if (their) lookedUp.push({ ...our, amount: our.kind === 'refund' ? -their.amount : their.amount });
    unseen.push(our);
  }
  const findings = compare([...moved, ...lookedUp], [...ours, ...unseen]).filter(
    ({ subject }) => !awaited.has(subject),
  );
  const looked = [...seen, ...unseen.map(({ subject }) => subject)].filter((subject) => !awaited.has(subject));
  return { looked, findings, movements: theirs.length, fees };
}

const edges = ({ since, now, graceMs }: Query) => ({ from: new Date(since + EDGE_MS), to: new Date(now - graceMs) });

/** What the books say of the same names, and of which of them nothing can be said yet. */
async function oursOf(trx: Trx, { whose }: Looking, theirs: readonly Settlement[], { isFresh }: Query) {
  const of = (kind: Settlement['kind']) => theirs.filter((each) => each.kind === kind);
  const payments = await paymentsHere(
    trx,
    whose,
    of('payment').map(({ subject }) => subject),
  );
  const refunds = await refundsHere(
    trx,
    of('refund').map(({ subject, marked }) => ({ name: subject, ours: marked?.refund ?? null })),
  );
  const disputes = await disputesHere(
    trx,
    of('dispute').map(({ subject }) => subject),
  );
  const onTheirWay = await paymentsOnTheirWay(trx);
  const awaited = new Set(refunds.awaited);
  const returned = new Map<string, number>();
  for (const { kind, subject, payment, moved, at } of theirs) {
    if (isFresh(at) || (payment !== null && onTheirWay.has(payment))) awaited.add(subject);
    if (kind !== 'payment') returned.set(subject, (returned.get(subject) ?? 0) + moved.amount);
  }
  // Only its coming back is seen: when it went is before what is looked at.
  for (const [subject, amount] of returned) if (amount > 0) awaited.add(subject);
  const moved = theirs.map(({ kind, subject, payment, moved: { amount, currency } }): Moved => {
    return { kind, subject, payment, subscription: null, amount, currency };
  });
  return { moved, ours: [...payments.values(), ...refunds.moved, ...disputes], awaited };
}
