import { expect, it } from 'vitest';
import { type Brought, commit, store } from '../../src/db/commit.ts';
import { createCoupon } from '../../src/db/coupons.ts';
import { groupedCommit } from '../../src/db/grouped-commit.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import type { Commit } from '../../src/domain/commit.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { SubscriptionId } from '../../src/domain/ids.ts';
import { NOBODY } from '../../src/domain/parties.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import { draft, FEBRUARY, input, invoice, START, subscribe } from '../domain/builders.ts';
import { counting, follow, OTHER, rowCounts, SCOPE, step, useDatabase } from './support.ts';

const database = useDatabase();
const inScope = <T>(work: Parameters<typeof inTenant<T>>[2]) => inTenant(database.db, SCOPE, work);

let made = 0;
const begun = (scope = SCOPE) => step(draft({ ...scope, id: `sub_grouped${++made}` }), [subscribe(), START]);
const many = (count: number) => Array.from({ length: count }, () => begun());
const invoiceOf = ({ id }: { id: SubscriptionId }, n = 1) => `inv_${id.slice(4)}_${n}` as const;
const payment = (state: Subscription, n = 1) =>
  ({
    type: 'payment_succeeded',
    invoice: invoiceOf(state, n),
    attempt: 1,
    payment: `pi_${invoiceOf(state, n)}`,
    amount: 3000,
  }) as const;
const paid = ({ subscription }: Commit, n = 1, at = START) => step(subscription, [payment(subscription, n), at]);
const withEffects = ({ subscription }: Commit, effects: Effect[]): Commit => {
  const { state } = subscription;
  const decided = { input: input({ type: 'uncancel' }), rule: 'test', from: state, to: state, because: {}, effects };
  return follow({ ...subscription, version: subscription.version + 1 }, [decided], START);
};

const outcomesOf = (settled: readonly PromiseSettledResult<{ outcome: string }>[]) =>
  settled.map((each) => (each.status === 'fulfilled' ? each.value.outcome : 'rejected'));

const invoices = () =>
  inScope((trx) =>
    trx
      .selectFrom('invoices')
      .select(['subscription_id', 'sequence', 'state', 'amount_paid'])
      .orderBy('sequence')
      .execute(),
  );

async function expectWholeBooks(): Promise<void> {
  const numbers = (await invoices()).map(({ sequence }) => sequence);
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  expect((await verifyLedger(database.db)).differences).toEqual([]);
}

it('commits what many bring at once in a few transactions, of each tenant its own, and numbers without a gap', async () => {
  const { db, transactions } = counting(database.db);
  const keep = groupedCommit(db);
  const steps = [...many(60), ...Array.from({ length: 10 }, () => begun(OTHER))];
  const answers = await Promise.all(steps.map((each) => keep(each)));
  expect(answers).toEqual(steps.map(() => ({ outcome: 'committed' })));
  expect(transactions()).toBe(2 + 1); // 60 of one tenant in two batches, 10 of the other in one
  const issued = await invoices();
  expect(issued).toHaveLength(60);
  expect(new Set(issued.map(({ subscription_id }) => subscription_id)).size).toBe(60);
  await expectWholeBooks();
});

it('takes the steps that come while others are on their way as one, and one that waits alone at once', async () => {
  const { db, transactions } = counting(database.db);
  const keep = groupedCommit(db);
  expect(await keep(begun())).toEqual({ outcome: 'committed' });
  expect(transactions()).toBe(1);
  const early = [keep(begun())];
  await new Promise(setImmediate);
  early.push(keep(begun()));
  await new Promise(setImmediate);
  expect(transactions()).toBe(3);
  const late = many(20).map((each) => keep(each));
  await Promise.all([...early, ...late]);
  expect(transactions()).toBe(4);
});

it('writes what each step alone would have written, whatever the others of its batch do', async () => {
  const alone = many(6);
  const together = many(6);
  for (const each of [...alone, ...together]) await commit(database.db, each);
  const seconds = (firsts: readonly Commit[]): Commit[] => {
    const [a, b, c, d, e, f] = firsts as [Commit, Commit, Commit, Commit, Commit, Commit];
    const of = { invoice: invoiceOf(d.subscription), at: START };
    return [
      paid(a),
      withEffects(b, [{ type: 'void_invoice', invoice: invoiceOf(b.subscription), amount: 3000, at: START }]),
      step(c.subscription, [payment(c.subscription), START], [{ type: 'period_ended' }, FEBRUARY]),
      withEffects(d, [
        {
          type: 'record_unapplied_payment',
          payment: `pi_more_${d.subscription.id}`,
          amount: 5,
          why: 'paid_twice',
          ...of,
        },
      ]),
      withEffects(e, [
        { type: 'write_off_invoice', reason: 'gone', invoice: invoiceOf(e.subscription), amount: 3000, at: START },
      ]),
      withEffects(f, [{ type: 'issue_invoice', invoice: invoice([], { id: invoiceOf(f.subscription, 2) }) }]),
    ];
  };
  for (const each of seconds(alone)) expect(await commit(database.db, each)).toEqual({ outcome: 'committed' });
  const { db, transactions } = counting(database.db);
  const keep = groupedCommit(db);
  await Promise.all(seconds(together).map((each) => keep(each)));
  expect(transactions()).toBe(1);
  for (const [i, { subscription }] of together.entries()) {
    expect(await rowsOf(subscription.id)).toEqual(await rowsOf(alone[i]!.subscription.id));
  }
  await expectWholeBooks();
});

/** All that is kept of it, but for its own names and numbers. */
const rowsOf = (id: SubscriptionId) =>
  inScope(async (trx) => {
    const [subscriptions, decisions, audit, outbox, issued, attempts, payments, moved, spans, posted] =
      await Promise.all([
        trx
          .selectFrom('subscriptions')
          .select(['state', 'version', 'mrr', 'next_due_at'])
          .where('id', '=', id)
          .execute(),
        trx
          .selectFrom('decisions')
          .select(['version', 'ordinal', 'rule'])
          .where('subscription_id', '=', id)
          .orderBy('version')
          .orderBy('ordinal')
          .execute(),
        trx
          .selectFrom('audit_log')
          .select(['action', 'version', 'to_state'])
          .where('subject', '=', id)
          .orderBy('id')
          .execute(),
        trx
          .selectFrom('outbox')
          .select(['type', 'version', 'ordinal'])
          .where('subscription_id', '=', id)
          .orderBy('version')
          .orderBy('ordinal')
          .execute(),
        trx
          .selectFrom('invoices')
          .select(['state', 'total', 'amount_paid', 'customer_id'])
          .where('subscription_id', '=', id)
          .orderBy('sequence')
          .execute(),
        trx
          .selectFrom('payment_attempts')
          .select(['attempt', 'state', 'amount'])
          .where('subscription_id', '=', id)
          .orderBy('key')
          .execute(),
        trx
          .selectFrom('payments')
          .select(['amount', 'applied', 'unapplied', 'customer_id', 'processor'])
          .where('subscription_id', '=', id)
          .execute(),
        trx
          .selectFrom('mrr_movements')
          .select(['version', 'kind', 'before', 'after', 'customer_id'])
          .where('subscription_id', '=', id)
          .orderBy('version')
          .execute(),
        trx
          .selectFrom('earning_spans')
          .select(['cause', 'gross', 'first_day', 'known_on'])
          .where('subscription_id', '=', id)
          .orderBy('id')
          .execute(),
        trx
          .selectFrom('ledger_transactions as posted')
          .innerJoin('ledger_entries as entry', 'entry.transaction_id', 'posted.id')
          .innerJoin('ledger_accounts as account', 'account.id', 'entry.account_id')
          .select(['posted.kind', 'account.code', 'account.owner', 'entry.amount'])
          .where('posted.subscription_id', '=', id)
          .orderBy('posted.kind')
          .orderBy('account.code')
          .orderBy('entry.amount')
          .execute(),
      ]);
    return { subscriptions, decisions, audit, outbox, issued, attempts, payments, moved, spans, posted };
  });

it.each<[string, (good: Commit, other: Commit) => Commit, string]>([
  [
    'a state that can not follow',
    (good) => ({ ...good, decisions: good.decisions.map((each) => ({ ...each, to: 'paused' as const })) }),
    'no way from draft to paused',
  ],
  [
    'an invoice whose lines don’t come to its total',
    (good) => addedTo(good, { ...invoice([]), id: invoiceOf(good.subscription, 2), total: 1, amountDue: 1 }),
    'its lines come to its total',
  ],
  [
    'the name of an invoice that another of the batch issues',
    (good, other) => addedTo(good, { ...invoice([]), id: invoiceOf(other.subscription) }),
    'its amounts stand',
  ],
])('rejects one alone over %s', async (_what, spoil, reason) => {
  const { db, transactions } = counting(database.db);
  const keep = groupedCommit(db);
  const steps = many(10);
  const good = steps[6]!;
  steps[6] = spoil(good, steps[5]!);
  const settled = await Promise.allSettled(steps.map((each) => keep(each)));
  expect(outcomesOf(settled)).toEqual(steps.map((_, i) => (i === 6 ? 'rejected' : 'committed')));
  expect(settled[6]).toMatchObject({ reason: { message: expect.stringContaining(reason) } });
  expect(transactions()).toBeLessThan(10);
  expect(await keep(good)).toEqual({ outcome: 'committed' });
  await expectWholeBooks();
});

function addedTo(good: Commit, added: ReturnType<typeof invoice>): Commit {
  const [first, ...rest] = good.decisions;
  return {
    ...good,
    decisions: [{ ...first!, effects: [...first!.effects, { type: 'issue_invoice', invoice: added }] }, ...rest],
  };
}

it('tells of the same step twice in one batch: committed, and repeated', async () => {
  const { db, transactions } = counting(database.db);
  const keep = groupedCommit(db);
  const [one, other] = many(2) as [Commit, Commit];
  const decidedAnew = { ...one, decisions: one.decisions.map((each) => ({ ...each, rule: 'another' })) };
  const answers = await Promise.all([one, other, structuredClone(one), decidedAnew].map((each) => keep(each)));
  expect(answers.map(({ outcome }) => outcome)).toEqual(['committed', 'committed', 'repeated', 'superseded']);
  // As it was stored: what is undefined in a state is not there.
  expect(answers[3]).toMatchObject({ step: { subscription: JSON.parse(JSON.stringify(one.subscription)) } });
  expect(transactions()).toBe(1);
});

it('writes two versions of one subscription one after the other, though they queued together', async () => {
  const first = begun();
  const keep = groupedCommit(database.db);
  const voided = withEffects(first, [
    { type: 'void_invoice', invoice: invoiceOf(first.subscription), amount: 3000, at: START },
  ]);
  const answers = await Promise.all([first, voided, ...many(3)].map((each) => keep(each)));
  expect(answers.map(({ outcome }) => outcome)).toEqual(answers.map(() => 'committed'));
  const own = (await invoices()).filter(({ subscription_id }) => subscription_id === first.subscription.id);
  expect(own).toMatchObject([{ state: 'void' }]);
  expect(await keep(first)).toEqual({ outcome: 'conflict', stored: 2 });
});

it('answers stale to those alone for whom nothing is left', async () => {
  const id = 'co_three';
  await inScope((trx) =>
    createCoupon(
      trx,
      SCOPE,
      {
        ...{ id, name: 'Spring', percentOff: '10', amountOff: null, duration: 'once', periods: null, plans: null },
        ...{ maxRedemptions: 3, perCustomer: null, redeemBy: null, state: 'active' },
      },
      new Date(START),
    ),
  );
  const discount = { coupon: id, name: 'Spring', kind: { percent: '10' }, duration: 'once', since: START } as const;
  const redeeming = () => step(draft({ id: `sub_grouped${++made}` }), [subscribe({ discounts: [discount] }), START]);
  const steps = Array.from({ length: 12 }, (_, i) => (i % 2 ? redeeming() : begun()));
  const keep = groupedCommit(database.db);
  const answers = await Promise.all(steps.map((each) => keep(each)));
  expect(answers.filter((_, i) => i % 2 === 0)).toEqual(Array(6).fill({ outcome: 'committed' }));
  const ofRedeeming = answers.filter((_, i) => i % 2).map(({ outcome }) => outcome);
  expect(ofRedeeming.toSorted()).toEqual([...Array(3).fill('committed'), ...Array(3).fill('stale')]);
  await expectWholeBooks();
});

it('rejects them all where the database is away, after one try, and takes them when it is back', async () => {
  let away = true;
  const db = new Proxy(database.db, {
    get: (target, name) => {
      if (name === 'transaction' && away) throw new Error('away');
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const { db: counted, transactions } = counting(db);
  const keep = groupedCommit(counted);
  const steps = many(5);
  const settled = await Promise.allSettled(steps.map((each) => keep(each)));
  expect(outcomesOf(settled)).toEqual(steps.map(() => 'rejected'));
  expect(transactions()).toBe(1);
  away = false;
  expect(await Promise.all(steps.map((each) => keep(each)))).toEqual(steps.map(() => ({ outcome: 'committed' })));
});

it('keeps nothing of a batch of which one is refused', async () => {
  const [good, bad] = many(2) as [Commit, Commit];
  const before = await rowCounts(database.db);
  const spoilt = { ...bad, decisions: bad.decisions.map((each) => ({ ...each, to: 'paused' as const })) };
  const brought: Brought[] = [good, spoilt].map((each) => ({ step: each, parties: NOBODY }));
  await expect(store(database.db, brought)).rejects.toThrow('no way from draft to paused');
  expect(await rowCounts(database.db)).toEqual(before);
});

it('two that bring the same batches from other ends wait for each other, and never in a circle', async () => {
  const steps = many(40);
  const [here, there] = [groupedCommit(database.db), groupedCommit(database.db)];
  const answers = await Promise.all([
    ...steps.map((each) => here(each)),
    ...steps.toReversed().map((each) => there(each)),
  ]);
  const count = (outcome: string) => answers.filter((each) => each.outcome === outcome).length;
  expect([count('committed'), count('repeated')]).toEqual([40, 40]);
  await expectWholeBooks();
});
