/**
 * Two hundred subscriptions side by side, each told the same life in an order of its own, with up to two repeats of each
 * event: through the door, the inbox, the relay, the workflows and the books, all end the same.
 */
import { randomInt } from 'node:crypto';
import { sql } from 'kysely';
import Stripe from 'stripe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import type { SubscriptionId } from '../../src/domain/ids.ts';
import { isAccepted } from '../../src/domain/subscription.ts';
import type { Collector } from '../../src/processors/processor.ts';
import {
  fieldsOf,
  seenInvoice,
  seenPayment,
  seenSubscription,
  versionAt,
} from '../../src/processors/stripe-followed.ts';
import { type Doorstep, startDoorstep } from '../support/doorstep.ts';
import { type Engine, startEngine, until } from '../support/engine.ts';

const LIVES = 200;
const SECRET = 'whsec_of_this_test';
const DAY = 86_400;
const T = Math.floor(Date.now() / 1000) - 60 * DAY;
const MONTH = 30 * DAY;

let engine: Engine;
let doorstep: Doorstep;
beforeAll(async () => {
  engine = await startEngine({
    processors: (real) => ({
      ...real,
      of: async (whose) => {
        const { processor, ...account } = await real.of(whose);
        return { ...account, processor: { ...processor, collector } };
      },
    }),
  });
  doorstep = await startDoorstep(engine);
  doorstep.trust(SECRET);
});
afterAll(async () => {
  await doorstep?.stop();
  await engine?.stop();
});

const theirs = (id: SubscriptionId) => `sub_of${id.slice(4)}`;

const subscription = (id: SubscriptionId, over: object) => ({
  ...{ id: theirs(id), object: 'subscription', status: 'active', billing_cycle_anchor: T, cancel_at: null },
  ...{ cancel_at_period_end: false, ended_at: null, pause_collection: null, default_payment_method: null },
  metadata: { hydra_tenant: engine.tenant, hydra_mode: 'test', hydra_subscription: id },
  items: {
    data: [
      {
        ...{ quantity: 1, current_period_start: T, current_period_end: T + MONTH },
        price: { metadata: { hydra_price_book: 'pb_1', hydra_plan: 'pro' } },
      },
    ],
  },
  ...over,
});

const invoice = (id: SubscriptionId, n: number, over: object) => ({
  ...{ id: `in_${id.slice(4)}${n}`, object: 'invoice', status: 'open', number: `F${n}-${id.slice(4).toUpperCase()}` },
  ...{ currency: 'usd', total: 3570, amount_due: 3570, amount_paid: 0, attempt_count: 1, next_payment_attempt: null },
  status_transitions: { finalized_at: T + (n - 1) * MONTH, voided_at: null, marked_uncollectible_at: null },
  due_date: null,
  parent: {
    subscription_details: {
      subscription: theirs(id),
      metadata: {
        ...{ hydra_tenant: engine.tenant, hydra_mode: 'test', hydra_subscription: id },
        ...{ hydra_product: 'app', hydra_name: 'Pro' },
      },
    },
  },
  lines: {
    has_more: false,
    data: [
      {
        ...{ amount: 3000, quantity: 1, period: { start: T + (n - 1) * MONTH, end: T + n * MONTH } },
        taxes: [{ amount: 570, tax_behavior: 'exclusive', tax_rate_details: { tax_rate: 'txr_1' } }],
      },
    ],
  },
  ...over,
});
const paid = { status: 'paid', amount_paid: 3570 };

/** As it was lived. */
const lifeOf = (id: SubscriptionId) => [
  { type: 'customer.subscription.created', at: T, object: subscription(id, { status: 'incomplete' }) },
  { type: 'customer.subscription.updated', at: T, object: subscription(id, {}) },
  { type: 'invoice.paid', at: T, object: invoice(id, 1, paid) },
  { type: 'invoice.payment_failed', at: T + MONTH, object: invoice(id, 2, {}) },
  { type: 'invoice.paid', at: T + MONTH + 3 * DAY, object: invoice(id, 2, { ...paid, attempt_count: 2 }) },
  {
    type: 'customer.subscription.deleted',
    at: T + MONTH + 9 * DAY,
    object: subscription(id, { status: 'canceled', ended_at: T + MONTH + 9 * DAY }),
  },
];

/** What the processor answers when it is asked: how things are by now. */
const collector: Pick<Collector, 'carryOut' | 'readSubscription' | 'readInvoice'> & Collector = {
  ...({} as Collector),
  carryOut: async ({ subscription: id }) => ({
    seen: seenSubscription(fieldsOf(subscription(id, { status: 'incomplete' })), versionAt(T, 'created'), T * 1000)!,
  }),
  readSubscription: async (name) => {
    const last = lifeOf(`sub_${name.slice('sub_of'.length)}`).at(-1)!;
    return seenSubscription(fieldsOf(last.object), versionAt(last.at, 'deleted'), last.at * 1000);
  },
  readInvoice: async (name) => {
    const [, own, n] = /^in_(.*)([12])$/.exec(name)!;
    const at = n === '1' ? T : T + MONTH + 3 * DAY;
    const look = invoice(`sub_${own}`, Number(n), { ...paid, attempt_count: Number(n) });
    const payment = {
      ...{ invoice: name, status: 'paid', amount_paid: 3570, currency: 'usd', status_transitions: { paid_at: at } },
      payment: { payment_intent: `pi_${own}${n}` },
    };
    return { invoice: seenInvoice(fieldsOf(look), versionAt(at))!, payments: [seenPayment(fieldsOf(payment))!] };
  },
};

function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(randomInt(left.length), 1)[0]!);
}

async function deliver(id: SubscriptionId): Promise<void> {
  const events = lifeOf(id).map(({ type, at, object }, i) =>
    JSON.stringify({
      ...{ id: `evt_${id.slice(4)}x${i}`, object: 'event', type, created: at, livemode: false, data: { object } },
    }),
  );
  const told = shuffled(events.flatMap((event) => Array.from({ length: 1 + randomInt(3) }, () => event)));
  for (const payload of told) {
    const header = Stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET });
    const { status } = await fetch(doorstep.url, {
      ...{ method: 'POST', body: payload, headers: { 'stripe-signature': header } },
    });
    expect(status).toBe(200);
  }
}

async function atOnce<T>(items: readonly T[], most: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const hand = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: most }, hand));
}

test('all orders of a life end in the same state, the same ledger and the same access', async () => {
  const customer = await engine.customer();
  const ids: SubscriptionId[] = [];
  await atOnce([...Array(LIVES).keys()], 8, async () => {
    ids.push(await engine.subscribe(customer, { collection: 'processor' }));
  });
  await atOnce(shuffled(ids), 12, deliver);
  const ends = await until(
    async () => (await ENDS(engine.tenant).execute(engine.db)).rows,
    (rows) => rows.length === 1 && rows[0]?.lives === LIVES,
    'all have ended alike',
    LIVES * 1_500,
  );
  expect(JSON.parse(ends[0]!.ends)).toEqual({
    ...{ state: 'canceled', access: 'none', invoices: ['F1 paid 3570', 'F2 paid 3570'], payments: [3570, 3570] },
    ledger: { deferred_revenue: -6000, processor_clearing: 7140, receivable: 0, tax_payable: -1140 },
    days: 41,
  });
  const open = await sql<{ n: number }>`
    select count(*) as n from inbox where state not in ('applied', 'ignored')`.execute(engine.db);
  expect(open.rows[0]?.n).toBe(0);
  const { subscription: one } = await engine.look(ids[0]!);
  expect(isAccepted(one) && one.follows?.waiting).toEqual([]);
  expect(await verifyLedger(engine.db)).toMatchObject({ differences: [] });
  expect(doorstep.problems).toEqual([]);
}, 400_000);

/** How each life has ended, as one text; how many have ended so. */
const ENDS = (tenant: string) => sql<{ ends: string; lives: number }>`
  with ended as (
    select jsonb_build_object('state', state, 'access', access_level,
      'invoices', (select jsonb_agg(split_part(number, '-', 1) || ' ' || invoice.state || ' ' || amount_paid order by number)
        from invoices as invoice where invoice.subscription_id = subscription.id),
      'payments', (select jsonb_agg(amount order by id) from payments where payments.subscription_id = subscription.id),
      'ledger', (select jsonb_object_agg(code, amount) from (
        select account.code, sum(entry.amount) as amount
        from ledger_transactions as txn
        join ledger_entries as entry on entry.transaction_id = txn.id
        join ledger_accounts as account on account.id = entry.account_id
        where txn.subscription_id = subscription.id and txn.kind <> 'revenue_recognised' group by account.code
      ) as sums),
      'days', (select sum(end_day - next_day) from earning_progress as open where open.subscription_id = subscription.id)
    )::text as ends
    from subscriptions as subscription where tenant_id = ${tenant} and collection = 'processor'
  )
  select ends, count(*)::int as lives from ended group by ends`;
