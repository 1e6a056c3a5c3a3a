import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeForm } from '../../src/simulator/form.ts';
import { Store } from '../../src/simulator/store.ts';
import { Engine } from '../../src/simulator/stripe/engine.ts';
import { Refused } from '../../src/simulator/stripe/errors.ts';
import { react } from '../../src/simulator/stripe/reactions.ts';
import { Rehearsed } from '../../src/simulator/stripe/route.ts';
import { findRoute } from '../../src/simulator/stripe/routes.ts';
import type { Tables } from '../../src/simulator/stripe/tables.ts';
import { DAY, JANUARY } from './billing.ts';

/** The simulator without its HTTP: the routes, on a store in memory. */
function machine() {
  const store = new Store<Tables>(null);
  const world = { store, now: Date.now, url: () => 'http://sim', untold: () => 0, react, ownEndpoint: null };
  const engine = new Engine(world, () => {});
  /** Null where it was refused, which is an answer like any other. */
  // biome-ignore lint/suspicious/noExplicitAny: each route has an answer of its own
  function ask(method: 'GET' | 'POST' | 'DELETE', path: string, form = ''): any {
    const { route, id } = findRoute(method, path)!;
    try {
      const { status, body } = engine.run({ id: null, idempotency_key: null }, (call) =>
        route.run(call, decodeForm(form), id),
      );
      return status === 200 ? body : null;
    } catch (error) {
      const isAnswer = error instanceof Refused || error instanceof Rehearsed;
      if (isAnswer && !path.endsWith('/advance')) return null; // time is never refused
      throw error;
    }
  }
  return { store, engine, ask };
}

const cards = [
  'pm_card_visa',
  'pm_card_chargeCustomerFail',
  'pm_card_authenticationRequired',
  'pm_sim_fails_2_times',
  'pm_sim_processing',
];
const behaviours = ['allow_incomplete', 'default_incomplete', 'error_if_incomplete', 'pending_if_incomplete'];
const prorations = ['create_prorations', 'always_invoice', 'none'];
const pick = <T>(items: readonly T[]) => fc.constantFrom(...items);

type Step = (life: Life) => void;
type Life = ReturnType<typeof born>;

const steps: fc.Arbitrary<{ text: string; step: Step }> = fc.oneof(
  ...[1, 9, 33, 200].map((days) => named(`${days} days pass`, ({ advance }) => advance(days * DAY))),
  pick(cards).map((card) => ({ text: card, step: ({ useCard }: Life) => useCard(card) })),
  fc
    .tuple(pick([0, 1, 2]), pick([1, 3]), pick(prorations), pick(behaviours))
    .map(([price, quantity, how, behaviour]) => ({
      text: `change to ${quantity} × price ${price}, ${how}, ${behaviour}`,
      step: ({ update, prices, item }: Life) =>
        update(
          `items[0][id]=${item()}&items[0][price]=${prices[price]}&items[0][quantity]=${quantity}&proration_behavior=${how}&payment_behavior=${behaviour}`,
        ),
    })),
  named('add an item', ({ update, prices }) => update(`items[0][price]=${prices[0]}`)),
  named('end the trial', ({ update }) => update('trial_end=now')),
  named('cancel at the end', ({ update }) => update('cancel_at_period_end=true')),
  named('take it back', ({ update }) => update('cancel_at_period_end=false')),
  named('void invoices', ({ update }) => update('pause_collection[behavior]=void')),
  named('collect again', ({ update }) => update('pause_collection=')),
  named('pause', ({ ask, id }) => ask('POST', `/v1/subscriptions/${id}/pause`, 'bill_for[unused_time_from][type]=now')),
  named('resume', ({ ask, id }) => ask('POST', `/v1/subscriptions/${id}/resume`)),
  named('cancel', ({ ask, id }) => ask('DELETE', `/v1/subscriptions/${id}`, 'prorate=true&invoice_now=true')),
  named('pay', ({ ask, latest }) => ask('POST', `/v1/invoices/${latest()}/pay`)),
  named('void', ({ ask, latest }) => ask('POST', `/v1/invoices/${latest()}/void`)),
  named('write off', ({ ask, latest }) => ask('POST', `/v1/invoices/${latest()}/mark_uncollectible`)),
  named('credit', ({ ask, latest }) =>
    ask('POST', '/v1/credit_notes', `invoice=${latest()}&amount=100&credit_amount=100`),
  ),
  named('a schedule', ({ ask, id }) => ask('POST', '/v1/subscription_schedules', `from_subscription=${id}`)),
  named('preview', ({ ask, id }) => ask('POST', '/v1/invoices/create_preview', `subscription=${id}`)),
);

function named(text: string, step: Step) {
  return fc.constant({ text, step });
}

/** A subscription with its customer, clock and prices. */
function born(beginning: string) {
  const { ask, store } = machine();
  const clock = ask('POST', '/v1/test_helpers/test_clocks', `frozen_time=${JANUARY + 30 * DAY}`).id as string;
  const customer = ask('POST', '/v1/customers', `test_clock=${clock}`).id as string;
  const useCard = (card: string) => {
    const method = ask('POST', `/v1/payment_methods/${card}/attach`, `customer=${customer}`);
    ask('POST', `/v1/customers/${customer}`, `invoice_settings[default_payment_method]=${method.id}`);
  };
  useCard('pm_card_visa');
  const product = ask('POST', '/v1/products', 'name=Pro').id;
  const priced = (amount: number, interval: string) =>
    ask('POST', '/v1/prices', `product=${product}&currency=usd&unit_amount=${amount}&recurring[interval]=${interval}`)
      .id;
  const prices = [priced(3100, 'month'), priced(999, 'month'), priced(30_000, 'year')];
  ask('POST', '/v1/coupons', 'id=third&percent_off=33.33&duration=forever');
  const form = `customer=${customer}&items[0][price]=${prices[0]}&${beginning}`;
  const id = ask('POST', '/v1/subscriptions', form).id as string;
  const now = () => store.get('subscription', id)!;
  return {
    ask,
    store,
    id,
    prices,
    customer,
    useCard,
    now,
    item: () => now().items.data[0]!.id,
    latest: () => now().latest_invoice,
    update: (changes: string) => ask('POST', `/v1/subscriptions/${id}`, changes),
    advance(seconds: number) {
      const frozen_time = store.get('test_clock', clock)!.frozen_time + seconds;
      ask('POST', `/v1/test_helpers/test_clocks/${clock}/advance`, `frozen_time=${frozen_time}`);
    },
  };
}

const beginnings = pick([
  '',
  'trial_period_days=14',
  'discounts[0][coupon]=third',
  'collection_method=send_invoice&days_until_due=10',
]);

test('whatever happens to a subscription, its sums are right and its time goes on', () => {
  fc.assert(
    fc.property(beginnings, fc.array(steps, { minLength: 1, maxLength: 14 }), (beginning, given) => {
      const life = born(beginning);
      for (const { step } of given) step(life);
      const { store, customer, now } = life;
      for (const invoice of store.all('invoice')) {
        const off = (invoice.total_discount_amounts ?? []).reduce((sum, { amount }) => sum + amount, 0);
        const lines = invoice.lines.data.reduce((sum, { amount }) => sum + amount, 0);
        expect(lines - off, 'lines less discounts').toBe(invoice.total);
        if (invoice.status === 'paid') expect(invoice.amount_paid + invoice.amount_remaining).toBe(invoice.amount_due);
        if (invoice.status !== 'draft') expect(invoice.number).not.toBeNull();
      }
      for (const { payment, status, invoice } of store.all('invoice_payment')) {
        const intent = store.get('payment_intent', payment.payment_intent!)!;
        expect(status === 'paid', 'a payment that succeeded has paid').toBe(intent.status === 'succeeded');
        if (status === 'paid') expect(store.get('invoice', invoice)?.status).toBe('paid');
      }
      const charged = [...store.all('charge')].filter(({ paid }) => paid).map(({ payment_intent }) => payment_intent);
      expect(new Set(charged).size, 'nobody is charged twice').toBe(charged.length);
      for (const { status, payment_intent } of store.all('charge')) {
        if (status !== 'pending') continue;
        expect(store.get('payment_intent', payment_intent!)?.status, 'one try at a time').toBe('processing');
      }
      const moved = [...store.all('customer_balance_transaction')].reduce((sum, { amount }) => sum + amount, 0);
      expect(store.get('customer', customer)?.balance, 'the account').toBe(moved);
      const { status, id, ended_at } = now();
      const isOver = status === 'canceled' || status === 'incomplete_expired';
      expect(ended_at !== null, 'it has ended').toBe(isOver);
      expect(store.get('sim.due', `due_${id}`) === undefined, `no time for what is ${status}`).toBe(
        isOver || status === 'paused',
      );
    }),
    { numRuns: 150 },
  );
}, 60_000);
