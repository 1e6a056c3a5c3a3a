import { expect, test } from 'vitest';
import { absent, customerWith, due, failure, start } from './support.ts';

test('a charge tells its story in Stripe’s order', async () => {
  const sim = await start();
  const who = await customerWith(sim);
  const paid = await sim.stripe.paymentIntents.create({ ...absent, ...who, expand: ['latest_charge', 'customer'] });
  expect(paid).toMatchObject({ status: 'succeeded', amount_received: 1000, customer: { name: 'Ada' } });
  expect(paid.latest_charge).toMatchObject({ paid: true, captured: true, balance_transaction: null });
  const { data: events } = await sim.stripe.events.list({ limit: 4 });
  expect(events.map(({ type }) => type).reverse()).toEqual([
    'payment_intent.created',
    'charge.succeeded',
    'payment_intent.succeeded',
    'charge.updated',
  ]);
  expect(events[0]?.data.previous_attributes).toEqual({ balance_transaction: null });
  expect(events[0]?.request?.id).toBe(paid.lastResponse.requestId);
});

test('the balance follows with Stripe’s fee, pending for two days', async () => {
  let now = Date.now();
  const sim = await start({ now: () => now });
  const who = await customerWith(sim);
  const { id } = await sim.stripe.paymentIntents.create({ ...absent, ...who });
  const look = () => sim.stripe.paymentIntents.retrieve(id, { expand: ['latest_charge.balance_transaction'] });
  const transaction = { amount: 1000, fee: 59, net: 941, type: 'charge' };
  expect(await look()).toMatchObject({ latest_charge: { balance_transaction: { ...transaction, status: 'pending' } } });
  now += 2 * 86_400_000;
  expect(await look()).toMatchObject({
    latest_charge: { balance_transaction: { ...transaction, status: 'available' } },
  });
});

test('off session, a card that wants its owner is refused; on session its owner completes it', async () => {
  const sim = await start();
  const who = await customerWith(sim, 'pm_card_authenticationRequired');
  const error = await failure(sim.stripe.paymentIntents.create({ ...absent, ...who }));
  expect([error.statusCode, error.code]).toEqual([402, 'authentication_required']);
  const { id, status } = error.payment_intent!;
  expect(status).toBe('requires_payment_method');

  const back = { payment_method: who.payment_method, return_url: 'https://shop.example/back' };
  const waiting = await sim.stripe.paymentIntents.confirm(id, back);
  expect(waiting).toMatchObject({ status: 'requires_action', next_action: { type: 'redirect_to_url' } });
  const page = waiting.next_action!.redirect_to_url!.url!;
  expect(await (await fetch(page)).text()).toContain('Complete');
  const body = new URLSearchParams({ outcome: 'complete' });
  const returned = await fetch(page, { method: 'POST', body, redirect: 'manual' });
  expect(returned.headers.get('location')).toContain(`https://shop.example/back?payment_intent=${id}`);
  expect((await sim.stripe.paymentIntents.retrieve(id)).status).toBe('succeeded');
});

test('a failed proof leaves the payment without a method', async () => {
  const sim = await start();
  const waiting = await sim.stripe.paymentIntents.create({
    ...due,
    confirm: true,
    payment_method: 'pm_card_authenticationRequired',
  });
  await sim.control('POST', `payment_intents/${waiting.id}/authenticate`, { outcome: 'fail' });
  expect(await sim.stripe.paymentIntents.retrieve(waiting.id)).toMatchObject({
    status: 'requires_payment_method',
    payment_method: null,
    last_payment_error: { code: 'payment_intent_authentication_failure' },
  });
});

test('an unset-up 3-D Secure card can’t be charged in its owner’s absence', async () => {
  const sim = await start();
  const who = await customerWith(sim, 'pm_card_authenticationRequiredOnSetup');
  const refused = await failure(sim.stripe.paymentIntents.create({ ...absent, ...who }));
  expect(refused.code).toBe('authentication_required');
  const setup = await sim.stripe.setupIntents.create({ ...who, confirm: true });
  await sim.control('POST', `setup_intents/${setup.id}/authenticate`, { outcome: 'complete' });
  expect((await sim.stripe.paymentIntents.create({ ...absent, ...who })).status).toBe('succeeded');
});

test('fails twice, then works', async () => {
  const sim = await start();
  const who = await customerWith(sim, 'pm_sim_failsTimes2');
  const pay = () => sim.stripe.paymentIntents.create({ ...absent, ...who });
  expect((await failure(pay())).decline_code).toBe('insufficient_funds');
  expect((await failure(pay())).decline_code).toBe('insufficient_funds');
  expect((await pay()).status).toBe('succeeded');
});

test('a switch declines the next charges of one customer only', async () => {
  const sim = await start();
  const [ada, bob] = [await customerWith(sim), await customerWith(sim)];
  await sim.control('POST', 'troubles', { behaviour: 'declines', code: 'lost_card', times: 1, customer: ada.customer });
  expect((await sim.stripe.paymentIntents.create({ ...absent, ...bob })).status).toBe('succeeded');
  expect((await failure(sim.stripe.paymentIntents.create({ ...absent, ...ada }))).decline_code).toBe('lost_card');
  expect((await sim.stripe.paymentIntents.create({ ...absent, ...ada })).status).toBe('succeeded');
});

test('switches lose answers, hold them, and can be taken back', async () => {
  const sim = await start();
  const who = await customerWith(sim);
  const pay = (idempotencyKey: string) => sim.stripe.paymentIntents.create({ ...absent, ...who }, { idempotencyKey });
  await sim.control('POST', 'troubles', { behaviour: 'answer_lost', requests: 2, customer: who.customer });
  expect((await failure(pay('k'))).type).toBe('StripeConnectionError');
  expect(await sim.control('POST', 'idempotency_keys/forget')).toEqual({ forgotten: 3 });
  expect((await sim.stripe.paymentIntents.list({ customer: who.customer })).data).toHaveLength(1);

  await sim.control('POST', 'troubles', { behaviour: 'hangs', seconds: 0.2, payment_method: who.payment_method });
  const before = Date.now();
  expect((await pay('l')).status).toBe('succeeded');
  expect(Date.now() - before).toBeGreaterThanOrEqual(190);

  await sim.control('POST', 'troubles', { behaviour: 'server_error', times: null });
  expect((await sim.control('GET', 'troubles')).troubles).toHaveLength(1);
  await sim.control('DELETE', 'troubles');
  expect((await pay('m')).status).toBe('succeeded');
  expect(await sim.control('POST', 'troubles', { behaviour: 'explodes' })).toMatchObject({ error: expect.any(String) });
});

test('authorised first, captured in part later', async () => {
  const { stripe } = await start();
  const held = await stripe.paymentIntents.create({
    ...due,
    confirm: true,
    capture_method: 'manual',
    payment_method: 'pm_card_visa',
  });
  expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 1000, amount_received: 0 });
  const taken = await stripe.paymentIntents.capture(held.id, { amount_to_capture: 600 });
  expect(taken).toMatchObject({ status: 'succeeded', amount_received: 600 });
  const error = await failure(stripe.paymentIntents.cancel(held.id));
  expect([error.code, error.payment_intent?.status]).toEqual(['payment_intent_unexpected_state', 'succeeded']);
});

test('refunds stop at what was paid', async () => {
  const sim = await start();
  const { stripe } = sim;
  const { id } = await stripe.paymentIntents.create({ ...absent, ...(await customerWith(sim)) });
  expect(await stripe.refunds.create({ payment_intent: id, amount: 400 })).toMatchObject({
    status: 'succeeded',
    amount: 400,
  });
  expect((await failure(stripe.refunds.create({ payment_intent: id, amount: 601 }))).param).toBe('amount');
  await stripe.refunds.create({ payment_intent: id });
  expect((await failure(stripe.refunds.create({ payment_intent: id }))).code).toBe('charge_already_refunded');
  const { data } = await stripe.balanceTransactions.list({ type: 'refund' });
  expect(data.map(({ amount, fee }) => [amount, fee])).toEqual([
    [-600, 0],
    [-400, 0],
  ]);
});

test('a disputed charge is taken back with a fee, and evidence wins it again', async () => {
  const sim = await start();
  const { stripe } = sim;
  const { id } = await stripe.paymentIntents.create({
    ...absent,
    ...(await customerWith(sim, 'pm_card_createDispute')),
  });
  const { data } = await stripe.disputes.list({ payment_intent: id });
  expect(data).toMatchObject([{ status: 'needs_response', balance_transactions: [{ amount: -1000, fee: 1500 }] }]);
  expect((await failure(stripe.refunds.create({ payment_intent: id }))).code).toBe('charge_disputed');
  const won = await stripe.disputes.update(data[0]!.id, { evidence: { uncategorized_text: 'winning_evidence' } });
  expect(won.status).toBe('won');
});

test('a detached method can’t be used again, nor somebody else’s', async () => {
  const sim = await start();
  const [ada, bob] = [await customerWith(sim), await customerWith(sim)];
  const theirs = { ...absent, customer: bob.customer, payment_method: ada.payment_method };
  expect((await failure(sim.stripe.paymentIntents.create(theirs))).code).toBe('payment_method_unexpected_state');
  await sim.stripe.paymentMethods.detach(ada.payment_method);
  expect((await failure(sim.stripe.paymentIntents.create({ ...absent, ...ada }))).code).toBe(
    'payment_method_unexpected_state',
  );
});
