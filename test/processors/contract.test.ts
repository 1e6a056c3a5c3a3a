/**
 * What every processor's adapter keeps to. It runs against the simulator, and against real test accounts where the
 * environment has their keys: STRIPE_API_KEY, or PAYPAL_CLIENT_ID and PAYPAL_CLIENT_SECRET of the sandbox, with
 * PAYPAL_VAULT_ID for what a buyer there has agreed to. Without them those are skipped, and named as such.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { InvoiceId } from '../../src/domain/ids.ts';
import { createPaypal } from '../../src/processors/paypal.ts';
import type { ChargeAnswer, ChargeRequest, PaymentProcessor, RefundRequest } from '../../src/processors/processor.ts';
import { createStripe } from '../../src/processors/stripe.ts';
import { ProcessorTrouble } from '../../src/processors/trouble.ts';
import { startSimulator } from '../../src/simulator/server.ts';

type Party = {
  processor: PaymentProcessor;
  /** A method of this customer's that may be charged, as the processor calls it. */
  method: (customer: string) => Promise<string>;
  /** Only where trouble can be made. */
  sim?: {
    decline: (method: string) => Promise<void>;
    loseAnswer: (method: string) => Promise<void>;
    pend: (method: string) => Promise<void>;
    forgetKeys: () => Promise<void>;
    /** How often money moved. */
    moved: () => Promise<number>;
  };
};

async function simulator() {
  const sim = await startSimulator({ port: 0 });
  onTestFinished(sim.stop);
  const control = async (path: string, body: object = {}) => {
    const response = await fetch(`${sim.url}/_sim/${path}`, { method: 'POST', body: JSON.stringify(body) });
    expect(response.status, path).toBe(200);
  };
  // biome-ignore lint/suspicious/noExplicitAny: each side has a state of its own
  const state = async (path: string): Promise<any> => (await fetch(`${sim.url}/_sim/${path}`)).json();
  return { url: sim.url, control, state };
}

async function simulatedStripe(): Promise<Party> {
  const { url, control, state } = await simulator();
  const processor = createStripe({ apiKey: 'sk_test_x', apiBase: url, timeoutMs: 2_000 });
  const behave = (method: string, behaviour: object) =>
    control(`payment_methods/${method}`, { times: 1, ...behaviour });
  return {
    processor,
    method: (customer) => card(processor, customer),
    sim: {
      decline: (method) => behave(method, { behaviour: 'declines', code: 'insufficient_funds' }),
      loseAnswer: (method) => behave(method, { behaviour: 'answer_lost', requests: 2 }),
      pend: (method) => behave(method, { behaviour: 'processes' }),
      forgetKeys: () => control('idempotency_keys/forget'),
      moved: async () => (await state('state')).charges.succeeded,
    },
  };
}

async function simulatedPaypal(): Promise<Party> {
  const { url, control, state } = await simulator();
  const processor = createPaypal({ clientId: 'id', clientSecret: 'secret', apiBase: url, timeoutMs: 2_000 });
  const next = (trouble: object) => control('paypal/troubles', trouble);
  return {
    processor,
    async method(customer) {
      const { id } = await processor.createSetup({
        customer,
        key: randomUUID(),
        returnUrl: 'https://app.example/back',
      });
      await control('paypal/approve', { token: id });
      const method = await processor.attach({ customer, paymentMethod: id, key: randomUUID() });
      if ('refused' in method) throw new Error(method.refused);
      return method.id;
    },
    sim: {
      decline: () => next({ behaviour: 'declines', issue: 'PAYER_INSUFFICIENT_FUNDS' }),
      loseAnswer: () => next({ behaviour: 'answer_lost', requests: 9 }),
      pend: () => next({ behaviour: 'pends' }),
      forgetKeys: () => control('paypal/request_ids/forget'),
      moved: async () => (await state('paypal/state')).captures.COMPLETED ?? 0,
    },
  };
}

async function card(processor: PaymentProcessor, customer: string): Promise<string> {
  const method = await processor.attach({ customer, paymentMethod: 'pm_card_visa', key: randomUUID() });
  if ('refused' in method) throw new Error(method.refused);
  return method.id;
}

const { STRIPE_API_KEY, PAYPAL_CLIENT_ID, PAYPAL_CLIENT_SECRET, PAYPAL_VAULT_ID } = process.env;
const hasStripe = STRIPE_API_KEY?.startsWith('sk_test_') ?? false;
const hasPaypal = Boolean(PAYPAL_CLIENT_ID && PAYPAL_CLIENT_SECRET && PAYPAL_VAULT_ID && !process.env.PAYPAL_API_BASE);

async function realStripe(): Promise<Party> {
  const processor = createStripe({ apiKey: STRIPE_API_KEY ?? '' });
  return { processor, method: (customer) => card(processor, customer) };
}
async function realPaypal(): Promise<Party> {
  const processor = createPaypal({ clientId: PAYPAL_CLIENT_ID ?? '', clientSecret: PAYPAL_CLIENT_SECRET ?? '' });
  return { processor, method: async () => PAYPAL_VAULT_ID ?? '' };
}

const parties: [name: string, runs: boolean, party: () => Promise<Party>][] = [
  ['Stripe, simulated', true, simulatedStripe],
  ['PayPal, simulated', true, simulatedPaypal],
  [hasStripe ? 'Stripe in test mode' : 'Stripe in test mode (skipped: no STRIPE_API_KEY)', hasStripe, realStripe],
  [
    hasPaypal
      ? 'PayPal’s sandbox'
      : 'PayPal’s sandbox (skipped: no PAYPAL_CLIENT_ID, PAYPAL_CLIENT_SECRET and PAYPAL_VAULT_ID)',
    hasPaypal,
    realPaypal,
  ],
];

const WHOSE = { tenant: 'ten_1', mode: 'test' } as const;

async function ready(party: Party, over: Partial<ChargeRequest> = {}) {
  const { processor } = party;
  const customer = await processor.ensureCustomer({ ...WHOSE, customer: `cus_${randomUUID()}`, clock: null });
  const method = await party.method(customer);
  const invoice: InvoiceId = `inv_${randomUUID().slice(0, 8)}_1`;
  const request: ChargeRequest = {
    ...{ ...WHOSE, subscription: 'sub_1', invoice, attempt: 1, key: `charge/${invoice}/1`, requestedAt: Date.now() },
    ...{ customer, paymentMethod: method, amount: 3000, currency: 'usd', onSession: false, ...over },
  };
  return { ...party, customer, method, request };
}

/** As the charge's activity does where it has heard nothing. */
const again = async (processor: PaymentProcessor, request: ChargeRequest): Promise<ChargeAnswer> =>
  (await processor.findCharge(request)) ?? processor.charge(request);

const refundOf = (request: ChargeRequest, payment: string, attempt: number, amount: number): RefundRequest => ({
  ...{ ...WHOSE, subscription: 'sub_1', invoice: request.invoice, currency: 'usd', refund: `ref_${request.invoice}` },
  ...{ attempt, payment, amount, key: `refund/${request.invoice}/${attempt}` },
});

for (const [name, runs, party] of parties) {
  describe.skipIf(!runs)(name, () => {
    test('a customer asked for twice is one, and each tenant has its own', async () => {
      const { processor } = await party();
      const customer = `cus_${randomUUID()}` as const;
      const ask = (tenant: `ten_${string}`) =>
        processor.ensureCustomer({ tenant, mode: 'test', customer, clock: null });
      expect(await ask('ten_1')).toBe(await ask('ten_1'));
      expect(await ask('ten_2')).not.toBe(await ask('ten_1'));
    });

    test('a set-up can be asked for twice and read back, and has something for the browser', async () => {
      const { processor } = await party();
      const customer = await processor.ensureCustomer({ ...WHOSE, customer: `cus_${randomUUID()}`, clock: null });
      const order = { customer, key: randomUUID(), returnUrl: 'https://app.example/back' };
      const setup = await processor.createSetup(order);
      expect(setup.clientSecret ?? setup.approveUrl).toEqual(expect.any(String));
      expect(await processor.createSetup(order)).toEqual(setup);
      expect(await processor.readSetup(setup.id)).toEqual({ state: 'open', customer, paymentMethod: null });
    });

    test('of a method no more than its name, brand and last four are read', async () => {
      const { processor, method } = await ready(await party());
      const read = await processor.readPaymentMethod(method);
      expect(read).toMatchObject({ id: method, brand: expect.any(String) });
      expect(Object.keys(read ?? {}).sort()).toEqual(['brand', 'customer', 'id', 'last4']);
    });

    test('a charge brings its amount, once for its key', async () => {
      const { processor, request, sim } = await ready(await party());
      const answer = await processor.charge(request);
      expect(answer).toMatchObject({ outcome: 'succeeded', payment: expect.any(String), amount: 3000 });
      expect(await processor.charge(request)).toEqual(answer);
      expect(await again(processor, request)).toEqual(answer);
      if (sim) expect(await sim.moved()).toBe(1);
    });

    test('another attempt is another charge', async () => {
      const { processor, request } = await ready(await party());
      const first = await processor.charge(request);
      const second = await processor.charge({ ...request, attempt: 2, key: `charge/${request.invoice}/2` });
      expect(second).toMatchObject({ outcome: 'succeeded' });
      expect(second.payment).not.toBe(first.payment);
    });

    test('what never began is not found', async () => {
      const { processor, request } = await ready(await party());
      expect(await processor.findCharge(request)).toBeNull();
    });

    test('a refund is made once under its key, in parts, and not beyond what came', async () => {
      const { processor, request } = await ready(await party());
      const { payment } = await processor.charge(request);
      const give = (attempt: number, amount: number) =>
        processor.refund(refundOf(request, payment ?? '', attempt, amount));
      const first = await give(1, 1000);
      expect(first).toEqual({ outcome: 'succeeded', refund: expect.any(String), amount: 1000 });
      expect(await give(1, 1000)).toEqual(first);
      expect(await give(2, 1500)).toMatchObject({ outcome: 'succeeded', amount: 1500 });
      expect(await give(3, 501)).toMatchObject({ outcome: 'failed', refund: null });
      expect(await give(4, 500)).toMatchObject({ outcome: 'succeeded' });
      expect(await give(5, 1)).toMatchObject({ outcome: 'failed', refund: null });
    });

    test('what has succeeded is not called off', async () => {
      const { processor, request } = await ready(await party());
      const { payment } = await processor.charge(request);
      const answer = await processor.cancelPayment({ ...WHOSE, payment: payment ?? '', key: 'cancel' });
      expect(answer).toEqual({ outcome: 'succeeded', amount: 3000 });
    });

    test('a method that is gone is a decline, not a fault; gone twice is gone', async () => {
      const { processor, request, method, sim } = await ready(await party());
      if (!sim) return; // the real one is used again
      await processor.detach(method);
      await processor.detach(method);
      expect(await processor.charge(request)).toMatchObject({ outcome: 'declined', decline: 'no_payment_method' });
    });
  });

  describe.skipIf(!runs || !name.endsWith('simulated'))(`${name}: trouble`, () => {
    const withSim = async (over: Partial<ChargeRequest> = {}) => {
      const { sim, ...rest } = await ready(await party(), over);
      if (!sim) throw new Error('there is no simulator');
      return { sim, ...rest };
    };
    const trouble = async (work: Promise<unknown>): Promise<ProcessorTrouble> => {
      const error = await work.catch((thrown: unknown) => thrown);
      if (!(error instanceof ProcessorTrouble)) throw new Error(`no trouble: ${JSON.stringify(error)}`);
      return error;
    };

    test('a decline has its class, and the next attempt may go through', async () => {
      const { processor, request, method, sim } = await withSim();
      await sim.decline(method);
      expect(await processor.charge(request)).toMatchObject({ outcome: 'declined', decline: 'insufficient_funds' });
      const next = { ...request, attempt: 2, key: `charge/${request.invoice}/2` };
      expect(await processor.charge(next)).toMatchObject({ outcome: 'succeeded' });
      expect(await sim.moved()).toBe(1);
    });

    test('an answer that is lost: asked again, it is the same charge', async () => {
      const { processor, request, method, sim } = await withSim();
      await sim.loseAnswer(method);
      expect(await trouble(processor.charge(request))).toMatchObject({ kind: 'unreachable' });
      let answer: ChargeAnswer | null = null;
      for (let tries = 0; tries < 5 && !answer; tries++) answer = await again(processor, request).catch(() => null);
      expect(answer).toMatchObject({ outcome: 'succeeded', amount: 3000 });
      expect(await sim.moved()).toBe(1);
    });

    test('a key that was forgotten: looked up first, it is still one charge', async () => {
      const { processor, request, sim } = await withSim();
      const answer = await processor.charge(request);
      await sim.forgetKeys();
      const later = { ...request, requestedAt: Date.now() - processor.capabilities.keysLiveMs - 60_000 };
      expect(await processor.findCharge(later)).toEqual(answer);
      expect(await sim.moved()).toBe(1);
    });

    test('a payment under way is neither here nor declined', async () => {
      const { processor, request, method, sim } = await withSim();
      await sim.pend(method);
      expect(await processor.charge(request)).toEqual({ outcome: 'processing', payment: expect.any(String) });
      expect(await again(processor, request)).toMatchObject({ outcome: 'processing' });
    });
  });
}
