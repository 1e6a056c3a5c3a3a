import type Stripe from 'stripe';
import { expect, test } from 'vitest';
import { card, DAY, HOUR, JANUARY, shop, typesSince } from './billing.ts';
import { failure } from './support.ts';

/** A draft over 1000 cents. */
async function drafted(params: Partial<Stripe.InvoiceCreateParams> = {}, token?: string) {
  const sim = await shop(token);
  const { customer, stripe } = sim;
  await stripe.invoiceItems.create({ customer, amount: 1000, currency: 'usd', description: 'A day of help' });
  const draft = await stripe.invoices.create({ customer, pending_invoice_items_behavior: 'include', ...params });
  return { ...sim, draft };
}

test('a draft is edited, finalized and paid', async () => {
  const { stripe, customer, draft } = await drafted();
  expect(draft).toMatchObject({ status: 'draft', total: 1000, number: null, auto_advance: false });
  const { id } = draft;
  await stripe.invoiceItems.create({ customer, invoice: id, amount: 500, currency: 'usd' });
  await stripe.invoices.update(id, { description: 'Thank you', metadata: { ours: '1' } });
  const open = await stripe.invoices.finalizeInvoice(id);
  expect(open).toMatchObject({ status: 'open', total: 1500, amount_remaining: 1500, metadata: { ours: '1' } });
  expect(open.number).toMatch(/-0001$/);
  expect((await failure(stripe.invoices.update(id, { description: 'too late' }))).code).toBe('invoice_not_editable');
  const paid = await stripe.invoices.pay(id, { expand: ['payments'] });
  expect(paid).toMatchObject({
    status: 'paid',
    attempt_count: 1,
    payments: { data: [{ status: 'paid', amount_paid: 1500 }] },
  });
  expect((await failure(stripe.invoices.pay(id))).code).toBe('invoice_already_paid');
  const lines = await stripe.invoices.listLineItems(id, { limit: 1 });
  expect([lines.data.length, lines.has_more]).toEqual([1, true]);
});

test('a draft that advances by itself is finalized and paid within the hour', async () => {
  const sim = await drafted({ auto_advance: true });
  expect(sim.draft.automatically_finalizes_at).toBe(JANUARY + HOUR);
  await sim.advance(JANUARY + HOUR);
  expect((await sim.stripe.invoices.retrieve(sim.draft.id)).status).toBe('paid');
});

test('a draft can be deleted, and what was on it waits again', async () => {
  const { stripe, draft, customer } = await drafted();
  expect(await stripe.invoices.del(draft.id)).toMatchObject({ deleted: true });
  expect((await stripe.invoiceItems.list({ customer, pending: true })).data).toHaveLength(1);
});

test('a card that refuses is an answer, and the invoice stays open', async () => {
  const { stripe, draft } = await drafted({}, 'pm_card_chargeCustomerFail');
  const error = await failure(stripe.invoices.pay(draft.id));
  expect(error).toMatchObject({ statusCode: 402, code: 'card_declined' });
  expect(await stripe.invoices.retrieve(draft.id)).toMatchObject({ status: 'open', attempt_count: 1 });
  const better = await stripe.paymentMethods.attach('pm_card_visa', { customer: draft.customer as string });
  expect((await stripe.invoices.pay(draft.id, { payment_method: better.id })).status).toBe('paid');
});

test('an invoice that is sent is overdue on its day, and paid by other ways', async () => {
  const sim = await drafted({ collection_method: 'send_invoice', days_until_due: 14 });
  const { stripe, draft } = sim;
  const sent = await stripe.invoices.sendInvoice(draft.id);
  expect(sent).toMatchObject({ status: 'open', due_date: JANUARY + 14 * DAY });
  expect(sent.hosted_invoice_url).toContain(draft.id);
  await sim.advance(JANUARY + 15 * DAY);
  expect(await typesSince(sim, JANUARY + DAY)).toContain('invoice.overdue');
  const paid = await stripe.invoices.pay(draft.id, { paid_out_of_band: true });
  expect(paid).toMatchObject({ status: 'paid', amount_paid_off_stripe: 1000 });
});

test('void and uncollectible are ends; the payment goes with the first', async () => {
  const { stripe, draft } = await drafted();
  await stripe.invoices.finalizeInvoice(draft.id);
  expect((await stripe.invoices.markUncollectible(draft.id)).status).toBe('uncollectible');
  const voided = await stripe.invoices.voidInvoice(draft.id, { expand: ['payments.data.payment.payment_intent'] });
  expect(voided).toMatchObject({
    status: 'void',
    payments: { data: [{ status: 'canceled', payment: { payment_intent: { status: 'canceled' } } }] },
  });
  expect((await failure(stripe.invoices.voidInvoice(draft.id))).code).toBe('status_transition_invalid');
});

test('a credit note lowers what is owed, or gives back what was paid', async () => {
  const { stripe, draft, customer } = await drafted();
  await stripe.invoices.finalizeInvoice(draft.id);
  const lower = await stripe.creditNotes.create({ invoice: draft.id, amount: 200, reason: 'order_change' });
  expect(lower).toMatchObject({ type: 'pre_payment', pre_payment_amount: 200, status: 'issued' });
  expect(await stripe.invoices.pay(draft.id)).toMatchObject({ amount_paid: 800, total: 1000 });
  const back = await stripe.creditNotes.create({
    invoice: draft.id,
    amount: 300,
    refund_amount: 200,
    credit_amount: 100,
  });
  expect(back).toMatchObject({ type: 'post_payment', post_payment_amount: 300, refunds: [{ amount_refunded: 200 }] });
  expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -100 });
  expect((await stripe.refunds.list()).data).toMatchObject([{ amount: 200 }]);
  const preview = await stripe.creditNotes.preview({ invoice: draft.id, amount: 100, refund_amount: 100 });
  expect(preview.amount).toBe(100);
  expect((await stripe.creditNotes.list({ invoice: draft.id })).data).toHaveLength(2);
  expect((await failure(stripe.creditNotes.create({ invoice: draft.id, amount: 501, refund_amount: 501 }))).param).toBe(
    'amount',
  );
});

test('credit on account pays first; what is too little for a payment goes onto it', async () => {
  const { stripe, draft, customer } = await drafted();
  await stripe.customers.createBalanceTransaction(customer, { amount: -980, currency: 'usd' });
  const open = await stripe.invoices.finalizeInvoice(draft.id);
  expect(open).toMatchObject({ status: 'paid', starting_balance: -980, amount_due: 0, ending_balance: 20 });
  await stripe.invoiceItems.create({ customer, amount: 100, currency: 'usd' });
  const next = await stripe.invoices.create({ customer, pending_invoice_items_behavior: 'include' });
  expect(next).toMatchObject({ total: 100, amount_due: 120 });
});

test('a sent subscription is active at once, and past due when its invoice is', async () => {
  const sim = await shop(null);
  const { stripe } = sim;
  const { id, latest_invoice, status } = await stripe.subscriptions.create({
    customer: sim.customer,
    items: [{ price: sim.monthly }],
    collection_method: 'send_invoice',
    days_until_due: 7,
  });
  expect(status).toBe('active');
  await sim.advance(JANUARY + 8 * DAY);
  expect((await stripe.subscriptions.retrieve(id)).status).toBe('past_due');
  await card(sim, sim.customer, 'pm_card_visa');
  await stripe.invoices.pay(latest_invoice as string);
  expect((await stripe.subscriptions.retrieve(id)).status).toBe('active');
});

test('an invoice that is credited as a whole is paid, and its payment withdrawn', async () => {
  const { stripe, draft } = await drafted();
  await stripe.invoices.finalizeInvoice(draft.id);
  await stripe.creditNotes.create({ invoice: draft.id, amount: 1000 });
  const after = await stripe.invoices.retrieve(draft.id, { expand: ['payments.data.payment.payment_intent'] });
  expect(after).toMatchObject({
    status: 'paid',
    amount_remaining: 0,
    payments: { data: [{ payment: { payment_intent: { status: 'canceled' } } }] },
  });
});

test('while a bank is at work on a payment, nothing else is done about its invoice', async () => {
  const { stripe, draft } = await drafted({}, 'pm_sim_processing');
  const { id, status } = await stripe.invoices.pay(draft.id);
  expect(status).toBe('open');
  for (const order of [stripe.invoices.voidInvoice(id!), stripe.invoices.pay(id!)]) {
    expect((await failure(order)).message).toContain('processing');
  }
});
