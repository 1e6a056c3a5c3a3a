/** Subscriptions that PayPal collects, as the adapter sees them on the simulator. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import type { Order, OrderToDo } from '../../src/domain/order.ts';
import type { Terms } from '../../src/domain/price-book.ts';
import { createPaypal } from '../../src/processors/paypal.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { terms } from '../domain/builders.ts';

const DAY = 86_400;
const SEAT: Terms = terms({ priceBookId: 'pb_1', planId: 'team', name: 'Team', unitAmount: '1200', model: 'per_unit' });

async function start(create: Partial<Extract<OrderToDo, { what: 'create' }>> = {}) {
  const simulator = await startSimulator({ port: 0 });
  onTestFinished(simulator.stop);
  const { collector, ensureCustomer, look } = createPaypal({
    ...{ clientId: 'id', clientSecret: 'secret', apiBase: simulator.url, timeoutMs: 5_000 },
  });
  if (!collector) throw new Error('it collects');
  const whose = { tenant: 'ten_1', mode: 'test', subscription: `sub_${randomUUID().slice(0, 8)}` } as const;
  const customer = await ensureCustomer({ ...whose, customer: 'cus_1', clock: null });
  // biome-ignore lint/suspicious/noExplicitAny: each answer has a shape of its own
  const control = async (path: string, body: object = {}): Promise<any> =>
    (await fetch(`${simulator.url}/_sim/paypal/${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
  let theirs: string | null = null;
  let n = 0;
  const order = async (todo: OrderToDo, lookFirst = false) => {
    const given = { ...todo, n: ++n } as Order;
    const answer = await collector.carryOut({
      ...{ ...whose, customer, order: given, theirs, key: `order/${todo.what}/${n}`, lookFirst },
    });
    if ('seen' in answer) theirs = answer.seen.id;
    return answer;
  };
  const todo = { what: 'create', terms: SEAT, quantity: 2, paymentMethod: null, trialDays: 0, ...create } as const;
  const made = await order(todo);
  if ('refused' in made) throw new Error(made.refused);
  const { id } = made.seen;
  const agree = async () => {
    const { approveUrl } = await collector.fetchConfirmation(id);
    await fetch(approveUrl!, { method: 'POST', body: new URLSearchParams({ outcome: 'approve' }), redirect: 'manual' });
  };
  const sales = async (): Promise<{ id: string }[]> => {
    const token = await fetch(`${simulator.url}/v1/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('id:secret').toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    }).then((response) => response.json() as Promise<{ access_token: string }>);
    const span = 'start_time=2000-01-01T00:00:00Z&end_time=2100-01-01T00:00:00Z';
    const response = await fetch(`${simulator.url}/v1/billing/subscriptions/${id}/transactions?${span}`, {
      headers: { authorization: `Bearer ${token.access_token}` },
    });
    return ((await response.json()) as { transactions: { id: string }[] }).transactions;
  };
  const seen = () => collector.readSubscription(id, whose);
  return { collector, whose, control, order, made: made.seen, id, agree, seen, sales, look };
}

test('waits for the buyer’s consent, is billed, and each payment stands for an invoice', async () => {
  const { made, agree, seen, sales, collector, whose, control } = await start();
  expect(made).toMatchObject({ state: 'incomplete', quantity: 2, plan: { book: 'pb_1', id: 'team' }, cancelAt: null });
  await agree();
  await control('advance', { seconds: 1 });
  const active = await seen();
  expect(active).toMatchObject({ state: 'active', period: { start: active!.anchor } });
  expect(active!.period.end - active!.period.start).toBeGreaterThan(27 * DAY * 1000);
  const [first] = await sales();
  expect(await collector.readInvoice(first!.id, whose)).toMatchObject({
    invoice: {
      ...{ id: first!.id, state: 'paid', currency: 'usd', total: 2400, amountDue: 2400, amountPaid: 2400 },
      lines: [{ name: 'Team', quantity: 2, unitPrice: '1200', amount: 2400, period: active!.period }],
    },
    payments: [{ invoice: first!.id, payment: first!.id, amount: 2400 }],
  });
  await control('advance', { seconds: 31 * DAY });
  const renewed = await seen();
  expect(renewed!.period.start).toBe(active!.period.end);
  expect(renewed!.version).toBeGreaterThan(active!.version);
  expect(await sales()).toHaveLength(2);
});

test('is nobody else’s, whoever names it', async () => {
  const { agree, sales, collector, id, whose, control } = await start();
  await agree();
  await control('advance', { seconds: 1 });
  const [first] = await sales();
  const stranger = { ...whose, subscription: 'sub_stranger' } as const;
  expect(await collector.readSubscription(id, stranger)).toBeNull();
  expect(await collector.readInvoice(first!.id, stranger)).toBeNull();
  expect(await collector.readSubscription('I-NOBODY12345', whose)).toBeNull();
  expect(await collector.readInvoice('NOBODY12345', whose)).toBeNull();
});

test('a planned end suspends now, is undone by activating, and is final when it is told', async () => {
  const { agree, order, seen, control } = await start();
  await agree();
  await control('advance', { seconds: 1 });
  const { period } = (await seen())!;
  expect(await order({ what: 'cancel', when: 'period_end' })).toMatchObject({
    seen: { state: 'active', cancelAt: period.end, endsByOrder: true },
  });
  expect(await order({ what: 'uncancel' })).toMatchObject({ seen: { state: 'active', cancelAt: null } });
  expect((await seen())!.endsByOrder).toBeUndefined();
  const early = period.start + 3 * DAY * 1000;
  expect(await order({ what: 'cancel', when: early })).toMatchObject({ seen: { state: 'active', cancelAt: early } });
  const ended = await order({ what: 'cancel', when: 'now' });
  expect(ended).toMatchObject({ seen: { state: 'canceled', reason: 'requested', cancelAt: null } });
  // Its answer was lost: asked again it is as it is.
  expect(await order({ what: 'cancel', when: 'now' }, true)).toEqual(ended);
});

test('an end beyond what is paid, a pause that ends by itself, and another method are not carried', async () => {
  const { agree, order, seen, control } = await start();
  await agree();
  await control('advance', { seconds: 1 });
  const { period } = (await seen())!;
  expect(await order({ what: 'cancel', when: period.end + DAY * 1000 })).toEqual({
    refused: 'cancel_date_not_carried',
  });
  expect(await order({ what: 'pause', resumeAt: period.end })).toEqual({ refused: 'pause_end_not_carried' });
  expect(await order({ what: 'use_payment_method', paymentMethod: 'pm_1' })).toEqual({
    refused: 'payment_method_not_carried',
  });
  expect(await order({ what: 'pause', resumeAt: null })).toMatchObject({ seen: { state: 'paused' } });
  expect(await order({ what: 'resume' })).toMatchObject({ seen: { state: 'active' } });
});

test('a change counts when the buyer has agreed to it, and is not prorated', async () => {
  const { agree, order, seen, control, collector, id, whose } = await start();
  await agree();
  await control('advance', { seconds: 1 });
  const change = { terms: SEAT, quantity: 5, proration: 'none' } as const;
  expect(await order({ what: 'change', ...change })).toMatchObject({ seen: { quantity: 2 } });
  expect(await collector.quote({ theirs: id, ...change, ...whose })).toEqual({ lines: [], total: 0 });
  await control('approve', { token: `BA-${id.slice(2)}` });
  expect(await seen()).toMatchObject({ quantity: 5 });
});

test('a trial begins to be billed at its end', async () => {
  const { agree, seen, control, sales } = await start({ trialDays: 14 });
  await agree();
  const trial = await seen();
  expect(trial).toMatchObject({ state: 'trialing', period: { end: trial!.anchor } });
  expect(await sales()).toHaveLength(0);
  await control('advance', { seconds: 14 * DAY + 60 });
  expect(await seen()).toMatchObject({ state: 'active', period: { start: trial!.anchor } });
  expect(await sales()).toHaveLength(1);
});

test('what fails is owed, and paid with the next try', async () => {
  const { agree, seen, control, sales } = await start();
  await agree();
  await control('advance', { seconds: 1 });
  await control('troubles', { behaviour: 'declines', issue: 'INSTRUMENT_DECLINED', requests: 1 });
  await control('advance', { seconds: 31 * DAY });
  expect(await seen()).toMatchObject({ state: 'past_due' });
  expect(await sales()).toHaveLength(1);
  await control('advance', { seconds: 6 * DAY });
  expect(await seen()).toMatchObject({ state: 'active' });
  expect(await sales()).toHaveLength(2);
});

test.each<[string, Partial<Terms>, number, string]>([
  ['two of a flat price', { model: 'flat' }, 2, 'quantity'],
  ['two years at once', { interval: { unit: 'year', count: 2 } }, 1, 'planId'],
  ['five quarters', { interval: { unit: 'quarter', count: 5 } }, 1, 'planId'],
  ['a price below a minor unit', { unitAmount: '0.5' } as Partial<Terms>, 1, 'planId'],
  ['half a forint', { currency: 'huf', unitAmount: '50' } as Partial<Terms>, 1, 'planId'],
])('%s can’t be carried', async (_what, over, quantity, path) => {
  const { collector } = createPaypal({ clientId: 'id', clientSecret: 'secret' });
  expect(collector!.uncarried({ ...SEAT, ...over } as Terms, quantity)).toMatchObject({ path });
  expect(collector!.uncarried(SEAT, 3)).toBeNull();
});
