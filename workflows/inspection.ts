/** How a subscription shows itself in Temporal UI: details in Markdown, and search attributes. No personal data. */

import type { SearchAttributeUpdatePair } from '@temporalio/common';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { formatMoney } from '../src/domain/money.ts';
import type { NextDue } from '../src/domain/next-due.ts';
import { periodPrice } from '../src/domain/price-book.ts';
import { type Accepted, isAccepted, type Subscription } from '../src/domain/subscription.ts';

const STATE = defineSearchAttributeKey('BillingState', SearchAttributeType.KEYWORD);
const TENANT = defineSearchAttributeKey('BillingTenant', SearchAttributeType.KEYWORD);
const PLAN = defineSearchAttributeKey('BillingPlan', SearchAttributeType.KEYWORD);
const NEXT_DUE_AT = defineSearchAttributeKey('BillingNextDueAt', SearchAttributeType.DATETIME);
const ATTENTION = defineSearchAttributeKey('BillingAttention', SearchAttributeType.KEYWORD);

export function attributesOf(
  state: Subscription,
  due: NextDue | null,
  attention: string | null,
): SearchAttributeUpdatePair[] {
  return [
    { key: STATE, value: state.state },
    { key: TENANT, value: state.tenant },
    { key: PLAN, value: isAccepted(state) ? state.terms.planId : null },
    { key: NEXT_DUE_AT, value: due ? new Date(due.at) : null },
    { key: ATTENTION, value: attention ?? attentionOf(state) },
  ];
}

/** What waits for a person by the subscription's own state. */
function attentionOf(state: Subscription): string | null {
  if (!isAccepted(state)) return null;
  if (state.refunds?.some(({ step }) => step === 'failed')) return 'refund_failed';
  return state.disputes?.some(({ outcome }) => outcome === null) ? 'disputed' : null;
}

/** Only what changed is written: each upsert is an event in the history. */
export const changedAttributes = (
  now: SearchAttributeUpdatePair[],
  before: SearchAttributeUpdatePair[],
): SearchAttributeUpdatePair[] => now.filter((pair, i) => String(pair.value) !== String(before[i]?.value));

export function detailsOf(state: Subscription, due: NextDue | null, lastCause: string): string {
  const lines = [`**${state.state.replaceAll('_', ' ')}** · version ${state.version} · ${state.mode}`, ''];
  if (isAccepted(state)) {
    const price = formatMoney({ amount: periodPrice(state.terms, state.quantity), currency: state.currency });
    lines.push(
      `- plan: ${state.terms.name} × ${state.quantity}, ${price} each ${state.terms.interval.count} ${state.terms.interval.unit}`,
    );
    lines.push(`- period: ${iso(state.period.start)} to ${iso(state.period.end)} (number ${state.period.index})`);
    for (const { id, amount, attempts, collection } of state.invoices) {
      lines.push(
        `- waits for ${id}: ${formatMoney({ amount, currency: state.currency })}, ${attempts} tries, ${collection.step}`,
      );
    }
  }
  if (isAccepted(state)) lines.push(...goingBack(state));
  lines.push(`- last cause: ${lastCause}`);
  if (due) lines.push(`- next due: ${iso(due.at)} (${due.type.replaceAll('_', ' ')})`);
  return lines.join('\n');
}

const goingBack = ({ refunds = [], disputes = [], currency }: Accepted): string[] => [
  ...refunds
    .filter(({ step }) => step === 'asked' || step === 'failed')
    .map(({ id, amount, step }) => `- refund ${id}: ${formatMoney({ amount, currency })}, ${step}`),
  ...disputes
    .filter(({ outcome }) => outcome === null)
    .map(({ id, payment, inquiry }) => `- ${inquiry ? 'inquiry' : 'dispute'} ${id} about ${payment}`),
];

const iso = (at: number): string => new Date(at).toISOString();
