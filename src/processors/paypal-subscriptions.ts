/**
 * PayPal Subscriptions: PayPal bills and collects, we tell it what is wanted and follow it. Its cancellation is immediate and
 * final: so one that is planned suspends now, is told again at the period's end, and is undone by activating.
 */
import { z } from 'zod';
import type { SeenSubscription } from '../domain/followed.ts';
import type { PaymentId } from '../domain/ids.ts';
import { invariant } from '../domain/invariant.ts';
import type { OrderToDo } from '../domain/order.ts';
import type { Terms } from '../domain/price-book.ts';
import { boundary, type Instant, type Interval } from '../domain/time.ts';
import { readPaypal } from './paypal-amounts.ts';
import type { PaypalAnswer, PaypalClient } from './paypal-client.ts';
import { markOfSubscription } from './paypal-marks.ts';
import { ensurePlan, type PlanThere, readPlan, uncarried } from './paypal-plans.ts';
import { read, refusedBy } from './paypal-read.ts';
import type { CollectedRef, Collector, OrderAnswer, OrderRequest, Page, SeenWhole } from './processor.ts';
import { keyFor } from './processor-key.ts';
import { ProcessorTrouble } from './trouble.ts';

const DAY = 86_400_000;

const agreement = z.object({
  id: z.string(),
  plan_id: z.string(),
  custom_id: z.string().optional(),
  quantity: z.string().default('1'),
  status: z.string(),
  status_change_note: z.string().optional(),
  status_update_time: z.iso.datetime({ offset: true }).optional(),
  create_time: z.iso.datetime({ offset: true }),
  update_time: z.iso.datetime({ offset: true }).optional(),
  start_time: z.iso.datetime({ offset: true }),
  billing_info: z
    .object({
      outstanding_balance: z.object({ value: z.string(), currency_code: z.string() }),
      next_billing_time: z.iso.datetime({ offset: true }).optional(),
    })
    .optional(),
  links: z.array(z.object({ rel: z.string(), href: z.string() })).default([]),
});
type Agreement = z.output<typeof agreement>;

const sale = z.object({
  id: z.string(),
  state: z.string(),
  amount: z.object({ total: z.string(), currency: z.string() }),
  billing_agreement_id: z.string(),
  create_time: z.iso.datetime({ offset: true }),
  update_time: z.iso.datetime({ offset: true }).optional(),
});

type Whose = Parameters<Collector['readSubscription']>[1];

export const createCollector = (client: PaypalClient): Collector => ({
  uncarried,
  carryOut: (request) => carryOut(client, request),
  async readSubscription(theirs, whose) {
    const found = await fetchAgreement(client, theirs);
    return found && isOf(whose, found) ? seenOf(client, found) : null;
  },
  readInvoice: (theirs, whose) => readSale(client, theirs, whose),
  // A revision counts from the next period, and nothing is prorated.
  quote: async () => ({ lines: [], total: 0 }),
  async fetchConfirmation(theirs) {
    const url = approvalOf(await fetchAgreement(client, theirs));
    return url === null ? {} : { approveUrl: url };
  },
  openCheckout: (request) => openCheckout(client, request),
  async readCheckout(id) {
    const found = await fetchAgreement(client, id);
    return found && { id, url: approvalOf(found) };
  },
  openPortal: () => {
    throw new ProcessorTrouble(
      'refused',
      'no_portal',
      'paypal has no page of ours: buyers see to payments in their account',
    );
  },
});

/** A cancellation that is planned, and a pause, are both a suspension there: our own words on it say which. */
const PAUSED = 'Paused';
const cancelsAt = (at: Instant): string => `Cancels at ${new Date(at).toISOString()}`;
const CANCELS_AT = /^Cancels at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/;

async function carryOut(client: PaypalClient, request: OrderRequest): Promise<OrderAnswer> {
  const { order, theirs } = request;
  if (order.what === 'create') {
    const made = await create(client, request, order, null);
    return 'refused' in made ? made : { seen: await seenOf(client, made) };
  }
  invariant(theirs !== null, 'an order after the first names its subscription');
  const before = await fetchAgreement(client, theirs);
  if (!before) return { refused: 'resource_not_found' };
  const refused = isDone(order, before) ? null : await told(client, request, order, before);
  if (refused !== null) return { refused };
  const after = await fetchAgreement(client, theirs);
  return after ? { seen: await seenOf(client, after) } : { refused: 'resource_not_found' };
}

/** The order was carried out, and its answer lost: PayPal would refuse it now. */
const isDone = ({ what }: OrderToDo, { status }: Agreement): boolean =>
  what === 'cancel' ? status === 'CANCELLED' || status === 'EXPIRED' : what === 'resume' && status === 'ACTIVE';

/** Why not, by a code; null where it was done. */
async function told(
  client: PaypalClient,
  request: OrderRequest,
  order: OrderToDo,
  before: Agreement,
): Promise<string | null> {
  const post = async (what: string, body: object): Promise<string | null> => {
    const path = `/v1/billing/subscriptions/${encodeURIComponent(before.id)}/${what}`;
    const key = keyFor(request, `${request.subscription}/${request.key}/${what}`);
    return refusalOf(await client.ask({ method: 'POST', path, key, body }));
  };
  switch (order.what) {
    case 'create':
      return null;
    case 'change': {
      const plan_id = await ensurePlan(client, request, order.terms);
      return post('revise', { plan_id, quantity: String(order.quantity), application_context: CONTEXT });
    }
    case 'cancel': {
      if (order.when === 'now') return post('cancel', { reason: 'Cancelled' });
      const next = before.billing_info?.next_billing_time;
      if (next === undefined) return 'no_period';
      const at = order.when === 'period_end' ? Date.parse(next) : order.when;
      // Until then it would have to be billed once more, and a suspension bills nothing.
      if (at > Date.parse(next)) return 'cancel_date_not_carried';
      return post('suspend', { reason: cancelsAt(at) });
    }
    case 'pause':
      return order.resumeAt === null ? post('suspend', { reason: PAUSED }) : 'pause_end_not_carried';
    case 'uncancel':
    case 'resume':
      return post('activate', { reason: 'Resumed' });
    case 'use_payment_method':
      return 'payment_method_not_carried';
  }
}

const CONTEXT = { user_action: 'SUBSCRIBE_NOW', shipping_preference: 'NO_SHIPPING' } as const;

/** No name and no address goes along: the buyer is whoever agrees. */
async function create(
  client: PaypalClient,
  request: CollectedRef & { key: string },
  { terms, quantity, trialDays }: { terms: Terms; quantity: number; trialDays: number },
  urls: { return_url: string; cancel_url: string } | null,
): Promise<Agreement | { refused: string }> {
  const plan_id = await ensurePlan(client, request, terms);
  const answer = await client.ask({
    method: 'POST',
    path: '/v1/billing/subscriptions',
    key: keyFor(request, `${request.subscription}/${request.key}`),
    body: {
      ...{ plan_id, quantity: String(quantity), custom_id: markOfSubscription(request) },
      ...(trialDays > 0 && { start_time: new Date(Date.now() + trialDays * DAY).toISOString() }),
      application_context: { ...CONTEXT, ...urls },
    },
  });
  if (answer.ok) return read(agreement, answer.body);
  return { refused: answer.issue };
}

async function openCheckout(client: PaypalClient, request: Parameters<Collector['openCheckout']>[0]): Promise<Page> {
  const made = await create(client, request, request, {
    return_url: request.successUrl,
    cancel_url: request.cancelUrl,
  });
  if ('refused' in made) throw new ProcessorTrouble('refused', made.refused, `paypal refused: ${made.refused}`);
  return { id: made.id, url: approvalOf(made) };
}

const approvalOf = (found: Agreement | null): string | null =>
  found?.links.find(({ rel }) => rel === 'approve')?.href ?? null;

const isOf = (whose: Whose, { custom_id }: Agreement): boolean => custom_id === markOfSubscription(whose);

const refusalOf = (answer: PaypalAnswer): string | null => (answer.ok ? null : answer.issue);

async function fetchAgreement(client: PaypalClient, id: string): Promise<Agreement | null> {
  const answer = await client.ask({ method: 'GET', path: `/v1/billing/subscriptions/${encodeURIComponent(id)}` });
  if (answer.ok) return read(agreement, answer.body);
  if (answer.status === 404 || answer.status === 400) return null;
  throw refusedBy(answer);
}

async function seenOf(client: PaypalClient, found: Agreement): Promise<SeenSubscription> {
  const { status_change_note: note = '', billing_info: info } = found;
  const plan = await readPlan(client, found.plan_id);
  const asOf = Math.max(...[found.create_time, found.update_time, found.status_update_time].map(instantOf));
  const anchor = instantOf(found.start_time);
  const owed = info ? readPaypal(info.outstanding_balance.value, info.outstanding_balance.currency_code) : null;
  const isOwing = (owed?.amount ?? 0) > 0;
  const cancelAt = Date.parse(CANCELS_AT.exec(note)?.[1] ?? '');
  const isCancelling = found.status === 'SUSPENDED' && !Number.isNaN(cancelAt);
  const isEnded = found.status === 'CANCELLED' || found.status === 'EXPIRED';
  const isBefore =
    asOf < anchor && (info?.next_billing_time === undefined || instantOf(info.next_billing_time) <= anchor);
  const running = isBefore ? 'trialing' : isOwing ? 'past_due' : 'active';
  const state = isEnded
    ? 'canceled'
    : found.status === 'ACTIVE' || isCancelling
      ? running
      : found.status === 'SUSPENDED'
        ? isOwing && note !== PAUSED
          ? 'unpaid'
          : 'paused'
        : 'incomplete';
  return {
    ...{ id: found.id, version: asOf, asOf, state, plan: plan.sold, quantity: Number(found.quantity), anchor },
    period: isBefore
      ? { start: instantOf(found.create_time), end: anchor }
      : periodAt(anchor, plan.interval, isEnded ? asOf : Math.max(asOf, lastBegun(info?.next_billing_time))),
    cancelAt: isCancelling ? cancelAt : null,
    ...(isCancelling && { endsByOrder: true as const }),
    resumeAt: null,
    endedAt: isEnded ? instantOf(found.status_update_time) : null,
    reason: found.status === 'EXPIRED' ? 'term_ended' : 'requested',
    paymentMethod: null,
  };
}

const instantOf = (time: string | undefined): Instant => (time === undefined ? 0 : Date.parse(time));
/** A moment of the period that ends with the next billing. */
const lastBegun = (next: string | undefined): Instant => (next === undefined ? 0 : Date.parse(next) - 1);

/** PayPal counts in UTC from the start, as we do. */
function periodAt(anchor: Instant, interval: Interval, at: Instant): { start: Instant; end: Instant } {
  const starts = (n: number) => boundary(anchor, interval, n, 'UTC');
  let n = 0;
  while (starts(n + 1) <= at) n++;
  return { start: starts(n), end: starts(n + 1) };
}

/** PayPal makes out no invoices: each of its payments stands for one. */
async function readSale(client: PaypalClient, id: string, whose: Whose): Promise<SeenWhole | null> {
  const answer = await client.ask({ method: 'GET', path: `/v1/payments/sale/${encodeURIComponent(id)}` });
  if (!answer.ok) {
    if (answer.status === 404 || answer.status === 400) return null;
    throw refusedBy(answer);
  }
  const found = read(sale, answer.body);
  const of = await fetchAgreement(client, found.billing_agreement_id);
  if (!of || !isOf(whose, of)) return null;
  const paid = readPaypal(found.amount.total, found.amount.currency);
  if (!paid) throw new ProcessorTrouble('unreachable', 'amount_unreadable', 'paypal said an amount that is none');
  return seenSale(found, of, await readPlan(client, of.plan_id), paid.amount);
}

const TAKEN: ReadonlySet<string> = new Set(['completed', 'partially_refunded', 'refunded', 'reversed']);

function seenSale(
  { id, state, create_time, update_time }: z.output<typeof sale>,
  of: Agreement,
  { name, product, price, interval }: PlanThere,
  total: number,
): SeenWhole {
  const at = instantOf(create_time);
  const isTaken = TAKEN.has(state);
  const quantity = Number(of.quantity);
  const isWhole = total === price.amount * quantity;
  return {
    invoice: {
      ...{ id, version: Math.max(at, instantOf(update_time)), state: isTaken ? 'paid' : 'open', number: null },
      ...{ currency: price.currency, total, amountDue: total, amountPaid: isTaken ? total : 0 },
      ...{ attempts: state === 'denied' ? 1 : 0, nextAttemptAt: null, issuedAt: at, dueAt: at },
      ...{ voidedAt: null, lostAt: null },
      lines: [
        {
          ...{ name, product, amount: total, discount: 0, taxes: [], proration: false },
          ...(isWhole ? { quantity, unitPrice: String(price.amount) } : { quantity: 1, unitPrice: null }),
          period: periodAt(instantOf(of.start_time), interval, at),
        },
      ],
    },
    payments: isTaken ? [{ invoice: id, payment: id as PaymentId, amount: total, at }] : [],
  };
}
