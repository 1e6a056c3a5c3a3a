/**
 * Stripe's adapter beyond what contract.test.ts asks of every one, on the simulator through the official client. Where
 * STRIPE_API_KEY holds a test key of a real account, the same runs against Stripe.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { keyOf } from '../../src/domain/effect.ts';
import type { InvoiceId } from '../../src/domain/ids.ts';
import type { ChargeRequest, PaymentProcessor } from '../../src/processors/processor.ts';
import { createProcessors, processorsOf } from '../../src/processors/processors.ts';
import { createStripe } from '../../src/processors/stripe.ts';
import { ProcessorTrouble, retryAfterMs } from '../../src/processors/trouble.ts';
import { startSimulator } from '../../src/simulator/server.ts';

const realKey = process.env.STRIPE_API_KEY;
const WHOSE = { tenant: 'ten_1', mode: 'test' } as const;

const simulated = async () => {
  const simulator = await startSimulator({ port: 0 });
  onTestFinished(simulator.stop);
  const control = async (path: string, body: object = {}) => {
    const response = await fetch(`${simulator.url}/_sim/${path}`, { method: 'POST', body: JSON.stringify(body) });
    expect(response.ok).toBe(true);
  };
  const charges = async (): Promise<number> => {
    const state = (await (await fetch(`${simulator.url}/_sim/state`)).json()) as { charges: { succeeded: number } };
    return state.charges.succeeded;
  };
  const processor = createStripe({ apiKey: 'sk_test_x', apiBase: simulator.url, timeoutMs: 500 });
  return { processor, control, charges, url: simulator.url };
};
const real = async () => ({ processor: createStripe({ apiKey: realKey ?? '' }) });

const parties: [string, () => Promise<{ processor: PaymentProcessor }>][] = [['the simulator', simulated]];
if (realKey?.startsWith('sk_test_')) parties.push(['Stripe in test mode', real]);

const newInvoice = (): InvoiceId => `inv_${randomUUID().slice(0, 8)}_1`;

/** A customer with one method, and an order to charge it. */
async function ready(processor: PaymentProcessor, token: string, over: Partial<ChargeRequest> = {}) {
  const id = `cus_${randomUUID()}` as const;
  const customer = await processor.ensureCustomer({ ...WHOSE, customer: id, clock: null });
  const method = await processor.attach({ customer, paymentMethod: token, key: randomUUID() });
  if ('refused' in method) throw new Error(method.refused);
  const invoice = newInvoice();
  const request: ChargeRequest = {
    ...WHOSE,
    subscription: 'sub_1',
    invoice,
    attempt: 1,
    key: `charge/${invoice}/1`,
    requestedAt: Date.now(),
    customer,
    paymentMethod: method.id,
    amount: 3000,
    currency: 'usd',
    onSession: false,
    ...over,
  };
  return { id, customer, method, request };
}

describe.each(parties)('%s', (_name, party) => {
  test('a customer asked for twice is one', async () => {
    const { processor } = await party();
    const customer = `cus_${randomUUID()}` as const;
    const ask = () => processor.ensureCustomer({ ...WHOSE, customer, clock: null });
    expect(await ask()).toBe(await ask());
    const elsewhere = await processor.ensureCustomer({ tenant: 'ten_2', mode: 'test', customer, clock: null });
    expect(elsewhere).not.toBe(await ask());
  });

  test('of a method only id, owner, brand and last four are read', async () => {
    const { processor } = await party();
    const { customer, method } = await ready(processor, 'pm_card_visa');
    expect(await processor.readPaymentMethod(method.id)).toEqual({
      id: method.id,
      customer,
      brand: 'visa',
      last4: '4242',
    });
    await processor.detach(method.id);
    await processor.detach(method.id);
    expect(await processor.readPaymentMethod(method.id)).toMatchObject({ customer: null });
    expect(await processor.readPaymentMethod('pm_nobody')).toBeNull();
  });

  test('a setup has a secret for the browser and can be read back', async () => {
    const { processor } = await party();
    const { customer } = await ready(processor, 'pm_card_visa');
    const setup = await processor.createSetup({ customer, key: 'one', returnUrl: null });
    expect(setup.clientSecret).toContain(setup.id);
    expect(await processor.createSetup({ customer, key: 'one', returnUrl: null })).toEqual(setup);
    expect(await processor.readSetup(setup.id)).toEqual({ state: 'open', customer, paymentMethod: null });
    expect(await processor.readSetup('seti_nobody')).toBeNull();
  });

  test('a card that is refused when it is saved says why', async () => {
    const { processor } = await party();
    const { customer } = await ready(processor, 'pm_card_visa');
    const refused = await processor.attach({ customer, paymentMethod: 'pm_card_chargeDeclinedExpiredCard', key: 'x' });
    expect(refused).toEqual({ refused: 'expired_card' });
    const nothing = await processor.attach({ customer, paymentMethod: 'pm_nobody', key: 'y' });
    expect(nothing).toEqual({ refused: 'payment_method_unusable' });
  });

  test('a charge succeeds, once, however often it is asked for', async () => {
    const { processor } = await party();
    const { request } = await ready(processor, 'pm_card_visa');
    expect(await processor.findCharge(request)).toBeNull();
    const answer = await processor.charge(request);
    const card = expect.any(String);
    expect(answer).toEqual({ outcome: 'succeeded', payment: expect.stringMatching(/^pi_/), amount: 3000, card });
    expect(await processor.charge(request)).toEqual(answer);
    expect(await processor.findCharge(request)).toEqual(answer);
    expect(await processor.findCharge({ ...request, attempt: 2 })).toBeNull();
    expect(await processor.findCharge({ ...request, tenant: 'ten_2' })).toBeNull();
  });

  test('another tenant’s key of the same name is another charge', async () => {
    const { processor } = await party();
    const { request } = await ready(processor, 'pm_card_visa');
    const mine = await processor.charge(request);
    const theirs = await processor.charge({ ...request, tenant: 'ten_2' });
    expect(theirs).toMatchObject({ outcome: 'succeeded' });
    expect(theirs).not.toEqual(mine);
  });

  test('a decline is an answer, and is found again', async () => {
    const { processor } = await party();
    const { request } = await ready(processor, 'pm_card_chargeCustomerFail');
    const answer = await processor.charge(request);
    expect(answer).toEqual({
      outcome: 'declined',
      payment: expect.stringMatching(/^pi_/),
      decline: 'soft',
      code: 'generic_decline',
      card: expect.any(String),
    });
    expect(await processor.charge(request)).toEqual(answer);
    expect(await processor.findCharge(request)).toEqual(answer);
  });

  test('3-D Secure: on session it waits for the customer, off session it is declined', async () => {
    const { processor } = await party();
    const { request } = await ready(processor, 'pm_card_authenticationRequired', { onSession: true });
    const waits = await processor.charge(request);
    if (waits.outcome !== 'needs_action') throw new Error(waits.outcome);
    expect(await processor.fetchClientSecret(waits.payment)).toContain(waits.payment);
    const absent = { ...request, attempt: 2, key: `charge/${request.invoice}/2`, onSession: false };
    expect(await processor.charge(absent)).toMatchObject({
      outcome: 'declined',
      decline: 'authentication_required',
      code: 'authentication_required',
    });
    const cancel = { ...WHOSE, payment: waits.payment, key: 'cancel' };
    expect(await processor.cancelPayment(cancel)).toEqual({ outcome: 'canceled' });
    expect(await processor.cancelPayment({ ...cancel, key: 'again' })).toEqual({ outcome: 'canceled' });
    expect(await processor.findCharge(request)).toEqual({ outcome: 'canceled', payment: waits.payment });
  });

  test('what has succeeded is not called off', async () => {
    const { processor } = await party();
    const { request } = await ready(processor, 'pm_card_visa');
    const { payment } = await processor.charge(request);
    const answer = await processor.cancelPayment({ ...WHOSE, payment: payment ?? '', key: 'cancel' });
    expect(answer).toEqual({ outcome: 'succeeded', amount: 3000 });
  });

  test('a method that is gone is a decline, not a fault', async () => {
    const { processor } = await party();
    const { request, method } = await ready(processor, 'pm_card_visa');
    await processor.detach(method.id);
    const gone = { outcome: 'declined', decline: 'no_payment_method', code: 'payment_method_missing' };
    expect(await processor.charge(request)).toMatchObject(gone);
    const never = { ...request, attempt: 2, key: 'other', paymentMethod: 'pm_nobody' } as const;
    expect(await processor.charge(never)).toMatchObject(gone);
  });

  test('too little to charge is a decline that no retry mends', async () => {
    const { processor } = await party();
    const { request } = await ready(processor, 'pm_card_visa', { amount: 1 });
    expect(await processor.charge(request)).toMatchObject({
      outcome: 'declined',
      decline: 'hard',
      code: 'amount_too_small',
    });
  });

  test('a refund is made once under its key, and not beyond what came', async () => {
    const { processor } = await party();
    const { request } = await ready(processor, 'pm_card_visa');
    const { payment } = await processor.charge(request);
    const of = { refund: 'ref_1', attempt: 1, invoice: request.invoice, payment: payment ?? '', amount: 1000 } as const;
    const key = keyOf({ type: 'refund', ...of, at: 0 });
    const refund = {
      ...WHOSE,
      subscription: 'sub_1',
      currency: 'usd',
      ...of,
      key,
    } as const;
    const first = await processor.refund(refund);
    expect(first).toEqual({ outcome: 'succeeded', refund: expect.stringMatching(/^re_/), amount: 1000 });
    expect(await processor.refund(refund)).toEqual(first);
    expect(await processor.refund({ ...refund, attempt: 2, key: 'other', amount: 1500 })).toMatchObject({
      outcome: 'succeeded',
    });
    const third = { ...refund, attempt: 3, key: 'third', amount: 501 };
    expect(await processor.refund(third), 'one more than is left').toMatchObject({ outcome: 'failed', refund: null });
    expect(await processor.refund({ ...third, attempt: 4, key: 'fourth', amount: 500 })).toMatchObject({
      outcome: 'succeeded',
    });
    expect(await processor.refund({ ...third, attempt: 5, key: 'fifth', amount: 1 })).toEqual({
      ...{ outcome: 'failed', refund: null, code: 'charge_already_refunded' },
    });
  });
});

describe('trouble on the way, on the simulator', () => {
  const trouble = async (work: Promise<unknown>): Promise<ProcessorTrouble> => {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof ProcessorTrouble)) throw new Error(`no trouble: ${error}`);
    return error;
  };

  test('an answer that is lost: the charge is found, and asked for again it is the same', async () => {
    const { processor, charges } = await simulated();
    const { request } = await ready(processor, 'pm_sim_answerLost');
    expect(await trouble(processor.charge(request))).toMatchObject({ kind: 'unreachable' });
    const found = await processor.findCharge(request);
    expect(found).toMatchObject({ outcome: 'succeeded', amount: 3000 });
    expect(await charges()).toBe(1);
  });

  test('a processor that hangs is given up on, and the charge found', async () => {
    const { processor } = await simulated();
    const { request } = await ready(processor, 'pm_sim_hangs2');
    expect(await trouble(processor.charge(request))).toMatchObject({ kind: 'unreachable' });
    expect(await processor.findCharge(request)).toMatchObject({ outcome: 'succeeded' });
  });

  test('a key that was forgotten: looked up first, it is still one charge', async () => {
    const { processor, control, charges } = await simulated();
    const { request } = await ready(processor, 'pm_card_visa');
    const answer = await processor.charge(request);
    await control('idempotency_keys/forget');
    expect(await processor.findCharge(request)).toEqual(answer);
    expect(await charges()).toBe(1);
  });

  test('it is found among hundreds, by walking the pages', async () => {
    const { processor } = await simulated();
    const { request } = await ready(processor, 'pm_card_visa');
    const answer = await processor.charge(request);
    for (let n = 2; n <= 130; n++)
      await processor.charge({ ...request, attempt: n, key: `charge/${request.invoice}/${n}` });
    expect(await processor.findCharge(request)).toEqual(answer);
  });

  test('5xx is unreachable, 429 throttled with its Retry-After', async () => {
    const { processor } = await simulated();
    const fails = await ready(processor, 'pm_sim_500ThenOk');
    expect(await trouble(processor.charge(fails.request))).toMatchObject({ kind: 'unreachable', code: 'api_error' });
    expect(await processor.charge(fails.request)).toMatchObject({ outcome: 'succeeded' });
    const busy = await ready(processor, 'pm_sim_429ThenOk');
    expect(await trouble(processor.charge(busy.request))).toMatchObject({ kind: 'throttled', retryAfterMs: 1_000 });
  });

  test('nobody there, a wrong key, a wrong request: each has its kind, none has a secret', async () => {
    const { processor, url } = await simulated();
    const { request } = await ready(processor, 'pm_card_visa');
    const nobody = createStripe({ apiKey: 'sk_test_x', apiBase: 'http://127.0.0.1:1' });
    const locked = createStripe({ apiKey: 'sk_live_of_another', apiBase: url });
    const found = [
      await trouble(nobody.charge(request)),
      await trouble(locked.charge(request)),
      await trouble(processor.charge({ ...request, currency: 'xxx', key: 'other' })),
      await trouble(processor.charge(request).then(() => processor.charge({ ...request, amount: 4000 }))),
    ];
    expect(found.map(({ kind }) => kind)).toEqual(['unreachable', 'unauthorized', 'refused', 'refused']);
    for (const each of found) {
      expect(each.cause).toBeUndefined();
      expect(JSON.stringify({ ...each, message: each.message })).not.toMatch(/sk_|_secret_|raw/);
    }
  });
});

test('an account is for one mode, as its key says', async () => {
  const processors = createProcessors({ stripe: [{ apiKey: 'sk_test_x' }] });
  expect(await processors.of({ tenant: 'ten_1', mode: 'test', processor: 'stripe' })).toMatchObject({ id: 'default' });
  await expect(processors.of({ tenant: 'ten_1', mode: 'live', processor: 'stripe' })).rejects.toThrow(
    'no stripe account',
  );
  await expect(processors.of({ tenant: 'ten_1', mode: 'test', processor: 'paypal' })).rejects.toThrow(
    'no paypal account',
  );
});

test.each([
  [undefined, 'test'],
  ['https://api-m.sandbox.paypal.com', 'test'],
  ['http://127.0.0.1:12111', 'test'],
  ['https://api-m.paypal.com', 'live'],
] as const)('PayPal at %s is for %s money', async (PAYPAL_API_BASE, mode) => {
  const processors = processorsOf({ PAYPAL_CLIENT_ID: 'a', PAYPAL_CLIENT_SECRET: 'b', PAYPAL_API_BASE });
  const of = (each: 'test' | 'live') => processors.of({ tenant: 'ten_1', mode: each, processor: 'paypal' });
  expect(await of(mode)).toMatchObject({ id: 'default', processor: { name: 'paypal' } });
  await expect(of(mode === 'test' ? 'live' : 'test')).rejects.toThrow('no paypal account');
});

test.each([
  [undefined, null],
  ['2', 2_000],
  ['Thu, 01 Jan 1970 00:00:30 GMT', 30_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['9999999', 600_000],
  ['soon', null],
])('Retry-After: %s', (header, ms) => {
  expect(retryAfterMs(header, 0)).toBe(ms);
});
