/** Stripe Subscriptions: Stripe invoices and collects, we tell it what is wanted and follow what it tells. */
import type Stripe from 'stripe';
import type { SeenSubscription } from '../domain/followed.ts';
import { invariant } from '../domain/invariant.ts';
import type { OrderToDo } from '../domain/order.ts';
import type { Terms } from '../domain/price-book.ts';
import type {
  ChangeQuote,
  CollectedRef,
  Collector,
  Confirmation,
  OrderAnswer,
  OrderRequest,
  Page,
  SeenWhole,
} from './processor.ts';
import { keyFor } from './processor-key.ts';
import { fromStripe } from './stripe-amounts.ts';
import { declineOf } from './stripe-declines.ts';
import { asking, askingFor, isMissing, type StripeError } from './stripe-errors.ts';
import { fieldsOf, linesOf, seenInvoice, seenPayment, seenSubscription, versionAt } from './stripe-followed.ts';
import { ensurePrice, uncarried } from './stripe-prices.ts';
import { ProcessorTrouble } from './trouble.ts';

export const createCollector = (stripe: Stripe): Collector => ({
  uncarried,
  carryOut: (request) => carryOut(stripe, request),
  readSubscription: async (theirs) => {
    const found = await askingFor(() => stripe.subscriptions.retrieve(theirs));
    return found && seenOf(found);
  },
  readInvoice: (theirs) => readInvoice(stripe, theirs),
  quote: (request) => quote(stripe, request),
  fetchConfirmation: (theirs) => fetchConfirmation(stripe, theirs),
  openCheckout: (request) => openCheckout(stripe, request),
  readCheckout: async (id) => {
    const found = await askingFor(() => stripe.checkout.sessions.retrieve(id));
    return found && { id, url: found.url };
  },
  openPortal: async ({ customer, returnUrl, key }) => {
    const { id, url } = await asking(() =>
      stripe.billingPortal.sessions.create(
        { customer, return_url: returnUrl },
        { idempotencyKey: `${customer}/portal/${key}` },
      ),
    );
    return { id, url };
  },
});

/** How we find our own again, in lists and in events; and what an invoice says of what was sold. */
const metadataOf = ({ tenant, mode, subscription }: CollectedRef, { product, name }: Terms) => ({
  ...{ hydra_tenant: tenant, hydra_mode: mode, hydra_subscription: subscription },
  ...{ hydra_product: product, hydra_name: name },
});

function carryOut(stripe: Stripe, request: OrderRequest): Promise<OrderAnswer> {
  return asking<OrderAnswer>(async () => ({ seen: seenOf(await told(stripe, request)) }), refusal);
}

/** Asked again it would be the same. That a key was used before for something else is no such answer. */
function refusal(error: StripeError): OrderAnswer | undefined {
  if (error.statusCode === 402) return { refused: declineOf(error).code };
  if (error.statusCode !== 400 && error.statusCode !== 404) return undefined;
  return error.rawType === 'invalid_request_error' ? { refused: error.code ?? 'refused' } : undefined;
}

type Told = Stripe.Response<Stripe.Subscription> | Stripe.Subscription;

async function told(stripe: Stripe, request: OrderRequest): Promise<Told> {
  const { order, theirs } = request;
  const options = { idempotencyKey: keyFor(request, `${request.subscription}/${request.key}`) };
  if (order.what === 'create') {
    const known = request.lookFirst ? await find(stripe, request) : null;
    return known ?? create(stripe, request, order, options);
  }
  invariant(theirs !== null, 'an order after the first names its subscription');
  const update = (params: Stripe.SubscriptionUpdateParams) => stripe.subscriptions.update(theirs, params, options);
  switch (order.what) {
    case 'change': {
      const price = await ensurePrice(stripe, request, order.terms);
      const item = await itemOf(stripe, theirs);
      return update({
        items: [{ id: item, price, quantity: order.quantity }],
        proration_behavior: PRORATION[order.proration],
        payment_behavior: 'allow_incomplete',
        metadata: metadataOf(request, order.terms),
      });
    }
    case 'cancel':
      if (order.when === 'now') return cancelNow(stripe, theirs);
      return update(
        order.when === 'period_end' ? { cancel_at_period_end: true } : { cancel_at: Math.floor(order.when / 1000) },
      );
    case 'uncancel': {
      const { cancel_at_period_end } = await stripe.subscriptions.retrieve(theirs);
      return update(cancel_at_period_end ? { cancel_at_period_end: false } : { cancel_at: '' });
    }
    case 'pause':
      // What it makes out meanwhile it makes void: nobody owes anything for a time in which nothing is had.
      return update({
        pause_collection: {
          behavior: 'void',
          ...(order.resumeAt !== null && { resumes_at: Math.floor(order.resumeAt / 1000) }),
        },
      });
    case 'resume': {
      const { status } = await stripe.subscriptions.retrieve(theirs);
      return status === 'paused' ? stripe.subscriptions.resume(theirs, {}, options) : update({ pause_collection: '' });
    }
    case 'use_payment_method':
      return update({ default_payment_method: order.paymentMethod });
  }
}

const PRORATION = { invoice_now: 'always_invoice', next_invoice: 'create_prorations', none: 'none' } as const;

async function create(
  stripe: Stripe,
  request: OrderRequest,
  { terms, quantity, paymentMethod, trialDays }: Extract<OrderToDo, { what: 'create' }>,
  options: { idempotencyKey: string },
): Promise<Told> {
  const price = await ensurePrice(stripe, request, terms);
  return stripe.subscriptions.create(
    {
      customer: request.customer,
      items: [{ price, quantity }],
      // Without a method the customer's browser confirms the first payment.
      payment_behavior: paymentMethod === null ? 'default_incomplete' : 'allow_incomplete',
      ...(paymentMethod !== null && { default_payment_method: paymentMethod }),
      payment_settings: { save_default_payment_method: 'on_subscription' },
      ...(trialDays > 0 && { trial_period_days: trialDays }),
      billing_mode: { type: 'flexible' },
      metadata: metadataOf(request, terms),
    },
    options,
  );
}

/** Stripe forgets keys after a day: what was made is known by its marks. */
async function find(stripe: Stripe, { customer, subscription }: OrderRequest): Promise<Stripe.Subscription | null> {
  for await (const each of stripe.subscriptions.list({ customer, status: 'all', limit: 100 })) {
    if (each.metadata.hydra_subscription === subscription) return each;
  }
  return null;
}

async function itemOf(stripe: Stripe, theirs: string): Promise<string> {
  const { items } = await stripe.subscriptions.retrieve(theirs);
  const [item] = items.data;
  if (!item) throw new ProcessorTrouble('refused', 'no_items', `stripe has no item of ${theirs}`);
  return item.id;
}

/** What has ended before is ended. */
async function cancelNow(stripe: Stripe, theirs: string): Promise<Told> {
  const ended = await asking<Told | null>(
    () => stripe.subscriptions.cancel(theirs),
    (error) => (isMissing(error) ? null : undefined),
  );
  return ended ?? stripe.subscriptions.retrieve(theirs);
}

function seenOf(found: Told): SeenSubscription {
  const seconds = found.test_clock === null ? answeredAt(found) : null;
  const known = [
    found.created,
    found.canceled_at,
    found.ended_at,
    ...found.items.data.map((item) => item.current_period_start),
  ];
  // On a clock nothing says when an answer was given: it is at least as late as what it says has happened.
  const asOf = seconds ?? Math.max(...known.flatMap((at) => at ?? []));
  const seen = seenSubscription(
    fieldsOf(found),
    versionAt(asOf, found.ended_at === null ? 'told' : 'deleted'),
    asOf * 1000,
  );
  if (!seen)
    throw new ProcessorTrouble('refused', 'unreadable', `stripe shows ${found.id} in a way that we don’t know`);
  return seen;
}

function answeredAt(found: Told | Stripe.Response<Stripe.Invoice>): number | null {
  const date = 'lastResponse' in found ? Date.parse(found.lastResponse.headers.date ?? '') : Number.NaN;
  return Number.isNaN(date) ? null : Math.floor(date / 1000);
}

async function readInvoice(stripe: Stripe, theirs: string): Promise<SeenWhole | null> {
  const found = await askingFor(() => stripe.invoices.retrieve(theirs));
  if (!found) return null;
  const lines = found.lines.has_more
    ? await asking(() => stripe.invoices.listLineItems(theirs, { limit: 100 }).autoPagingToArray({ limit: 1_000 }))
    : found.lines.data;
  const { finalized_at, paid_at, voided_at, marked_uncollectible_at } = found.status_transitions;
  const times = [found.created, finalized_at, paid_at, voided_at, marked_uncollectible_at].flatMap((at) => at ?? []);
  const asOf = (found.test_clock ? null : answeredAt(found)) ?? Math.max(...times);
  const whole = { ...found, lines: { data: lines, has_more: false } };
  const invoice = seenInvoice(fieldsOf(whole), versionAt(asOf), mostParts(lines));
  if (!invoice)
    throw new ProcessorTrouble('refused', 'unreadable', `stripe shows ${theirs} in a way that we don’t know`);
  const paid = await asking(() => stripe.invoicePayments.list({ invoice: theirs, status: 'paid', limit: 100 }));
  return { invoice, payments: paid.data.flatMap((each) => seenPayment(fieldsOf(each)) ?? []) };
}

const mostParts = (lines: readonly Stripe.InvoiceLineItem[]): number =>
  Math.max(
    1,
    ...lines.map(({ taxes, discount_amounts }) => Math.max(taxes?.length ?? 0, discount_amounts?.length ?? 0)),
  );

async function quote(
  stripe: Stripe,
  { theirs, terms, quantity, proration, ...scope }: Parameters<Collector['quote']>[0],
): Promise<ChangeQuote> {
  const price = await ensurePrice(stripe, scope, terms);
  const found = await asking(async () =>
    stripe.invoices.createPreview({
      subscription: theirs,
      subscription_details: {
        items: [{ id: await itemOf(stripe, theirs), price, quantity }],
        proration_behavior: PRORATION[proration],
      },
    }),
  );
  const lines = linesOf(fieldsOf(found), found.currency, mostParts(found.lines.data)) ?? [];
  return { lines, total: fromStripe(found.total, found.currency) };
}

async function fetchConfirmation(stripe: Stripe, theirs: string): Promise<Confirmation> {
  const found = await askingFor(() =>
    stripe.subscriptions.retrieve(theirs, { expand: ['latest_invoice.confirmation_secret'] }),
  );
  const invoice = found?.latest_invoice;
  const secret = typeof invoice === 'object' ? invoice?.confirmation_secret?.client_secret : undefined;
  return secret ? { clientSecret: secret } : {};
}

async function openCheckout(stripe: Stripe, request: Parameters<Collector['openCheckout']>[0]): Promise<Page> {
  const { customer, terms, quantity, trialDays, successUrl, cancelUrl, key } = request;
  const price = await ensurePrice(stripe, request, terms);
  const metadata = metadataOf(request, terms);
  const { id, url } = await asking(() =>
    stripe.checkout.sessions.create(
      {
        ...{ mode: 'subscription', customer, line_items: [{ price, quantity }] },
        ...{ success_url: successUrl, cancel_url: cancelUrl, metadata },
        subscription_data: { metadata, ...(trialDays > 0 && { trial_period_days: trialDays }) },
      },
      { idempotencyKey: keyFor(request, `${request.subscription}/${key}`) },
    ),
  );
  return { id, url };
}
