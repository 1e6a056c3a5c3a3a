/** A subscription in one sentence, and what comes next: from what it is and what its forecast says. */
import { type Amount, formatMoney, formatTime } from '../base/format.ts';
import type { Forecast, Invoice, PaymentMethod, Subscription } from './data.ts';
import type { Words } from './words/en.ts';

export type Speaker = { words: Words; locale: string };

export const dateIn = ({ locale }: Speaker, { timeZone }: Pick<Subscription, 'timeZone'>, iso: string): string =>
  formatTime(iso, locale, timeZone, 'long');

export const nameOf = ({ planName, planId, quantity }: Subscription, words: Words): string => {
  const name = planName ?? planId ?? words.subscription;
  return quantity !== null && quantity > 1 ? words.quantityOf(String(quantity), name) : name;
};

export function owed(invoices: readonly Invoice[], subscription: Subscription): Amount {
  const mine = invoices.filter(({ subscriptionId }) => subscriptionId === subscription.id);
  return {
    amount: mine.reduce((sum, { amountRemaining }) => sum + amountRemaining.amount, 0),
    currency: subscription.currency,
  };
}

export function sentence(
  speaker: Speaker,
  subscription: Subscription,
  forecast: Forecast | undefined,
  open: readonly Invoice[],
): string {
  const { words, locale } = speaker;
  const { state, cancelAt, canceledAt, currentPeriod, trialEndsAt, nextDueAt } = subscription;
  const say = words.sentence;
  const plan = nameOf(subscription, words);
  const on = (iso: string) => dateIn(speaker, subscription, iso);
  const first = forecast?.invoices[0];
  const price = first && formatMoney(first.total, locale);
  switch (state) {
    case 'active': {
      if (cancelAt) return say.ends(plan, on(cancelAt));
      const renewal = first?.issuedAt ?? currentPeriod?.end;
      if (!renewal) return plan;
      return price ? say.renews(plan, on(renewal), price) : say.renewsFree(plan, on(renewal));
    }
    case 'trialing': {
      const until = cancelAt ?? trialEndsAt ?? currentPeriod?.end;
      if (!until) return plan;
      if (cancelAt) return say.ends(plan, on(cancelAt));
      return price ? say.trial(plan, on(until), price) : say.trialOnly(plan, on(until));
    }
    case 'past_due':
      return say.pastDue(plan, formatMoney(owed(open, subscription), locale));
    case 'unpaid':
      return say.unpaid(plan, formatMoney(owed(open, subscription), locale));
    case 'incomplete':
      return say.incomplete(plan);
    case 'paused':
      return nextDueAt ? say.pausedUntil(plan, on(nextDueAt)) : say.paused(plan);
    case 'canceled':
      return say.canceled(plan, on(canceledAt ?? subscription.createdAt));
    case 'draft':
      return say.draft(plan);
  }
}

export type Step = { key: string; at: string; what: string; detail?: string };

const SHOWN = 3;

/** In the order of time: tries, changes, invoices, the end. */
export function nextSteps(
  { words, locale }: Speaker,
  subscription: Subscription,
  forecast: Forecast | undefined,
  payWith: string | null,
): Step[] {
  const { state, nextDueAt, pendingChange, cancelAt, collection } = subscription;
  const steps: Step[] = [];
  if (state === 'past_due' && nextDueAt && collection === 'engine') {
    steps.push({ key: 'try', at: nextDueAt, what: words.nextTry });
  }
  if (state === 'paused' && nextDueAt) steps.push({ key: 'resume', at: nextDueAt, what: words.nextResume });
  if (pendingChange) {
    steps.push({ key: 'change', at: pendingChange.at, what: words.nextChange(pendingChange.planName) });
  }
  for (const { issuedAt, total } of forecast?.invoices.slice(0, SHOWN) ?? []) {
    const what = words.nextInvoice(formatMoney(total, locale));
    const detail = payWith && total.amount > 0 ? words.chargedTo(payWith) : undefined;
    steps.push({ key: issuedAt, at: issuedAt, what, ...(detail && { detail }) });
  }
  if (cancelAt) steps.push({ key: 'end', at: cancelAt, what: words.nextEnd });
  return steps.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

export const BRANDS: Record<string, string> = {
  visa: 'Visa',
  mastercard: 'Mastercard',
  amex: 'American Express',
  discover: 'Discover',
  diners: 'Diners Club',
  jcb: 'JCB',
  unionpay: 'UnionPay',
};

export function methodName({ processor, brand, last4 }: PaymentMethod, words: Words): string {
  if (processor === 'paypal') return words.paypal;
  const name = (brand && (BRANDS[brand] ?? brand)) || words.card;
  return last4 ? words.ending(name, last4) : name;
}
