import { sql } from 'kysely';
import pg from 'pg';
import { expect, it } from 'vitest';
import { commit } from '../../src/db/commit.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import type { Commit } from '../../src/domain/commit.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { InvoiceId, SubscriptionId } from '../../src/domain/ids.ts';
import type { Draft, Subscription } from '../../src/domain/subscription.ts';
import { DAY } from '../../src/domain/time.ts';
import { draft, FEBRUARY, input, invoice, line, START, subscribe } from '../domain/builders.ts';
import { follow, rowCounts, SCOPE, step, useDatabase } from './support.ts';

const database = useDatabase();

/** Each test has a subscription of its own in the one database. */
let made = 0;
function newDraft(): Draft {
  made++;
  return draft({ id: `sub_commit${made}` });
}
const invoiceOf = ({ id }: { id: SubscriptionId }, n: number) => `inv_${id.slice(4)}_${n}` as const;
const paid = (state: Subscription, n = 1, payment = `pi_${state.id}_${n}`) =>
  ({ type: 'payment_succeeded', invoice: invoiceOf(state, n), attempt: 1, payment, amount: 3000 }) as const;
const begun = () => step(newDraft(), [subscribe(), START]);

const emptyInvoice = invoice([line(0, { description: 'Free' })]);

const stored = (id: SubscriptionId) =>
  inTenant(database.db, SCOPE, async (trx) => ({
    subscription: await trx.selectFrom('subscriptions').selectAll().where('id', '=', id).executeTakeFirst(),
    decisions: await trx.selectFrom('decisions').selectAll().where('subscription_id', '=', id).execute(),
    invoices: await trx
      .selectFrom('invoices')
      .selectAll()
      .where('subscription_id', '=', id)
      .orderBy('sequence')
      .execute(),
    attempts: await trx.selectFrom('payment_attempts').selectAll().where('subscription_id', '=', id).execute(),
    payments: await trx.selectFrom('payments').selectAll().where('subscription_id', '=', id).execute(),
    audit: await trx.selectFrom('audit_log').selectAll().where('subject', '=', id).orderBy('id').execute(),
    outbox: await trx.selectFrom('outbox').selectAll().where('subscription_id', '=', id).orderBy('ordinal').execute(),
    transactions: await trx
      .selectFrom('ledger_transactions')
      .select(['key', 'kind'])
      .where('subscription_id', '=', id)
      .orderBy('id')
      .execute(),
  }));

async function balances(): Promise<Record<string, number>> {
  const rows = await inTenant(database.db, SCOPE, (trx) =>
    trx
      .selectFrom('ledger_balances')
      .innerJoin('ledger_accounts', 'ledger_accounts.id', 'ledger_balances.account_id')
      .select(['code', 'amount'])
      .execute(),
  );
  return Object.fromEntries(rows.map(({ code, amount }) => [code, amount]));
}

it('stores state, cause, invoice with its number, attempt, books and news in one go', async () => {
  const first = begun();
  expect(await commit(database.db, first)).toEqual({ outcome: 'committed' });
  const rows = await stored(first.subscription.id);
  expect(rows.subscription).toMatchObject({ state: 'incomplete', version: 1, plan_id: 'pro', access_level: 'none' });
  expect(rows.subscription?.document).toEqual(first.subscription);
  expect(rows.subscription?.next_due_at?.getTime()).toBe(first.nextDueAt);
  expect(rows.decisions).toMatchObject([
    { rule: 'subscribe.first_payment', from_state: 'draft', to_state: 'incomplete' },
  ]);
  expect(rows.invoices).toMatchObject([{ number: 'INV-000001', state: 'open', total: 3000, amount_due: 3000 }]);
  expect(rows.attempts).toMatchObject([{ state: 'requested', key: `charge/${rows.invoices[0]?.id}/1`, amount: 3000 }]);
  expect(rows.audit).toMatchObject([{ action: 'subscribe', actor_by: 'principal', to_state: 'incomplete' }]);
  expect(rows.outbox.map(({ type }) => type)).toEqual(['subscription.created', 'invoice.issued']);
  expect(rows.transactions).toEqual([{ key: `invoice/${rows.invoices[0]?.id}`, kind: 'invoice_issued' }]);
});

it('changes nothing when it is brought again', async () => {
  const first = begun();
  await commit(database.db, first);
  const before = await rowCounts(database.db);
  const again: Commit = JSON.parse(JSON.stringify(first));
  expect(await commit(database.db, again)).toEqual({ outcome: 'repeated' });
  expect(await rowCounts(database.db)).toEqual(before);
});

it('tells what a stored step has taken in to one that decided the same and took in more: the rest is not lost', async () => {
  const first = begun();
  await commit(database.db, first);
  const taking = (...ids: string[]): Commit => ({
    ...follow({ ...first.subscription, version: first.subscription.version + 1 }, [], START),
    taken: ids.map((id) => ({ id: `told/${id}`, refusal: null })),
    ignored: ids,
  });
  expect(await commit(database.db, taking('evt_1'))).toEqual({ outcome: 'committed' });
  expect(await commit(database.db, taking('evt_1', 'evt_2'))).toMatchObject({
    outcome: 'superseded',
    step: { taken: [{ id: 'told/evt_1' }] },
  });
});

it('commits once when two bring the same step at the same time', async () => {
  const first = begun();
  const answers = await Promise.all([1, 2, 3, 4].map(() => commit(database.db, first)));
  expect(answers.map(({ outcome }) => outcome).sort()).toEqual(['committed', 'repeated', 'repeated', 'repeated']);
  expect((await stored(first.subscription.id)).invoices).toHaveLength(1);
});

it('refuses another decision under a version that it has, and a version that it has left behind', async () => {
  const first = begun();
  await commit(database.db, first);
  const other = { ...first, decisions: first.decisions.map((each) => ({ ...each, rule: 'another' })) };
  expect(await commit(database.db, other)).toMatchObject({
    outcome: 'superseded',
    // As it was stored: what is undefined in a state is not there.
    step: {
      subscription: JSON.parse(JSON.stringify(first.subscription)),
      taken: first.taken,
      outside: [{ type: 'charge' }],
    },
  });
  await commit(database.db, step(first.subscription, [paid(first.subscription), START]));
  expect(await commit(database.db, first)).toEqual({ outcome: 'conflict', stored: 2 });
});

it('takes a state anew where the database is behind, and says so in the audit log', async () => {
  const first = begun();
  const second = step(first.subscription, [paid(first.subscription), START]);
  const third = step(second.subscription, [{ type: 'period_ended' }, FEBRUARY]);
  await commit(database.db, first);
  expect(await commit(database.db, third)).toEqual({ outcome: 'committed' });
  const rows = await stored(first.subscription.id);
  expect(rows.subscription).toMatchObject({ state: 'active', version: 3 });
  expect(rows.audit[1]).toMatchObject({ action: 'projected_anew', why: { stored: 1, version: 3 } });
});

it('takes a subscription that it has never heard of at any version', async () => {
  const first = begun();
  const second = step(first.subscription, [paid(first.subscription), START]);
  expect(await commit(database.db, second)).toEqual({ outcome: 'committed' });
  const rows = await stored(first.subscription.id);
  expect(rows.subscription).toMatchObject({ state: 'active', version: 2 });
  expect(rows.payments).toHaveLength(1);
});

it('records a payment, settles its attempt and its invoice', async () => {
  const first = begun();
  await commit(database.db, first);
  const before = await balances();
  await commit(database.db, step(first.subscription, [paid(first.subscription), START + DAY]));
  const rows = await stored(first.subscription.id);
  expect(rows.invoices).toMatchObject([{ state: 'paid', amount_paid: 3000, paid_at: new Date(START + DAY) }]);
  expect(rows.attempts).toMatchObject([{ state: 'succeeded', processor_payment_id: `pi_${first.subscription.id}_1` }]);
  expect(rows.payments).toMatchObject([{ unapplied: false, amount: 3000 }]);
  const after = await balances();
  expect(after.processor_clearing! - (before.processor_clearing ?? 0)).toBe(3000);
  expect(after.receivable! - before.receivable!).toBe(-3000);
});

it('posts a payment once, though another step brings it again', async () => {
  const first = begun();
  await commit(database.db, first);
  const second = step(first.subscription, [paid(first.subscription), START]);
  await commit(database.db, second);
  const before = await balances();
  const again = withEffects(
    second.subscription,
    second.decisions.flatMap(({ effects }) => effects),
  );
  expect(await commit(database.db, again)).toEqual({ outcome: 'committed' });
  expect(await balances()).toEqual(before);
  expect((await stored(first.subscription.id)).invoices).toMatchObject([{ amount_paid: 3000 }]);
});

it('keeps money apart for which nothing is owed, and gives it back from there', async () => {
  const first = begun();
  await commit(database.db, first);
  const { subscription } = first;
  const payment = `pi_twice_${subscription.id}`;
  const invoice = invoiceOf(subscription, 1);
  const unapplied = {
    type: 'record_unapplied_payment',
    invoice,
    payment,
    amount: 500,
    why: 'paid_twice',
    at: START,
  } as const;
  const second = withEffects(subscription, [unapplied]);
  await commit(database.db, second);
  expect((await balances()).unapplied_cash).toBe(-500);
  expect((await stored(subscription.id)).invoices).toMatchObject([{ amount_paid: 0, state: 'open' }]);
  const of = { note: null, invoice, payment, amount: 500, unapplied: 500, at: START };
  const refund = { type: 'record_refund', refund: `ref_${payment}`, name: `re_${payment}`, ...of } as const;
  const third = withEffects(second.subscription, [refund, refund]);
  await commit(database.db, third);
  await commit(database.db, withEffects(third.subscription, [refund]));
  expect((await balances()).unapplied_cash).toBe(0);
  expect((await balances()).refunds ?? 0).toBe(0);
});

it.each([
  ['a success is not undone by an older refusal', ['succeeded', 'failed'], 'succeeded'],
  ['a success that comes late still counts', ['failed', 'succeeded'], 'succeeded'],
  ['what is on its way may fail', ['processing', 'failed'], 'failed'],
  ['what was called off does not begin again', ['canceled', 'needs_action'], 'canceled'],
] as const)('%s', async (_rule, outcomes, ends) => {
  for (const together of [true, false]) {
    const first = begun();
    await commit(database.db, first);
    const settle = outcomes.map(
      (outcome): Effect => ({
        type: 'settle_attempt',
        invoice: invoiceOf(first.subscription, 1),
        attempt: 1,
        outcome,
        payment: 'pi_x',
        decline: null,
        code: null,
        at: START,
      }),
    );
    let { subscription } = first;
    for (const effects of together ? [settle] : settle.map((each) => [each])) {
      const next = withEffects(subscription, effects);
      await commit(database.db, next);
      subscription = next.subscription;
    }
    expect((await stored(subscription.id)).attempts).toMatchObject([{ state: ends }]);
  }
});

it('voids an invoice once, and takes the posting back once', async () => {
  const first = begun();
  await commit(database.db, first);
  const before = await balances();
  const effect = { type: 'void_invoice', invoice: invoiceOf(first.subscription, 1), amount: 3000, at: START } as const;
  const second = withEffects(first.subscription, [effect]);
  await commit(database.db, second);
  await commit(database.db, withEffects(second.subscription, [effect]));
  expect((await stored(first.subscription.id)).invoices).toMatchObject([{ state: 'void', voided_at: new Date(START) }]);
  expect((await balances()).receivable! - before.receivable!).toBe(-3000);
});

it.each([
  [
    'a state that can not follow',
    (good: Commit) => ({ ...good, decisions: good.decisions.map((each) => ({ ...each, to: 'paused' as const })) }),
    'no way from draft to paused',
  ],
  [
    'at its very end: an invoice that is there already',
    (good: Commit) => {
      const taken = { type: 'issue_invoice', invoice: { ...emptyInvoice, id: takenInvoice } } as const;
      return { ...good, decisions: [...good.decisions, ...recorded(good.subscription, [taken])] };
    },
    'duplicate key',
  ],
])('leaves nothing behind when it fails over %s', async (_what, spoil, reason) => {
  const earlier = begun();
  takenInvoice = invoiceOf(earlier.subscription, 1);
  await commit(database.db, earlier);
  const good = begun();
  const before = await rowCounts(database.db);
  await expect(commit(database.db, spoil(good))).rejects.toThrow(reason);
  expect(await rowCounts(database.db)).toEqual(before);
  await commit(database.db, good);
  await expectNoGap();
});

let takenInvoice: InvoiceId;

it('numbers the invoices of many at once without a gap', async () => {
  await Promise.all(Array.from({ length: 12 }, begun).map((each) => commit(database.db, each)));
  await expectNoGap();
});

async function expectNoGap(): Promise<void> {
  const numbers = await inTenant(database.db, SCOPE, (trx) =>
    trx.selectFrom('invoices').select('sequence').orderBy('sequence').execute(),
  );
  expect(numbers.map(({ sequence }) => sequence)).toEqual(numbers.map((_, i) => i + 1));
}

it('issues an invoice over nothing as paid', async () => {
  const { subscription } = begun();
  const free = { ...emptyInvoice, id: invoiceOf(subscription, 1) };
  const issued = recorded(subscription, [{ type: 'issue_invoice', invoice: free }]);
  await commit(database.db, follow(subscription, issued, START));
  const rows = await stored(subscription.id);
  expect(rows.invoices).toMatchObject([{ state: 'paid', amount_due: 0, paid_at: new Date(START) }]);
});

it('marks what the inbox gave, once', async () => {
  const first = begun();
  const events = ['evt_a', 'evt_b', 'evt_c'].map((id) => `${id}_${first.subscription.id}`);
  for (const id of events) {
    const row = {
      provider: 'stripe',
      account: 'default',
      type: 'x',
      facts: '[]',
      occurred_at: new Date(START),
    } as const;
    const { tenant, mode } = SCOPE;
    await database.db
      .insertInto('inbox')
      .values({ ...row, id, mode, tenant_id: tenant, event_id: id })
      .execute();
  }
  const [a, b, c] = events as [string, string, string];
  await commit(database.db, { ...first, applied: [a], ignored: [b] });
  const rows = await database.db.selectFrom('inbox').select(['id', 'state', 'settled_at']).orderBy('id').execute();
  expect(rows.map(({ id, state }) => [id, state])).toEqual([
    [a, 'applied'],
    [b, 'ignored'],
    [c, 'received'],
  ]);
  expect(rows.map(({ settled_at }) => settled_at !== null)).toEqual([true, true, false]);
});

it('tells those who wait, once it is committed', async () => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const heard: string[] = [];
  client.on('notification', ({ channel, payload }) => heard.push(`${channel} ${payload}`));
  await client.query('listen hydra_subscription; listen hydra_outbox');
  const first = begun();
  await commit(database.db, first);
  const quiet = follow({ ...first.subscription, version: 2 }, [], START);
  await commit(database.db, quiet);
  await client.query('select 1');
  await client.end();
  const told = `hydra_subscription ${first.subscription.id}`;
  expect(heard.sort()).toEqual(['hydra_outbox ', told, told].sort());
});

it('keeps books that verify, after all of this', async () => {
  expect((await verifyLedger(database.db)).differences).toEqual([]);
  const { rows } = await sql<{ sum: number }>`select sum(amount) from ledger_balances`.execute(database.db);
  expect(rows[0]?.sum).toBe(0);
});

function withEffects(before: Subscription, effects: Effect[]): Commit {
  return follow({ ...before, version: before.version + 1 }, recorded(before, effects), START);
}

function recorded({ state }: Subscription, effects: Effect[]): Commit['decisions'] {
  const given = input({ type: 'uncancel' });
  return [{ input: given, rule: 'test', from: state, to: state, because: {}, effects }];
}
