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
  paymentReceived,
  refundPaid,
  unappliedPaymentReceived,
} from '../../domain/ledger.ts';
import type { Parties } from '../../domain/parties.ts';
import type { Subscription } from '../../domain/subscription.ts';
import { dayOf, type Instant } from '../../domain/time.ts';
import { post } from '../ledger.ts';
import type { Trx } from '../tenant.ts';
import { settledAttempts } from './attempts.ts';
import { earnRest, holdSpans, takeBackSpans } from './earnings.ts';
import { type EffectOf, ofType } from './effects.ts';
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
  const refunds = await recordRefunds(trx, subscription, of('record_refund'));
  const issued = of('issue_invoice').map(({ invoice }) => issuedTo(subscription, invoice, parties));
  const ending = of('earn_rest');
  if (ending.length > 0) await holdSpans(trx, subscription.id);
  await post(trx, postingsOf(subscription, { issued, voided, payments, refunds }));
  await issueInvoices(trx, issued);
  for (const rest of ending) {
    await earnRest(trx, { subscription: subscription.id, day: rest.day, reference: keyOf(rest) });
  }
  await draftInvoices(trx, subscription, of('draft_invoice'));
  await creditInvoices(
    trx,
    payments
      .filter((payment) => payment.type === 'record_payment')
      .map(({ invoice, amount, at }) => ({ invoice, amount, at: iso(at)! })),
  );
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
  refunds: Refund[];
};

function postingsOf(subscription: Subscription, { issued, voided, payments, refunds }: Moved): KeyedPosting[] {
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
      ...(each.type === 'record_payment' ? paymentReceived : unappliedPaymentReceived)(each.amount, about(each.at)),
      key: keyOf(each),
      invoice: each.invoice,
    })),
    ...refunds.map((each) => ({ ...refundPaid(each.amount, each.unapplied, about(each.at)), key: keyOf(each) })),
  ];
}

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
    unapplied: effect.type === 'record_unapplied_payment',
    why: effect.type === 'record_unapplied_payment' ? effect.why : null,
    received_at: iso(effect.at),
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
      unapplied, why, received_at)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), id, ${processor}, ${id}, ${customer},
      invoice_id, amount, ${currency}, unapplied, why, received_at
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as payment (id text, invoice_id text, amount numeric,
      unapplied boolean, why text, received_at timestamptz)
    order by id
    on conflict (tenant_id, mode, id) do nothing
    returning id`.execute(trx);
  const fresh = new Set(written.rows.map((row) => row.id));
  return firsts.filter(({ payment }) => fresh.has(payment));
}

type Refund = EffectOf<'record_refund'> & { unapplied: boolean };

/** Those that were not known before, and whether they give back money that had been applied to nothing. */
async function recordRefunds(
  trx: Trx,
  { id, currency }: Subscription,
  effects: readonly EffectOf<'record_refund'>[],
): Promise<Refund[]> {
  if (effects.length === 0) return [];
  const firsts = uniqueBy(effects, ({ refund }) => refund);
  const rows = firsts.map(({ refund, payment, amount, at }) => ({ id: refund, payment, amount, at: iso(at) }));
  const written = await sql<{ id: string; unapplied: boolean }>`/* commit_refunds */
    with written as (
      insert into refunds (tenant_id, mode, id, payment_id, subscription_id, amount, currency, refunded_at)
      select current_setting('hydra.tenant'), current_setting('hydra.mode'), id, payment, ${id}, amount, ${currency}, at
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as refund (id text, payment text, amount numeric,
        at timestamptz)
      order by id
      on conflict (tenant_id, mode, id) do nothing
      returning id, payment_id
    )
    select written.id, coalesce(payments.unapplied, false) as unapplied
    from written left join payments on payments.id = written.payment_id`.execute(trx);
  const fresh = new Map(written.rows.map((row) => [row.id, row.unapplied]));
  return firsts.flatMap((effect) => {
    const unapplied = fresh.get(effect.refund);
    return unapplied === undefined ? [] : [{ ...effect, unapplied }];
  });
}

const uniqueBy = <T>(items: readonly T[], key: (item: T) => string): T[] => [
  ...new Map([...items].reverse().map((item) => [key(item), item])).values(),
];
