import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { expect, test } from 'vitest';
import { processorCustomerOf } from '../../src/customers/processor-customer.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { addCustomer, SCOPE } from '../db/support.ts';
import { atAttempt, refundOf, useActivities } from './support.ts';

const parts = useActivities();
const { charged, chargesOf, control } = parts;
const failure = async (work: Promise<unknown>): Promise<ApplicationFailure> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ApplicationFailure) return error;
  throw new Error(`no failure: ${error}`);
};

test('money that came is a fact, and asked for again it is the same fact', async () => {
  const call = await charged('pm_card_visa');
  const { invoice } = call.effect;
  const facts = await parts.activities().charge(call);
  expect(facts).toEqual([
    { type: 'payment_succeeded', invoice, attempt: 1, payment: expect.stringMatching(/^pi_/), amount: 3000 },
  ]);
  expect(await parts.activities().charge(call)).toEqual(facts);
  expect(await atAttempt(2, () => parts.activities().charge(call))).toEqual(facts);
  expect(await chargesOf(invoice)).toMatchObject({ succeeded: 1 });
});

test.each([
  ['pm_card_chargeCustomerFail', { type: 'payment_failed', decline: 'soft', code: 'generic_decline' }],
  ['pm_card_authenticationRequired', { type: 'payment_needs_action' }],
  ['pm_sim_processing', { type: 'payment_processing' }],
])('%s', async (token, fact) => {
  const call = await charged(token);
  const onSession = { ...call, effect: { ...call.effect, onSession: true } };
  expect(await parts.activities().charge(onSession)).toMatchObject([{ ...fact, invoice: call.effect.invoice }]);
});

test('without a payment method nobody is called', async () => {
  const call = await charged('pm_card_visa');
  const without = { ...call, effect: { ...call.effect, paymentMethod: null } };
  expect(await parts.activities().charge(without)).toMatchObject([
    { type: 'payment_failed', payment: null, decline: 'no_payment_method' },
  ]);
  expect(await chargesOf(call.effect.invoice)).toMatchObject({ succeeded: 0, failed: 0 });
});

test('an answer that was lost ends as one charge', async () => {
  const call = await charged('pm_sim_answerLost1');
  // The client tries a broken connection once more by itself, with the same key: it may hear the answer already.
  const first = await parts
    .activities()
    .charge(call)
    .catch((error: unknown) => error);
  const again = await atAttempt(2, () => parts.activities().charge(call));
  expect(again).toMatchObject([{ type: 'payment_succeeded', amount: 3000 }]);
  if (Array.isArray(first)) expect(first).toEqual(again);
  expect(await chargesOf(call.effect.invoice)).toMatchObject({ succeeded: 1 });
});

test('also when the processor has forgotten the key by then: looked up, not charged anew', async () => {
  const call = await charged('pm_sim_answerLost4');
  expect(await failure(parts.activities().charge(call))).toMatchObject({
    type: 'processor_unreachable',
    nonRetryable: false,
  });
  await control('idempotency_keys/forget');
  expect(await parts.activities().charge({ ...call, lookFirst: true })).toMatchObject([{ type: 'payment_succeeded' }]);
  await control('idempotency_keys/forget');
  expect(await atAttempt(7, () => parts.activities().charge(call))).toMatchObject([{ type: 'payment_succeeded' }]);
  expect(await chargesOf(call.effect.invoice)).toMatchObject({ succeeded: 1 });
});

test('an attempt older than the key’s life is looked up, whoever asks', async () => {
  const call = await charged('pm_card_visa');
  const facts = await parts.activities().charge(call);
  await control('idempotency_keys/forget');
  await inTenant(parts.database.db, SCOPE, (trx) =>
    trx
      .updateTable('payment_attempts')
      .set({ requested_at: new Date(Date.now() - 25 * 3_600_000) })
      .where('invoice_id', '=', call.effect.invoice)
      .execute(),
  );
  expect(await parts.activities().charge(call)).toEqual(facts);
  expect(await chargesOf(call.effect.invoice)).toMatchObject({ succeeded: 1 });
});

test('an attempt that the database does not know is not made', async () => {
  const call = await charged('pm_card_visa');
  const unknown = { ...call, effect: { ...call.effect, attempt: 9 } };
  expect(await failure(parts.activities().charge(unknown))).toMatchObject({
    type: 'attempt_unknown',
    nonRetryable: false,
  });
  expect(await chargesOf(call.effect.invoice)).toMatchObject({ succeeded: 0 });
});

test('429 says when to come again, quietly; 5xx is tried again; what is refused is not', async () => {
  const busy = await charged('pm_sim_429ThenOk');
  expect(await failure(parts.activities().charge(busy))).toMatchObject({
    type: 'processor_throttled',
    nextRetryDelay: 1_000,
    category: ApplicationFailureCategory.BENIGN,
    nonRetryable: false,
  });
  const down = await charged('pm_sim_500ThenOk');
  expect(await failure(parts.activities().charge(down))).toMatchObject({
    type: 'processor_unreachable',
    nonRetryable: false,
  });
  expect(await parts.activities().charge(down)).toMatchObject([{ type: 'payment_succeeded' }]);
  const odd = await charged('pm_card_visa');
  const wrong = { ...odd, subscription: { ...odd.subscription, currency: 'xxx' } };
  expect(await failure(parts.activities().charge(wrong))).toMatchObject({
    type: 'processor_refused',
    nonRetryable: true,
  });
});

test('a live subscription is never charged with a test key', async () => {
  const call = await charged('pm_card_visa');
  const live = { ...call, subscription: { ...call.subscription, mode: 'live' } } as const;
  expect(await failure(parts.activities().charge(live))).toMatchObject({ type: 'attempt_unknown' });
  await expect(
    parts.activities().refund({ ...live, effect: refundOf(call.effect.invoice, 'pi_1', 1) }),
  ).rejects.toThrow('no stripe account is configured for live mode');
});

test('a payment that waits is called off; one that has succeeded is told as such', async () => {
  const waiting = await charged('pm_card_authenticationRequired');
  const onSession = { ...waiting, effect: { ...waiting.effect, onSession: true } };
  const [fact] = await parts.activities().charge(onSession);
  const { invoice, attempt } = waiting.effect;
  const payment = fact?.payment ?? '';
  const cancel = { ...waiting, effect: { type: 'cancel_payment', invoice, attempt, payment, at: 0 } } as const;
  expect(await parts.activities().cancel_payment(cancel)).toEqual([
    { type: 'payment_canceled', invoice, attempt, payment },
  ]);

  const done = await charged('pm_card_visa');
  const [paid] = await parts.activities().charge(done);
  const late = { ...cancel, effect: { ...cancel.effect, invoice: done.effect.invoice, payment: paid?.payment ?? '' } };
  expect(await parts.activities().cancel_payment({ ...late, subscription: done.subscription })).toMatchObject([
    { type: 'payment_succeeded', payment: paid?.payment, amount: 3000 },
  ]);
});

test('a refund is a fact; told twice it is the same one; one that cannot be made is a fact, too', async () => {
  const call = await charged('pm_card_visa');
  const { invoice } = call.effect;
  const [paid] = await parts.activities().charge(call);
  const refund = { ...call, effect: refundOf(invoice, paid?.payment ?? '', 3000) };
  const facts = await parts.activities().refund(refund);
  expect(facts).toEqual([
    {
      ...{ type: 'payment_refunded', invoice, payment: paid?.payment, refund: expect.stringMatching(/^re_/) },
      ...{ amount: 3000, asked: { refund: refund.effect.refund, attempt: 1 } },
    },
  ]);
  expect(await parts.activities().refund(refund)).toEqual(facts);
  const more = { ...refund, effect: { ...refund.effect, attempt: 2 } };
  expect(await parts.activities().refund(more)).toEqual([
    {
      ...{ type: 'refund_failed', payment: paid?.payment, refund: null, amount: 3000, code: 'charge_already_refunded' },
      asked: { refund: refund.effect.refund, attempt: 2 },
    },
  ]);
});

test('a customer is made at the processor once, also by ten at once', async () => {
  const ref = { ...SCOPE, customer: 'cus_fresh', processor: 'stripe' } as const;
  await inTenant(parts.database.db, SCOPE, (trx) => addCustomer(trx, SCOPE, ref.customer));
  const found = await Promise.all(Array.from({ length: 10 }, () => processorCustomerOf(parts.deps(), ref)));
  expect(new Set(found.map(({ customer }) => customer)).size).toBe(1);
});
