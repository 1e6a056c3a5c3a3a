/** PayPal's adapter beyond what contract.test.ts asks of every one, on the simulator. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import type { InvoiceId } from '../../src/domain/ids.ts';
import { createPaypal } from '../../src/processors/paypal.ts';
import type { ChargeRequest } from '../../src/processors/processor.ts';
import { ProcessorTrouble } from '../../src/processors/trouble.ts';
import { startSimulator } from '../../src/simulator/server.ts';

const WHOSE = { tenant: 'ten_1', mode: 'test' } as const;
const MARK = /^ten_1\/test\/sub_1\/inv_[0-9a-f]+_1\/1$/;

async function start() {
  const simulator = await startSimulator({ port: 0 });
  onTestFinished(simulator.stop);
  const processor = createPaypal({ clientId: 'id', clientSecret: 'secret', apiBase: simulator.url, timeoutMs: 5_000 });
  // biome-ignore lint/suspicious/noExplicitAny: each switch has an answer of its own
  const control = async (path: string, body: object = {}): Promise<any> => {
    const response = await fetch(`${simulator.url}/_sim/paypal/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect(response.status, path).toBe(200);
    return response.json();
  };
  const customerOf = (id: string) => processor.ensureCustomer({ ...WHOSE, customer: `cus_${id}`, clock: null });
  const agreed = async (customer: string) => {
    const { id } = await processor.createSetup({ customer, key: randomUUID(), returnUrl: 'https://app.example/back' });
    await control('approve', { token: id });
    return id;
  };
  return { processor, control, customerOf, agreed };
}

type Started = Awaited<ReturnType<typeof start>>;
async function ready(
  { processor, customerOf, agreed }: Started,
  over: Partial<ChargeRequest> = {},
): Promise<ChargeRequest> {
  const customer = await customerOf(randomUUID());
  const method = await processor.attach({ customer, paymentMethod: await agreed(customer), key: randomUUID() });
  if ('refused' in method) throw new Error(method.refused);
  const invoice: InvoiceId = `inv_${randomUUID().slice(0, 8)}_1`;
  return {
    ...{ ...WHOSE, subscription: 'sub_1', invoice, attempt: 1, key: `charge/${invoice}/1`, requestedAt: Date.now() },
    ...{ customer, paymentMethod: method.id, amount: 3000, currency: 'usd', onSession: false, ...over },
  };
}

test('what was agreed to is brought in by whom it was made for, once it is agreed; told twice it is one', async () => {
  const { processor, customerOf, agreed } = await start();
  const [ada, grace] = [await customerOf('ada'), await customerOf('grace')];
  const open = await processor.createSetup({ customer: ada, key: 'k', returnUrl: 'https://app.example/back' });
  const attach = (customer: string, paymentMethod: string) =>
    processor.attach({ customer, paymentMethod, key: randomUUID() });
  expect(await attach(ada, open.id)).toEqual({ refused: 'payment_method_unusable' });
  expect(await attach(ada, 'NOBODY')).toEqual({ refused: 'payment_method_unusable' });
  const setup = await agreed(ada);
  expect(await attach(grace, setup)).toEqual({ refused: 'payment_method_unusable' });
  const kept = await attach(ada, setup);
  expect(kept).toMatchObject({ customer: ada, brand: 'paypal', last4: null });
  expect(await attach(ada, setup)).toEqual(kept);
});

test('the buyer’s name and address never come in', async () => {
  const sim = await start();
  const { paymentMethod } = await ready(sim);
  expect(JSON.stringify(await sim.processor.readPaymentMethod(paymentMethod))).not.toMatch(/@|Buyer/);
});

test.each([
  ['INSTRUMENT_DECLINED', 'soft'],
  ['PAYER_CANNOT_PAY', 'hard'],
  ['TRANSACTION_BLOCKED_BY_PAYEE', 'fraud_suspected'],
  ['PAYER_ACTION_REQUIRED', 'authentication_required'],
  ['SOMETHING_NEW', 'soft'],
])('an order refused for %s is a %s decline', async (issue, decline) => {
  const sim = await start();
  const request = await ready(sim);
  await sim.control('troubles', { behaviour: 'declines', issue });
  expect(await sim.processor.charge(request)).toEqual({
    outcome: 'declined',
    payment: null,
    decline,
    code: issue.toLowerCase(),
  });
});

test('a capture that is denied is a decline with a payment', async () => {
  const sim = await start();
  const request = await ready(sim);
  await sim.control('troubles', { behaviour: 'denies' });
  const denied = await sim.processor.charge(request);
  expect(denied).toMatchObject({ outcome: 'declined', payment: expect.any(String), decline: 'fraud_suspected' });
});

test('amounts are in PayPal’s decimals', async () => {
  const sim = await start();
  for (const [amount, currency] of [
    [1234, 'eur'],
    [500, 'jpy'],
    [120_000, 'huf'],
  ] as const) {
    expect(await sim.processor.charge(await ready(sim, { amount, currency }))).toMatchObject({
      outcome: 'succeeded',
      amount,
    });
  }
  const unknown = await ready(sim, { currency: 'aed' });
  expect(await sim.processor.charge(unknown)).toMatchObject({
    outcome: 'declined',
    decline: 'hard',
    code: 'currency_not_supported',
  });
});

test('forgotten there and not in its list yet: never again, and not given up', async () => {
  const sim = await start();
  const request = await ready(sim);
  await sim.processor.charge(request);
  await sim.control('request_ids/forget');
  const error = await sim.processor.charge(request).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProcessorTrouble);
  expect(error).toMatchObject({ kind: 'unreachable', code: 'duplicate_invoice_id' });
});

test('an old attempt is found in the list by its invoice id, another isn’t', async () => {
  const sim = await start();
  const request = await ready(sim);
  const answer = await sim.processor.charge(request);
  const payment = answer.payment ?? '';
  const refund = {
    refund: `ref_${request.invoice}`,
    attempt: 1,
    invoice: request.invoice,
    payment,
    amount: 3000,
    key: 'r',
  } as const;
  await sim.processor.refund({ ...WHOSE, subscription: 'sub_1', currency: 'usd', ...refund });
  const old = { ...request, requestedAt: Date.now() - 7 * 3_600_000 };
  expect(await sim.processor.findCharge(old)).toEqual(answer);
  expect(await sim.processor.findCharge({ ...old, attempt: 2 })).toBeNull();
});

test('after 180 days nothing is given back', async () => {
  const sim = await start();
  const request = await ready(sim);
  const { payment } = await sim.processor.charge(request);
  await sim.control('advance', { seconds: 181 * 86_400 });
  const refund = {
    refund: 'ref_1',
    attempt: 1,
    invoice: request.invoice,
    payment: payment ?? '',
    amount: 100,
    key: 'r',
  } as const;
  expect(await sim.processor.refund({ ...WHOSE, subscription: 'sub_1', currency: 'usd', ...refund })).toEqual({
    ...{ outcome: 'failed', refund: null, code: 'refund_time_limit_exceeded' },
  });
});

test('each object is seen as it is there now', async () => {
  const sim = await start();
  const { look, charge } = sim.processor;
  const request = await ready(sim);
  await sim.control('troubles', { behaviour: 'pends' });
  const { payment } = await charge(request);
  const of = { amount: 3000, currency: 'usd', mark: expect.stringMatching(MARK), payment: null, outcome: null };
  expect(await look('payment', payment ?? '')).toEqual({ ...of, state: 'processing' });
  await sim.control(`captures/${payment}/settle`);
  expect(await look('payment', payment ?? '')).toEqual({ ...of, state: 'succeeded' });

  const order = {
    refund: 'ref_1',
    attempt: 1,
    invoice: request.invoice,
    payment: payment ?? '',
    amount: 700,
    key: 'r',
  } as const;
  const given = await sim.processor.refund({ ...WHOSE, subscription: 'sub_1', currency: 'usd', ...order });
  expect(await look('refund', given.refund ?? '')).toEqual({
    ...{ state: 'succeeded', amount: 700, currency: 'usd', mark: 'ten_1/test/sub_1/ref_1/1', payment, outcome: null },
  });

  const other = await charge(await ready(sim));
  const { dispute_id } = await sim.control(`captures/${other.payment}/dispute`);
  expect(await look('dispute', dispute_id)).toMatchObject({
    state: 'open',
    amount: 3000,
    payment: other.payment,
    outcome: null,
  });
  expect(await look('method', request.paymentMethod)).toMatchObject({ state: 'open' });
  await sim.processor.detach(request.paymentMethod);
  expect(await look('method', request.paymentMethod)).toBeNull();
  expect(await look('payment', 'NOBODY')).toBeNull();
});

test('there are no clocks to move', async () => {
  const { processor } = await start();
  expect(processor.capabilities).toMatchObject({ clocks: false, cancelsPayments: false, savesMethods: 'on_its_page' });
  expect(() => processor.createClock({ now: 0, key: 'k' })).toThrow(ProcessorTrouble);
});
