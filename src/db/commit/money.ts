/** Money in and out: one row and one posting for each payment and refund, however often it is told and by whom. */
import { sql } from 'kysely';
import { type Effect, keyOf } from '../../domain/effect.ts';
import type { Invoice } from '../../domain/invoice.ts';
import {
  type About,
  creditApplied,
  creditReturned,
  invoiceIssued,
  invoiceVoided,
  type KeyedPosting,
  type Posting,
  paymentReceived,
  unappliedPaymentReceived,
  writeOffReversed,
} from '../../domain/ledger.ts';
import type { Parties } from '../../domain/parties.ts';
import type { Subscription } from '../../domain/subscription.ts';
import { dayOf, type Instant } from '../../domain/time.ts';
import { post } from '../ledger.ts';
import type { Trx } from '../tenant.ts';
import { settledAttempts } from './attempts.ts';
import { issueCreditNote } from './credit-notes.ts';
import { earnRest, holdSpans, takeBackSpans } from './earnings.ts';
import { type EffectOf, ofType } from './effects.ts';
import { giveBack } from './give-back.ts';
import { creditInvoices, draftInvoices, type Issued, issueInvoices, type Voided, voidInvoices } from './invoices.ts';
import { iso } from './projection.ts';

/**
 * In the order of how many others wait: rows of this subscription first, then the accounts that all share, and at the
 * very end the number of the invoice, for which the whole tenant stands in line.
 */
export async function recordMoney(
  trx: Trx,
  subscription: Subscription,
  effects: readonly Effect[],
  parties: Parties,
): Promise<void> {
  const of = <T extends Effect['type']>(type: T) => ofType(effects, type);
  const payments = await recordAnswers(trx, subscription, of('settle_attempt'), [
    ...of('record_payment'),
    ...of('record_unapplied_payment'),
  ]);
  const voided = await voidInvoices(trx, of('void_invoice'));
  await takeBackSpans(
    trx,
    voided.map(({ invoice, at }) => ({ invoice, day: dayOf(at, subscription.timeZone) })),
  );
  const issued = of('issue_invoice').map(({ invoice }) => issuedTo(subscription, invoice, parties));
  const ending = of('earn_rest');
  if (ending.length > 0) await holdSpans(trx, subscription.id);
  const givenBack = await giveBack(trx, subscription, effects);
  await post(trx, [...postingsOf(subscription, { issued, voided, payments }), ...givenBack]);
  await issueInvoices(trx, issued);
  for (const rest of ending) {
    await earnRest(trx, { subscription: subscription.id, day: rest.day, reference: keyOf(rest) });
  }
  await draftInvoices(trx, subscription, of('draft_invoice'));
  await creditInvoices(
    trx,
    payments.flatMap((payment) =>
      payment.type === 'record_payment'
        ? [{ invoice: payment.invoice, amount: payment.amount - (payment.unapplied ?? 0), at: iso(payment.at)! }]
        : [],
    ),
  );
  for (const note of of('issue_credit_note')) await issueCreditNote(trx, subscription, note);
}

const issuedTo = ({ id, customer, timeZone }: Subscription, invoice: Invoice, parties: Parties): Issued => ({
  ...{ subscription: id, customer, timeZone, invoice, parties },
});

/** First of the invoice, then of the credit that pays a part of it. */
export function postingsOfIssue({ subscription, customer, invoice }: Issued): [KeyedPosting, ...KeyedPosting[]] {
  const about: About = { customer, subscription, currency: invoice.currency, at: invoice.issuedAt };
  const key = keyOf({ type: 'issue_invoice', invoice });
  const issued = { ...invoiceIssued(invoice.lines, about), key, invoice: invoice.id };
  if (invoice.creditApplied === 0) return [issued];
  const paid = { ...creditApplied(invoice.creditApplied, about), key: `credit/${invoice.id}`, invoice: invoice.id };
  return [issued, paid];
}

type Moved = {
  issued: Issued[];
  voided: Voided[];
  payments: PaymentEffect[];
};

function postingsOf(subscription: Subscription, { issued, voided, payments }: Moved): KeyedPosting[] {
  const about = (at: Instant): About => {
    const { customer, id, currency } = subscription;
    return { customer, subscription: id, currency, at };
  };
  return [
    ...issued.flatMap(postingsOfIssue),
    ...voided.map((each) => ({
      ...invoiceVoided(each.lines, about(each.at)),
      key: `void/${each.invoice}`,
      invoice: each.invoice,
    })),
    ...voided
      .filter((each) => each.creditApplied > 0)
      .map((each) => ({
        ...creditReturned(each.creditApplied, about(each.at)),
        key: `credit_returned/${each.invoice}`,
        invoice: each.invoice,
      })),
    ...payments.map((each) => ({
      ...receivedBy(each, about(each.at)),
      key: keyOf(each),
      invoice: each.invoice,
    })),
    ...payments
      .filter((each) => each.type === 'record_payment' && each.recovers)
      .map((each) => ({
        ...writeOffReversed(each.amount - unappliedOf(each), about(each.at)),
        key: `recovered/${each.payment}`,
        invoice: each.invoice,
      })),
  ];
}

function receivedBy(effect: PaymentEffect, about: About): Posting {
  const outside = effect.outside !== undefined;
  if (effect.type === 'record_unapplied_payment') return unappliedPaymentReceived(effect.amount, about, { outside });
  const { amount, unapplied = 0 } = effect;
  return paymentReceived(amount, about, { unapplied, outside });
}

const unappliedOf = (effect: PaymentEffect): number =>
  effect.type === 'record_payment' ? (effect.unapplied ?? 0) : effect.amount;

type PaymentEffect = EffectOf<'record_payment'> | EffectOf<'record_unapplied_payment'>;

/** What the processor has said: how attempts ended, and what was paid. Answers the payments that were not known before. */
async function recordAnswers(
  trx: Trx,
  { id, customer, processor, currency }: Subscription,
  settles: readonly EffectOf<'settle_attempt'>[],
  effects: readonly PaymentEffect[],
): Promise<PaymentEffect[]> {
  if (settles.length + effects.length === 0) return [];
  const settled = settledAttempts(settles);
  const firsts = uniqueBy(effects, ({ payment }) => payment);
  const rows = firsts.map((effect) => ({
    id: effect.payment,
    invoice_id: effect.invoice,
    amount: effect.amount,
    applied: effect.amount - unappliedOf(effect),
    unapplied: effect.type === 'record_unapplied_payment',
    why: effect.type === 'record_unapplied_payment' ? effect.why : null,
    received_at: iso(effect.outside?.receivedAt ?? effect.at),
    processor: effect.outside ? null : processor,
    reference: effect.outside?.reference ?? null,
  }));
  const written = await sql<{ id: string }>`/* commit_answers */
    with settled as (
      update payment_attempts as attempt set state = settled.state,
        processor_payment_id = coalesce(settled.processor_payment_id, attempt.processor_payment_id),
        decline = settled.decline, code = settled.code, settled_at = settled.settled_at
      from jsonb_to_recordset(${JSON.stringify(settled)}::jsonb) as settled (invoice_id text, attempt int, state text,
        processor_payment_id text, decline text, code text, settled_at timestamptz)
      where attempt.invoice_id = settled.invoice_id and attempt.attempt = settled.attempt
        and (attempt.state in ('requested', 'needs_action', 'processing')
          or (attempt.state in ('failed', 'canceled') and settled.state = 'succeeded'))
    )
    insert into payments (tenant_id, mode, id, processor, subscription_id, customer_id, invoice_id, amount, currency,
      applied, unapplied, why, reference, received_at)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), id, processor, ${id}, ${customer},
      invoice_id, amount, ${currency}, applied, unapplied, why, reference, received_at
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as payment (id text, invoice_id text, amount numeric,
      applied numeric, unapplied boolean, why text, processor text, reference text, received_at timestamptz)
    order by id
    on conflict (tenant_id, mode, id) do nothing
    returning id`.execute(trx);
  const fresh = new Set(written.rows.map((row) => row.id));
  return firsts.filter(({ payment }) => fresh.has(payment));
}

const uniqueBy = <T>(items: readonly T[], key: (item: T) => string): T[] => [
  ...new Map([...items].reverse().map((item) => [key(item), item])).values(),
];
