/**
 * From what a subscription tells to a mail in the mailbox: once, whoever brings the event and however often. It is read
 * here who the customer is and how things stand now, since an event may come late, and what it says be over by then.
 */
import { sharedFacts } from '../customers/shared-facts.ts';
import type { Db } from '../db/client.ts';
import { type Customer, type CustomerKeys, readCustomer } from '../db/customers.ts';
import { type InvoiceRow, readInvoice } from '../db/invoices.ts';
import { isSuppressed, type MailSettings, readMailSettings, readMailTemplate } from '../db/mail-settings.ts';
import { isWritten, type Letter, type NewMail, writeMail } from '../db/mails.ts';
import { readPaymentMethod } from '../db/payment-methods.ts';
import { chargedOnSession, latestAttempt, readSubscription, type SubscriptionRow } from '../db/subscriptions.ts';
import { inTenant, type Scope, type Trx } from '../db/tenant.ts';
import { readTenant } from '../db/tenants.ts';
import { formatsFor } from '../documents/format.ts';
import { fileNameOf } from '../documents/invoice-document.ts';
import { type Language, wordsFor } from '../documents/words.ts';
import { decide } from '../domain/decide.ts';
import type { PaymentMethodId, SubscriptionId } from '../domain/ids.ts';
import type { Due } from '../domain/input.ts';
import { isAccepted, type Subscription } from '../domain/subscription.ts';
import { DAY, type Instant } from '../domain/time.ts';
import type { Processors } from '../processors/processors.ts';
import { signLink } from '../security/links.ts';
import { redactWithin } from '../security/redact.ts';
import type { Taxes } from '../tax/taxes.ts';
import { MESSAGES, type Message, type Values } from './messages.ts';
import { type Occasion, occasionOf, type Told } from './occasion.ts';
import { htmlOf, render, type Template, textOf } from './template.ts';
import { dictionaries } from './words/dictionary.ts';

export type Links = { key: Buffer; publicUrl: string };
export type MailDeps = {
  db: Db;
  keys: CustomerKeys;
  processors: Processors;
  taxes: Pick<Taxes, 'calculator'>;
  links: Links;
  /** Without it every mail stays in the mailbox. */
  sends: boolean;
};
export type Event = Scope & Told;

/** A debt is paid long after it fell due, and a trial may be long. */
const LINKS_LIVE_MS = 60 * DAY;

type Known = { row: SubscriptionRow; state: Subscription; customer: Customer; invoice: InvoiceRow | null };

/** Null: it is nothing to write about, was written already, or is over. */
export async function mailFor(deps: MailDeps, event: Event): Promise<string | null> {
  const occasion = occasionOf(event);
  if (!occasion) return null;
  const { db, keys } = deps;
  const scope = { tenant: event.tenant, mode: event.mode };
  const known = await inTenant(db, scope, (trx) => lookUp(trx, keys, occasion, event.subscription));
  if (!known) return null;
  const amount = await amountOf(deps, occasion, known);
  const seller = (await readTenant(db, scope))?.name ?? '';
  return inTenant(db, scope, async (trx) => {
    const settings = await readMailSettings(trx);
    const look = { settings, seller: settings.senderName ?? seller };
    const values = await valuesOf(trx, deps.links, scope, { occasion, known, amount, look });
    if (lacks(occasion.message, values)) return null;
    const language = wordsFor(known.customer.locale).language;
    const kept = await readMailTemplate(trx, occasion.message, language);
    const template = kept ?? dictionaries[language].templates[occasion.message];
    const letter = { to: known.customer.email, ...letterOf(template, values, language, look, scope.mode) };
    return writeMail(trx, keys, scope, {
      ...{ cause: occasion.cause, message: occasion.message, language, at: new Date(event.at) },
      ...{ customer: known.customer.id, subscription: event.subscription, letter },
      attachedInvoice: values.attachment ? (known.invoice?.id ?? null) : null,
      state: await stateOf(trx, deps, scope, letter.to),
    });
  });
}

async function lookUp(trx: Trx, keys: CustomerKeys, occasion: Occasion, id: SubscriptionId): Promise<Known | null> {
  if (await isWritten(trx, occasion.cause)) return null;
  const row = await readSubscription(trx, id, null);
  const customer = row && (await readCustomer(trx, keys, row.customer_id));
  if (!row || !customer) return null;
  const invoice = occasion.invoice ? await readInvoice(trx, occasion.invoice, null) : null;
  const known = { row, state: row.document, customer, invoice };
  if (isOver(occasion, known)) return null;
  // The customer is there and sees it on the page: what they leave undone, a reminder tells later.
  const { attempt } = occasion;
  if (invoice && attempt && (await chargedOnSession(trx, id, invoice.id, attempt))) return null;
  return known;
}

/** What it speaks of has been seen to meanwhile. */
function isOver({ message }: Occasion, { state, invoice }: Known): boolean {
  switch (message) {
    case 'trial_ending':
      return state.state !== 'trialing' || state.cancelAt !== null;
    case 'price_changing':
    case 'renewal_ahead':
    case 'card_expiring':
      return !isAccepted(state) || state.state === 'canceled' || state.cancelAt !== null;
    case 'payment_failed':
    case 'action_needed':
      return invoice === null || !['open', 'uncollectible'].includes(invoice.state);
    case 'grace_ending':
    case 'restricted':
      return state.state !== 'past_due';
    case 'unpaid':
      return state.state !== 'unpaid';
    case 'receipt':
      return invoice === null || invoice.amount_paid === 0;
    case 'cancellation_planned':
      return 'cancelAt' in state && state.cancelAt === null && state.state !== 'canceled';
    case 'paused':
    case 'resumed':
    case 'canceled':
    case 'plan_changed':
    case 'refund':
    case 'card_changed':
      return false;
  }
}

/** In minor units of the subscription's currency. */
async function amountOf(
  deps: MailDeps,
  { message, amount, date }: Occasion,
  { state, invoice }: Known,
): Promise<number | null> {
  switch (message) {
    case 'trial_ending':
      return nextCharge(deps, state, { type: 'trial_ended' }, date);
    case 'renewal_ahead':
      return nextCharge(deps, state, { type: 'period_ended' }, date);
    case 'receipt':
      return invoice!.amount_paid;
    case 'payment_failed':
    case 'action_needed':
      return invoice!.amount_due - invoice!.amount_paid - invoice!.credited_open;
    case 'grace_ending':
    case 'restricted':
    case 'unpaid':
      return isAccepted(state) ? state.invoices.reduce((sum, open) => sum + open.amount, 0) : null;
    default:
      return amount ?? null;
  }
}

/** As the rules will invoice it, taxes and credit included; the invoice itself may still come out otherwise. */
async function nextCharge(deps: MailDeps, state: Subscription, due: Due, at: Instant | null): Promise<number | null> {
  if (at === null) return null;
  const shared = await sharedFacts(deps, state, {}, at);
  const decision = decide(state, { ...due, at, shared, origin: { by: 'engine', ref: 'mail' } });
  if (decision.outcome !== 'applied') return null;
  const billed = decision.effects.find((effect) => effect.type === 'issue_invoice' || effect.type === 'draft_invoice');
  return billed ? billed.invoice.amountDue : 0;
}

type Look = { settings: MailSettings; seller: string };
type Facts = { occasion: Occasion; known: Known; amount: number | null; look: Look };

async function valuesOf(trx: Trx, links: Links, scope: Scope, facts: Facts): Promise<Values> {
  const { occasion, known, amount, look } = facts;
  const { state, customer, invoice } = known;
  const formats = formatsFor(customer.locale, customer.timeZone);
  const money = (minor: number | null | undefined) =>
    minor === null || minor === undefined ? null : formats.money(minor, state.currency);
  const day = (at: Instant | null | undefined) => (at === null || at === undefined ? null : formats.date(at));
  const link = (purpose: 'pay' | 'cancel', subject: string) =>
    `${links.publicUrl}/${purpose}/${signLink(links.key, purpose, { ...scope, subject }, Date.now() + LINKS_LIVE_MS)}`;
  const { language } = wordsFor(customer.locale);
  const due = isAccepted(state) ? state.invoices[0]?.id : undefined;
  const payable = occasion.invoice ?? due;
  return {
    // What people have written may hold anything: what may not be kept is struck out. Our own links stay whole.
    ...redactWithin(
      {
        seller: look.seller,
        name: customer.name,
        plan: occasion.plan ?? (isAccepted(state) ? state.terms.name : ''),
        newPlan: occasion.newPlan ?? null,
        invoice: invoice?.number ?? null,
        card: await cardOf(trx, facts),
        manageUrl: look.settings.manageUrl,
      },
      'mail',
    ),
    amount: money(amount),
    oldAmount: money(occasion.oldAmount),
    date: day(occasion.date ?? dateBy(occasion.message, state)),
    retryDate: day(occasion.retryAt),
    advice: occasion.decline ? dictionaries[language].advice[occasion.decline] : null,
    attachment: isPrinted(occasion.message, invoice) ? fileNameOf(invoice!.number!, 'pdf') : null,
    payUrl: payable ? link('pay', payable) : null,
    cancelUrl: link('cancel', state.id),
  };
}

/** What the event doesn't say, and the state does. */
const dateBy = (message: Message, state: Subscription): Instant | null =>
  message === 'resumed' && isAccepted(state) && state.state === 'active' ? state.period.end : null;

const isPrinted = (message: Message, invoice: InvoiceRow | null): boolean =>
  message === 'receipt' && invoice !== null && invoice.number !== null && invoice.processor_invoice_id === null;

/** That which was tried, or will be. */
async function cardOf(trx: Trx, { occasion, known: { state, customer, invoice } }: Facts): Promise<string | null> {
  const tried = invoice ? (await latestAttempt(trx, invoice.id))?.payment_method_id : undefined;
  const id: PaymentMethodId | null = occasion.method ?? tried ?? (isAccepted(state) ? state.paymentMethod : null);
  const row = id && (await readPaymentMethod(trx, customer.id, id));
  if (!row) return null;
  const brand = row.brand
    ? row.brand.charAt(0).toUpperCase() + row.brand.slice(1)
    : row.processor === 'paypal'
      ? 'PayPal'
      : null;
  return [brand, row.last4 && `•••• ${row.last4}`].filter(Boolean).join(' ') || null;
}

export function letterOf(
  template: Template,
  values: Values,
  language: Language,
  { settings, seller }: Look,
  mode: Scope['mode'],
): Omit<Letter, 'to'> {
  const words = dictionaries[language];
  const rendered = render(template, values);
  const test = mode === 'test' ? words.test : null;
  const footer = [words.why(seller), ...(settings.manageUrl ? [settings.manageUrl] : [])];
  return {
    subject: rendered.subject,
    html: htmlOf(rendered, { language, seller, accent: settings.accent, footer, test }),
    text: textOf(rendered.blocks, [...footer, ...(test ? [test] : [])]),
  };
}

/** Nobody outside is written to in test mode: the mailbox is where such mails are read. */
async function stateOf(
  trx: Trx,
  { keys, sends }: MailDeps,
  scope: Scope,
  to: string | null,
): Promise<NewMail['state']> {
  if (to === null) return 'unaddressed';
  if (await isSuppressed(trx, keys, scope, to)) return 'suppressed';
  return sends && scope.mode === 'live' ? 'queued' : 'kept';
}

/** With a hole where it has to say something, it is better not written: of a method, say, that is gone by now. */
const lacks = (message: Message, values: Values): boolean =>
  MESSAGES[message].always.some((name) => (values[name] ?? '') === '');
