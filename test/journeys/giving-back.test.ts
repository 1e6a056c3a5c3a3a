/** What becomes of an invoice after it was issued, whole: HTTP, workflow, books, processor, and its news on the way back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import type { InvoiceId } from '../../src/domain/ids.ts';
import { type Answer as Asked, workflowIdOf } from '../../workflows/messages.ts';
import { startApiOnEngine } from '../api/on-engine.ts';
import { type Api, type Ask, publishPrices } from '../api/support.ts';
import { line } from '../domain/builders.ts';
import { type Engine, until } from '../support/engine.ts';
import { isSettled, type News, startNews } from '../support/news.ts';

let engine: Engine;
let api: Api;
let news: News;
let finance: Ask;

beforeAll(async () => {
  const patienceMs = { command: 40_000, payment: 20_000 };
  ({ engine, api } = await startApiOnEngine({ patienceMs }));
  await publishPrices(api);
  news = await startNews(engine);
  finance = api.as(await api.token('finance'));
});
afterAll(async () => {
  await news?.stop();
  await api?.stop();
});

/** Basic, 19.00 USD a month, paid. */
async function paying(card = 'pm_card_visa') {
  const customer = await api.customer();
  const { body } = await customer.ask('POST', '/api/billing/subscribe', { planId: 'basic', paymentMethodId: card });
  const { subscription } = body;
  const invoice = await until(
    async () => (await customer.ask('GET', '/api/billing/invoices')).body.data[0],
    (found) => found?.state === 'paid',
    'paid',
  );
  const { id: payment } = await engine.db
    .selectFrom('payments')
    .select('id')
    .where('invoice_id', '=', invoice.id)
    .executeTakeFirstOrThrow();
  return { ...customer, subscription, invoice: invoice.id as InvoiceId, payment };
}

const amount = (minor: number) => ({ amount: minor, currency: 'usd' });
const refundOf = async (id: string) =>
  (await finance('GET', '/api/admin/refunds')).body.data.find((each: { id: string }) => each.id === id);
const settled = () => until(news.inbox, isSettled, 'all news is taken in');

/** What has moved on the tenant's own accounts since. */
async function books(): Promise<(code: string) => Promise<number>> {
  const read = async (code: string): Promise<number> => {
    const { body } = await finance('GET', `/api/admin/ledger/accounts?account=${code}&limit=100`);
    return body.data.reduce((sum: number, { balance }: { balance: { amount: number } }) => sum + balance.amount, 0);
  };
  const codes = ['refunds', 'processor_clearing', 'disputes', 'processor_fees', 'receivable', 'bad_debt', 'cash'];
  const more = ['customer_credit', 'unapplied_cash', 'deferred_revenue', 'revenue'];
  const before = new Map<string, number>();
  for (const code of [...codes, ...more]) before.set(code, await read(code));
  return async (code) => (await read(code)) - before.get(code)!;
}

describe('a refund', () => {
  test('is a credit note and money back, in parts, and never more than is left', async () => {
    const { ask, invoice } = await paying();
    const moved = await books();
    const first = await finance('POST', `/api/admin/invoices/${invoice}/refund`, {
      amount: 500,
      reason: 'order_change',
    });
    expect(first.status, first.text).toBe(200);
    expect(first.body.creditNote).toMatchObject({
      to: 'refund',
      total: amount(500),
      number: expect.stringMatching(/^CN-/),
    });
    const [refund] = first.body.refunds;
    await until(
      () => refundOf(refund.id),
      ({ state }) => state === 'succeeded',
      'refunded',
    );
    expect(await moved('refunds')).toBe(0);
    expect(await moved('processor_clearing')).toBe(-500);
    const over = await finance('POST', `/api/admin/invoices/${invoice}/refund`, { amount: 1401, reason: 'other' });
    expect(over.status).toBe(409);
    expect(over.body).toMatchObject({
      code: 'credit_exceeds_remainder',
      detail: 'amount: cannot credit 14.01 USD: 14.00 USD is left that can be refunded',
      errors: [{ path: 'amount', message: expect.stringContaining('14.00 USD') }],
    });
    const rest = await finance('POST', `/api/admin/invoices/${invoice}/refund`, { reason: 'order_change' });
    expect(rest.body.creditNote.total).toEqual(amount(1400));
    await until(
      () => refundOf(rest.body.refunds[0].id),
      ({ state }) => state === 'succeeded',
      'refunded',
    );
    const { body: shown } = await ask('GET', `/api/billing/invoices/${invoice}`);
    expect(shown).toMatchObject({ amountCredited: amount(1900), amountRemaining: amount(0), state: 'paid' });
    expect(shown.creditNotes.map(({ total }: { total: object }) => total)).toEqual([amount(500), amount(1400)]);
    const { body: own } = await ask('GET', '/api/billing/credit-notes');
    expect(own.data).toHaveLength(2);
    expect(
      (await news.stripe.refunds.list({ limit: 10 })).data.filter(
        ({ metadata }) => metadata?.hydra_invoice === invoice,
      ),
    ).toHaveLength(2);
    expect(await moved('processor_clearing')).toBe(-1900);
    await settled();
  });

  test('that the bank sends back days later is booked back, and tried again by a person', async () => {
    const { invoice, payment } = await paying('pm_card_refundFail');
    const moved = await books();
    const { body } = await finance('POST', `/api/admin/invoices/${invoice}/refund`, {
      reason: 'requested_by_customer',
    });
    const [{ id }] = body.refunds;
    await until(
      () => refundOf(id),
      ({ state }) => state === 'succeeded',
      'refunded',
    );
    expect(await moved('processor_clearing')).toBe(-1900);
    const [made] = (await news.stripe.refunds.list({ payment_intent: payment })).data;
    await fetch(`${engine.simulator.url}/_sim/refunds/${made?.id}/settle`, {
      method: 'POST',
      body: JSON.stringify({ status: 'failed' }),
    });
    const failed = await until(
      () => refundOf(id),
      ({ state }) => state === 'failed',
      'booked back',
    );
    expect(failed).toMatchObject({ code: 'expired_or_canceled_card', attempt: 1 });
    expect(await moved('processor_clearing')).toBe(0);
    expect(await moved('refunds'), 'still promised').toBe(1900);
    await settled();
    const again = await finance('POST', `/api/admin/refunds/${id}/retry`);
    expect(again.status, again.text).toBe(200);
    await until(
      () => refundOf(id),
      ({ state, attempt }) => state === 'succeeded' && attempt === 2,
      'refunded at the second try',
    );
    expect(await moved('processor_clearing')).toBe(-1900);
    expect(await moved('refunds')).toBe(0);
    expect((await news.stripe.refunds.list({ payment_intent: payment })).data).toHaveLength(2);
    const known = await finance('POST', `/api/admin/refunds/${id}/retry`);
    expect(known.body.code).toBe('refund_not_failed');
    await settled();
  });

  test('made in the processor’s dashboard gets a credit note over the invoice', async () => {
    const { ask, invoice, payment } = await paying();
    const moved = await books();
    await news.stripe.refunds.create({ payment_intent: payment, amount: 700 });
    const { creditNotes } = await until(
      async () => (await ask('GET', `/api/billing/invoices/${invoice}`)).body,
      (shown) => shown.creditNotes.length === 1,
      'credited',
    );
    expect(creditNotes).toMatchObject([{ to: 'refund', total: amount(700) }]);
    expect(await moved('refunds')).toBe(0);
    expect(await moved('processor_clearing')).toBe(-700);
    await settled();
  });

  test('of a customer’s credit goes back to a payment', async () => {
    const { id, ask, invoice, subscription } = await paying();
    const moved = await books();
    const note = await finance('POST', `/api/admin/invoices/${invoice}/credit-note`, {
      ...{ lines: [{ line: 0, amount: 900 }], to: 'credit', reason: 'product_unsatisfactory' },
    });
    expect(note.status, note.text).toBe(200);
    expect(await moved('customer_credit')).toBe(900);
    const more = { subscriptionId: subscription.id, amount: 901 };
    expect((await finance('POST', '/api/admin/credit-refunds', more)).body.code).toBe('credit_insufficient');
    const { body } = await finance('POST', '/api/admin/credit-refunds', { ...more, amount: 900 });
    await until(
      () => refundOf(body.refunds[0].id),
      ({ state }) => state === 'succeeded',
      'refunded',
    );
    expect(await moved('customer_credit')).toBe(0);
    expect(await moved('processor_clearing')).toBe(-900);
    expect(id).toBe((await ask('GET', '/api/billing/credit-notes')).body.data[0].customerId);
    await settled();
  });
});

describe('a dispute', () => {
  const disputes = async (payment: string) =>
    (await finance('GET', '/api/admin/disputes')).body.data.filter(
      (each: { paymentId: string }) => each.paymentId === payment,
    );

  test.each([
    ['lost', 'losing_evidence', 1900, -1900 - 1500],
    ['won', 'winning_evidence', 0, -1500],
  ])('that is %s', async (outcome, evidence, lost, clearing) => {
    const moved = await books();
    const { invoice, payment } = await paying('pm_card_createDispute');
    const [open] = await until(
      () => disputes(payment),
      (found) => found[0]?.withdrawn.amount === 1900,
      'the money is taken back',
    );
    expect(open).toMatchObject({ inquiry: false, outcome: null, fee: amount(1500) });
    const refused = await finance('POST', `/api/admin/invoices/${invoice}/refund`, { reason: 'fraudulent' });
    expect(refused.body).toMatchObject({ status: 409, code: 'payment_disputed' });
    await news.stripe.disputes.update(open.id, { evidence: { uncategorized_text: evidence } });
    await until(
      () => disputes(payment),
      ([found]) => found.outcome === outcome && found.reinstated.amount === 1900 - lost,
      outcome,
    );
    await settled();
    expect(await moved('disputes')).toBe(lost);
    expect(await moved('processor_fees'), 'the fee is kept').toBe(1500);
    expect(await moved('processor_clearing')).toBe(1900 + clearing);
  });

  test('an inquiry moves no money, and a refund answers it', async () => {
    const { invoice, payment } = await paying('pm_card_createDisputeInquiry');
    const moved = await books();
    await until(
      () => disputes(payment),
      (found) => found.length === 1,
      'asked',
    );
    expect(await moved('disputes')).toBe(0);
    const { status } = await finance('POST', `/api/admin/invoices/${invoice}/refund`, { reason: 'fraudulent' });
    expect(status).toBe(200);
    await settled();
  });
});

describe('an invoice that was sent', () => {
  /** 100.00 USD, to be paid within 30 days. */
  async function sent() {
    const customer = await paying();
    const handle = engine.client.workflow.getHandle(workflowIdOf(api.tenant, customer.subscription.id));
    const lines = [line(10_000)];
    const collect = { by: 'send', netDays: 30, purchaseOrder: null } as const;
    const id = `u${customer.subscription.id}`;
    const command = { type: 'bill', lines, when: 'now', collect } as const;
    const asked = { id, command, origin: { by: 'principal', ref: 'test' } };
    const answer = await handle.executeUpdate<Asked, [typeof asked]>('bill', { args: [asked] });
    expect(answer.outcome).toBe('applied');
    const { body } = await customer.ask('GET', '/api/billing/invoices?state=open');
    return { ...customer, open: body.data[0].id as InvoiceId };
  }
  const post = (invoice: string, what: string, body: object) =>
    finance('POST', `/api/admin/invoices/${invoice}/${what}`, body);

  test('is paid in parts, and what is more is kept for the customer', async () => {
    const { open } = await sent();
    const moved = await books();
    const first = await post(open, 'payments', {
      amount: 4000,
      reference: 'SEPA-1',
      receivedAt: '2026-01-02T00:00:00Z',
    });
    expect(first.body.invoice).toMatchObject({
      state: 'open',
      amountPaid: amount(4000),
      amountRemaining: amount(6000),
    });
    const voided = await post(open, 'void', { reason: 'duplicate' });
    expect(voided.body.code).toBe('invoice_partly_settled');
    const note = await post(open, 'credit-note', { amount: 1000, to: 'open', reason: 'order_change' });
    expect(note.body.invoice).toMatchObject({ amountRemaining: amount(5000), amountCredited: amount(1000) });
    const last = await post(open, 'payments', { amount: 5500, reference: 'SEPA-2' });
    expect(last.body.invoice).toMatchObject({ state: 'paid', amountPaid: amount(9000) });
    expect(await moved('cash')).toBe(9500);
    expect(await moved('unapplied_cash')).toBe(500);
    expect(await moved('receivable')).toBe(-10_000);
    const refused = await post(open, 'refund', { reason: 'other' });
    expect(refused.body, 'there is no way back for a transfer').toMatchObject({ code: 'credit_exceeds_remainder' });
  });

  test('is void, once', async () => {
    const { open } = await sent();
    const moved = await books();
    expect((await post(open, 'void', { reason: 'duplicate' })).body.invoice.state).toBe('void');
    expect(await moved('receivable')).toBe(-10_000);
    expect((await post(open, 'void', { reason: 'duplicate' })).body.code).toBe('invoice_not_open');
    expect((await post(open, 'credit-note', { to: 'credit', reason: 'other' })).body.code).toBe(
      'invoice_not_creditable',
    );
  });

  test('is written off, and recovered by a late payment', async () => {
    const { open } = await sent();
    const moved = await books();
    expect((await post(open, 'write-off', { reason: 'insolvent' })).body.invoice.state).toBe('uncollectible');
    expect(await moved('bad_debt')).toBe(10_000);
    expect(await moved('receivable')).toBe(-10_000);
    expect((await post(open, 'payments', { amount: 10_000, reference: 'LATE' })).body.invoice.state).toBe('paid');
    expect(await moved('bad_debt')).toBe(0);
    expect(await moved('receivable')).toBe(-10_000);
  });

  test('is for those who answer for money to change', async () => {
    const { open, ask } = await sent();
    const support = api.as(await api.token('support'));
    for (const who of [ask, support]) {
      expect((await who('POST', `/api/admin/invoices/${open}/void`, { reason: 'other' })).status).toBe(403);
    }
  });
});

test('a cancellation gives the unused days back', async () => {
  const { id, ask, invoice, subscription } = await paying();
  const moved = await books();
  const { status, body } = await ask('POST', '/api/billing/cancel', {
    ...{ subscriptionId: subscription.id, at: 'now', credit: 'unused' },
  });
  expect(status, JSON.stringify(body)).toBe(200);
  const { body: shown } = await ask('GET', `/api/billing/invoices/${invoice}`);
  const [note] = shown.creditNotes;
  // The day of the cancellation is used: of N days, N − 1 come back.
  const days = Math.round((Date.parse(shown.lines[0].period.to) - Date.parse(shown.lines[0].period.from)) / 86_400_000);
  expect(note).toMatchObject({ to: 'credit', total: amount(1900 - Math.round(1900 / days)) });
  expect(await moved('customer_credit')).toBe(note.total.amount);
  expect(id).toBe(shown.customerId);
});

test('the books agree with themselves, and nobody complained', async () => {
  await settled();
  expect(await verifyLedger(engine.db)).toMatchObject({ differences: [] });
  expect(news.problems).toEqual([]);
  const numbers = await engine.db.selectFrom('credit_notes').select('sequence').orderBy('sequence').execute();
  expect(numbers.map(({ sequence }) => sequence)).toEqual(numbers.map((_, i) => i + 1));
});
