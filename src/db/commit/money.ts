/** Money in and out: one row and one posting for each payment and refund, however often it is told and by whom. */
import { sql } from 'kysely';
import { type Effect, keyOf } from '../../domain/effect.ts';
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
import { type Change, type EffectOf, ofType } from './effects.ts';
import { giveBack } from './give-back.ts';
import { creditInvoices, draftInvoices, type Issued, issueInvoices, type Voided, voidInvoices } from './invoices.ts';
import { linkSubscriptions, mirrorInvoices } from './mirrored.ts';
import { iso } from './projection.ts';

/**
 * In the order of how many others wait: rows of these subscriptions first, then the accounts that all share, and at the
 * very end the numbers of the invoices, for which the whole tenant stands in line.
 */
export async function recordMoney(trx: Trx, changes: readonly Change[]): Promise<void> {
  const of = <T extends Effect['type']>(type: T) =>
    changes.flatMap(({ subscription, effects, parties }) =>
      ofType(effects, type).map((effect) => ({ subscription, effect, parties })),
    );
  await linkSubscriptions(trx, of('link_subscription'));
  const mirrored = await mirrorInvoices(trx, of('mirror_invoice'));
  const payments = await recordAnswers(trx, of('settle_attempt'), [
    ...of('record_payment'),
    ...of('record_unapplied_payment'),
  ]);
  const voided = await voidInvoices(trx, of('void_invoice'));
  await takeBackSpans(
    trx,
    voided.map(({ subscription, invoice, at }) => ({ invoice, day: dayOf(at, subscription.timeZone) })),
  );
  const issued = of('issue_invoice').map(issuedTo);
  const ending = of('earn_rest');
  await holdSpans(
    trx,
    ending.map(({ subscription }) => subscription.id),
  );
  const givenBack: KeyedPosting[] = [];
  for (const { subscription, effects } of changes) givenBack.push(...(await giveBack(trx, subscription, effects)));
  await post(trx, [...mirrored.map(postingOfMirror), ...postingsOf({ issued, voided, payments }), ...givenBack]);
  await issueInvoices(trx, issued);
  for (const { subscription, effect } of ending) {
    await earnRest(trx, { subscription: subscription.id, day: effect.day, reference: keyOf(effect) });
  }
  for (const { subscription, effects } of changes) {
    await draftInvoices(trx, subscription, ofType(effects, 'draft_invoice'));
  }
  await creditInvoices(
    trx,
    payments.flatMap(({ effect }) =>
      effect.type === 'record_payment'
        ? [{ invoice: effect.invoice, amount: effect.amount - (effect.unapplied ?? 0), at: iso(effect.at)! }]
        : [],
    ),
  );
  for (const { subscription, effect } of of('issue_credit_note')) await issueCreditNote(trx, subscription, effect);
}

type Issue = { subscription: Subscription; effect: EffectOf<'issue_invoice'>; parties: Parties };

const issuedTo = ({ subscription: { id, customer, timeZone }, effect: { invoice }, parties }: Issue): Issued => ({
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

type Mirror = { subscription: Subscription; effect: EffectOf<'mirror_invoice'> };

const postingOfMirror = ({ subscription, effect }: Mirror): KeyedPosting => ({
  ...invoiceIssued(effect.invoice.lines, aboutOf(subscription, effect.invoice.issuedAt)),
  ...{ key: keyOf(effect), invoice: effect.invoice.id },
});

type Moved = {
  issued: Issued[];
  voided: Voided[];
  payments: Payment[];
};

function postingsOf({ issued, voided, payments }: Moved): KeyedPosting[] {
  return [
    ...issued.flatMap(postingsOfIssue),
    ...voided.map(({ subscription, at, invoice, lines }) => ({
      ...invoiceVoided(lines, aboutOf(subscription, at)),
      ...{ key: `void/${invoice}`, invoice },
    })),
    ...voided
      .filter(({ creditApplied }) => creditApplied > 0)
      .map(({ subscription, at, invoice, creditApplied }) => ({
        ...creditReturned(creditApplied, aboutOf(subscription, at)),
        ...{ key: `credit_returned/${invoice}`, invoice },
      })),
    ...payments.map(({ subscription, effect }) => ({
      ...receivedBy(effect, aboutOf(subscription, effect.at)),
      ...{ key: keyOf(effect), invoice: effect.invoice },
    })),
    ...payments
      .filter(({ effect }) => effect.type === 'record_payment' && effect.recovers)
      .map(({ subscription, effect }) => ({
        ...writeOffReversed(effect.amount - unappliedOf(effect), aboutOf(subscription, effect.at)),
        ...{ key: `recovered/${effect.payment}`, invoice: effect.invoice },
      })),
  ];
}

const aboutOf = ({ customer, id, currency }: Subscription, at: Instant): About => ({
  ...{ customer, subscription: id, currency, at },
});

function receivedBy(effect: PaymentEffect, about: About): Posting {
  const outside = effect.outside !== undefined;
  if (effect.type === 'record_unapplied_payment') return unappliedPaymentReceived(effect.amount, about, { outside });
  const { amount, unapplied = 0 } = effect;
  return paymentReceived(amount, about, { unapplied, outside });
}

const unappliedOf = (effect: PaymentEffect): number =>
  effect.type === 'record_payment' ? (effect.unapplied ?? 0) : effect.amount;

type PaymentEffect = EffectOf<'record_payment'> | EffectOf<'record_unapplied_payment'>;

type Payment = { subscription: Subscription; effect: PaymentEffect };

/** What the processor has said: how attempts ended, and what was paid. Answers the payments that were not known before. */
async function recordAnswers(
  trx: Trx,
  settles: readonly { effect: EffectOf<'settle_attempt'> }[],
  payments: readonly Payment[],
): Promise<Payment[]> {
  if (settles.length + payments.length === 0) return [];
  const settled = settledAttempts(settles.map(({ effect }) => effect));
  const firsts = uniqueBy(payments, ({ effect }) => effect.payment);
  const rows = firsts.map(({ subscription: { id, customer, currency, processor }, effect }) => ({
    ...{ id: effect.payment, subscription: id, customer, currency, invoice_id: effect.invoice },
    ...{ amount: effect.amount, applied: effect.amount - unappliedOf(effect) },
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
        decline = settled.decline, code = settled.code, advice = settled.advice,
        settled_at = settled.settled_at
      from jsonb_to_recordset(${JSON.stringify(settled)}::jsonb) as settled (invoice_id text, attempt int, state text,
        processor_payment_id text, decline text, code text, advice text, settled_at timestamptz)
      where attempt.invoice_id = settled.invoice_id and attempt.attempt = settled.attempt
        and (attempt.state in ('requested', 'needs_action', 'processing')
          or (attempt.state in ('failed', 'canceled') and settled.state = 'succeeded'))
    )
    insert into payments (tenant_id, mode, id, processor, subscription_id, customer_id, invoice_id, amount, currency,
      applied, unapplied, why, reference, received_at)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), id, processor, subscription, customer,
      invoice_id, amount, currency, applied, unapplied, why, reference, received_at
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as payment (id text, subscription text, customer text,
      currency text, invoice_id text, amount numeric, applied numeric, unapplied boolean, why text, processor text,
      reference text, received_at timestamptz)
    order by id
    on conflict (tenant_id, mode, id) do nothing
    returning id`.execute(trx);
  const fresh = new Set(written.rows.map((row) => row.id));
  return firsts.filter(({ effect }) => fresh.has(effect.payment));
}

const uniqueBy = <T>(items: readonly T[], key: (item: T) => string): T[] => [
  ...new Map([...items].reverse().map((item) => [key(item), item])).values(),
];
