/** What a signed link opens without a login: one invoice, to be looked at and paid. */
import { z } from 'zod';
import { clockedNow } from '../../db/clocks.ts';
import { readCustomer } from '../../db/customers.ts';
import { type InvoiceRow, readInvoice } from '../../db/invoices.ts';
import { readMailSettings } from '../../db/mail-settings.ts';
import { methodFor, readPaymentMethod } from '../../db/payment-methods.ts';
import { type AttemptRow, latestAttempt, readSubscription, type SubscriptionRow } from '../../db/subscriptions.ts';
import { inTenant, type Scope } from '../../db/tenant.ts';
import { readTenant } from '../../db/tenants.ts';
import type { InvoiceId } from '../../domain/ids.ts';
import { ProcessorTrouble } from '../../processors/trouble.ts';
import { type LinkPurpose, readLink } from '../../security/links.ts';
import { askSubscription } from '../../temporal/ask-subscription.ts';
import { type OpenCall, openRoute } from '../open-route.ts';
import { awaitPayment } from '../payments.ts';
import { notFound, Problem } from '../problem.ts';
import type { Parts } from '../route.ts';
import { payLinkBegin, payLinkBegun, payLinkInvoice } from '../schemas/pay-link.ts';

const tag = 'Pay links';
const params = z.strictObject({ token: z.string().max(500) });

/** What the link is for, or why it opens nothing. */
export function openedBy(parts: Parts, purpose: LinkPurpose, token: string): Scope & { subject: string } {
  const link = readLink(parts.links.key, purpose, token, Date.now());
  switch (link.outcome) {
    case 'good':
      return link;
    case 'expired':
      throw new Problem(
        410,
        'link_over',
        'the link’s time is over: the newest mail has another, and so has your account',
      );
    case 'tampered':
      throw new Problem(403, 'link_invalid', 'the link is not as it was sent: open it from the mail again');
  }
}

type Linked = {
  scope: Scope;
  invoice: InvoiceRow;
  subscription: SubscriptionRow;
  attempt: AttemptRow | null;
  locale: string;
};

export async function invoiceLinked(parts: Parts, token: string): Promise<Linked> {
  const { subject, tenant, mode } = openedBy(parts, 'pay', token);
  const scope = { tenant, mode };
  return inTenant(parts.db, scope, async (trx) => {
    const invoice = await readInvoice(trx, subject as InvoiceId, null);
    const subscription = invoice && (await readSubscription(trx, invoice.subscription_id, null));
    const customer = invoice && (await readCustomer(trx, parts.keys, invoice.customer_id));
    if (!invoice || !subscription || !customer) throw notFound('invoice');
    const attempt = await latestAttempt(trx, invoice.id);
    return { scope, invoice, subscription, attempt, locale: customer.locale };
  });
}

/** What the page says of it: nothing of the customer, whoever the mail was passed on to. */
export async function payLinkShown(parts: Parts, { scope, invoice, subscription, attempt }: Linked) {
  const tenant = await readTenant(parts.db, scope);
  const { settings, card } = await inTenant(parts.db, scope, async (trx) => {
    const own = 'paymentMethod' in subscription.document ? subscription.document.paymentMethod : null;
    const id = attempt?.payment_method_id ?? own;
    const row = id && (await readPaymentMethod(trx, invoice.customer_id, id));
    return { settings: await readMailSettings(trx), card: row ? { brand: row.brand, last4: row.last4 } : null };
  });
  const left = Math.max(invoice.amount_due - invoice.amount_paid - invoice.credited_open, 0);
  return {
    seller: settings.senderName ?? tenant?.name ?? '',
    accent: settings.accent,
    mode: scope.mode,
    number: invoice.number,
    state: stateOf(invoice, attempt),
    amount: { amount: left, currency: invoice.currency },
    card,
  };
}

const PAYABLE = ['open', 'uncollectible'];

function stateOf({ state }: InvoiceRow, attempt: AttemptRow | null): 'open' | 'processing' | 'paid' | 'void' {
  if (PAYABLE.includes(state))
    return attempt?.state === 'processing' || attempt?.state === 'requested' ? 'processing' : 'open';
  return state === 'paid' ? 'paid' : 'void';
}

const look = openRoute({
  method: 'get',
  path: '/api/pay/:token',
  tag,
  summary: 'See the invoice that a link is for',
  params,
  answers: { 200: { about: 'What is to be paid.', schema: payLinkInvoice } },
  async handle({ parts, params: { token } }: OpenCall<{ token: string }>) {
    return { status: 200, body: await payLinkShown(parts, await invoiceLinked(parts, token)) };
  },
});

const begin = openRoute({
  method: 'post',
  path: '/api/pay/:token',
  tag,
  summary: 'Pay the invoice that a link is for',
  about:
    'With the customer there. A payment that the bank wants confirmed is gone on with, and no other is begun; `confirm` comes with a client secret for the processor’s own code in the browser, and `declined` with one for another card.',
  params,
  body: payLinkBegin,
  answers: { 200: { about: 'How the payment stands.', schema: payLinkBegun } },
  async handle({ parts, params: { token }, body: { another } }: OpenCall<{ token: string }, { another: boolean }>) {
    const linked = await invoiceLinked(parts, token);
    if (stateOf(linked.invoice, linked.attempt) !== 'open') {
      return { status: 200, body: { status: stateOf(linked.invoice, linked.attempt) } };
    }
    const waits = waitsForCustomer(linked.attempt) || (another && linked.attempt?.processor_payment_id);
    const attempt = waits ? linked.attempt : await tried(parts, linked);
    if (attempt === null || attempt.state === 'requested' || attempt.state === 'processing') {
      return { status: 200, body: { status: 'processing' } };
    }
    if (attempt.state === 'succeeded') return { status: 200, body: { status: 'paid' } };
    const secret = await secretOf(parts, linked, attempt);
    const status = waits || attempt.state === 'needs_action' ? 'confirm' : 'declined';
    const code = attempt.code === null ? {} : { declineCode: attempt.code };
    const with_ = another || status === 'declined' ? {} : { paymentMethodId: attempt.payment_method_id };
    return { status: 200, body: { status, ...code, ...with_ }, unstored: secret };
  },
});

/** The bank wants a word with the customer: on the page that was left, or as it said when nobody was there. */
const waitsForCustomer = (attempt: AttemptRow | null): boolean =>
  attempt?.state === 'needs_action' ||
  (attempt?.state === 'failed' &&
    attempt.decline === 'authentication_required' &&
    attempt.processor_payment_id !== null);

/** One more try, with the customer there. Clicked twice, it is one. */
async function tried(parts: Parts, { scope, invoice, subscription, attempt }: Linked): Promise<AttemptRow | null> {
  const known = attempt?.attempt ?? 0;
  const { at, own } = await inTenant(parts.db, scope, async (trx) => ({
    at: await clockedNow(trx, invoice.customer_id),
    own: await methodFor(trx, invoice.customer_id, subscription.document.processor),
  }));
  const kept = 'paymentMethod' in subscription.document ? subscription.document.paymentMethod : null;
  const answer = await askSubscription({
    temporal: parts.temporal,
    target: { ...scope, subscription: subscription.id },
    asked: {
      id: `pay-link/${invoice.id}/${known}`,
      command: { type: 'pay', invoice: invoice.id, paymentMethod: kept ?? own?.id ?? null, onSession: true },
      origin: { by: 'principal', ref: 'pay-link' },
      ...(at === null ? {} : { at }),
    },
    patienceMs: parts.patienceMs.command,
  });
  switch (answer.outcome) {
    case 'applied':
    case 'pending':
      return awaitPayment({ parts, scope }, invoice.id, known);
    case 'refused':
      throw new Problem(409, answer.code, answer.detail);
    default:
      throw new Problem(503, 'temporal_unavailable', 'payments can’t be taken just now', { retryAfterSeconds: 5 });
  }
}

/** Fetched for this answer and kept nowhere. Without it the page says that it can’t be paid here now. */
async function secretOf(parts: Parts, { scope, subscription }: Linked, attempt: AttemptRow): Promise<object> {
  const { processor, publishableKey } = await parts.processors.of({
    ...scope,
    processor: subscription.document.processor,
  });
  try {
    const secret = attempt.processor_payment_id && (await processor.fetchClientSecret(attempt.processor_payment_id));
    return secret ? { clientSecret: secret, publishableKey } : {};
  } catch (error) {
    if (error instanceof ProcessorTrouble) return {};
    throw error;
  }
}

export const payLinkRoutes = [look, begin];
