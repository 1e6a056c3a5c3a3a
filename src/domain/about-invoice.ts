/**
 * What happens to an invoice after it was issued, and to the money that came for it: the same in every state of its
 * subscription. The states only say what follows when nothing is owed any more.
 */
import {
  afterNote,
  type Creditable,
  type CreditNote,
  creditableOf,
  creditLeft,
  creditNote,
  isRefusal,
  issued,
  refundableOf,
  refundParts,
  spansOf,
  spread,
} from './credit-note.ts';
import { type GivenBack, givenBack, neverDebited, withoutCredits } from './debited.ts';
import type { Because } from './decision.ts';
import { type DisputeFact, isInDispute, takeDispute } from './dispute.ts';
import type { Effect } from './effect.ts';
import { type InvoiceId, invoiceId, type RefundId } from './ids.ts';
import type { Followable, Input, InputOf } from './input.ts';
import { CHARGE, type InvoiceLine, type OpenInvoice } from './invoice.ts';
import { invoiceOf as drafted, settleCarried } from './invoicing.ts';
import { formatMoney, prorate } from './money.ts';
import { type Applied, applyPayment, callOff } from './payment.ts';
import { failedRefund, keep, orderRefund, refundFailed, refundNamed, refundSucceeded } from './refund.ts';
import type { Refusal } from './refusal.ts';
import { givenBackWithout, leftOfPeriods, periodOf, withinPeriods } from './same-days.ts';
import type { Moment } from './shared.ts';
import type { Accepted, Subscription } from './subscription.ts';
import { grossOf } from './tax.ts';
import { dayOf, type Instant } from './time.ts';
import { unusedNotes, usedOf } from './unused.ts';

const ABOUT_INVOICES = [
  ...([
    'credit_note',
    'void',
    'write_off',
    'record_payment',
    'retry_refund',
    'credit_refund',
    'withdraw_credit',
  ] as const),
  ...(['payment_refunded', 'refund_failed'] as const),
  ...(['dispute_opened', 'funds_withdrawn', 'funds_reinstated', 'dispute_closed'] as const),
] as const satisfies readonly Input['type'][];

export type AboutInvoice = InputOf<(typeof ABOUT_INVOICES)[number]>;
/** What the states decide for themselves. */
export type OfLife = Exclude<Input, AboutInvoice | { type: Followable['type'] }>;

const names: ReadonlySet<Input['type']> = new Set(ABOUT_INVOICES);
export const isAboutInvoice = (input: Input): input is AboutInvoice => names.has(input.type);

/** `left`: told before, old, or to be decided when the books have been read. */
type Outcome<S> = Applied<S> | Refusal | { left: string };

type Holder = Extract<Subscription, Accepted>;

export function decideAboutInvoice(state: Holder, input: AboutInvoice): Outcome<Holder> {
  switch (input.type) {
    case 'credit_note':
      return giveCredit(state, input);
    case 'void':
      return voidInvoice(state, input);
    case 'write_off':
      return writeOff(state, input);
    case 'record_payment':
      return recordPayment(state, input);
    case 'retry_refund':
      return retryRefund(state, input);
    case 'credit_refund':
      return creditRefund(state, input);
    case 'withdraw_credit':
      return withdrawCredit(state, input);
    case 'payment_refunded':
      return input.asked ? ofRefund(state, refundSucceeded(state.refunds, input)) : refundedOutside(state, input);
    case 'refund_failed':
      return ofRefund(state, refundFailed(state.refunds, input));
    case 'dispute_opened':
    case 'funds_withdrawn':
    case 'funds_reinstated':
    case 'dispute_closed':
      return disputed(state, input);
  }
}

/** The books have not been read yet; it is decided again when they have been. */
const TO_BE_READ = { left: 'invoice.to_be_read' } as const;

/** An invoice as the books hold it, with what this very step has learned of disputes. */
function invoiceOf(state: Holder, { shared }: Moment, id: InvoiceId): Creditable | Refusal | { left: string } {
  if (!shared?.books) return TO_BE_READ;
  const invoice = shared.books.invoices[id];
  if (!invoice) return { code: 'invoice_unknown', detail: `there is no invoice ${id} of ${state.id}`, path: 'id' };
  return withDisputes(state, invoice);
}

/** What was billed, and what is about to be: drafts stand on their own, whatever comes before they are issued. */
const billedBy = (state: Holder, moment: Moment): Creditable[] => [
  ...Object.values(moment.shared?.books?.invoices ?? {}),
  ...(state.drafts ?? []).map((draft) => creditableOf(drafted(state, draft, moment).invoice)),
];

const withDisputes = (state: Holder, invoice: Creditable): Creditable => ({
  ...invoice,
  payments: invoice.payments.map((payment) => ({
    ...payment,
    disputed: payment.disputed || isInDispute(state.disputes, payment.id),
  })),
});

const openOf = (state: Holder, id: InvoiceId): OpenInvoice | undefined =>
  state.invoices.find((candidate) => candidate.id === id);

/** What is on its way at the processor is over the old amount, and can't be changed any more. */
function inFlight(what: string, { id, collection }: OpenInvoice): Refusal | null {
  if (collection.step !== 'charging' && collection.step !== 'processing') return null;
  return { code: 'payment_in_flight', detail: `cannot ${what}: an attempt on ${id} is still on its way` };
}

function giveCredit(state: Holder, input: InputOf<'credit_note'>): Outcome<Holder> {
  const invoice = invoiceOf(state, input, input.invoice);
  if ('code' in invoice || 'left' in invoice) return invoice;
  const { to, reason, at, lines, amount } = input;
  // Whatever it is to: a first invoice that stays unpaid is voided whole, with the credit that was used on it.
  if (to === 'open' || state.state === 'incomplete') {
    const refusal = whyNotReduced(state, input.invoice, 'credit');
    if (refusal) return refusal;
  }
  const what = lines ? { lines } : amount === null ? null : { amount };
  const note = creditNote(invoice, { what, to, reason, at }, billedBy(state, input));
  if (isRefusal(note)) return note;
  const { state: after, effects } = issueNote(givenBack(state, linesOfNote(invoice, note)), invoice, note);
  return { rule: 'credit_note.issued', state: after, effects, because: noteFacts(note) };
}

/** As the segments count them: what was debited, discount off, without a tax on top. */
const linesOfNote = ({ lines }: Creditable, note: CreditNote): GivenBack[] =>
  note.lines.map(({ line, gross, discount }) => ({ ...lines[line]!, amount: gross - discount }));

const noteFacts = ({ id, invoice, to, total, tax, reason }: CreditNote): Because => ({
  ...{ creditNote: id, invoice, creditTo: to, total, tax, reason },
});

function whyNotReduced(state: Holder, id: InvoiceId, what: string): Refusal | null {
  if (state.state === 'incomplete') {
    return { code: 'not_while_incomplete', detail: `cannot ${what} a first invoice: cancel the subscription instead` };
  }
  const open = openOf(state, id);
  if (!open) return { code: 'invoice_not_open', detail: `cannot ${what}: invoice ${id} is not open`, path: 'id' };
  if (open.writtenOff) return { code: 'invoice_written_off', detail: `cannot ${what}: invoice ${id} was written off` };
  return inFlight(what, open);
}

type Step = { state: Holder; effects: Effect[] };

const knownTo = ({ state, timeZone }: Holder, at: Instant) => ({
  knownOn: dayOf(at, timeZone),
  isOver: state === 'canceled',
});

/** Issues a note: off what is owed, to the customer's credit, or back to where the money came from. */
export function issueNote(before: Holder, invoice: Creditable, note: CreditNote): Step {
  const { id, total, to, issuedAt: at } = note;
  let state = before;
  const effects: Effect[] = [
    { type: 'issue_credit_note', note, spans: spansOf(invoice, note, knownTo(before, at)), at },
    {
      type: 'announce',
      event: 'credit_note.issued',
      data: { creditNote: id, invoice: note.invoice, to, total, currency: note.currency },
      at,
    },
  ];
  if (to === 'open') {
    const reduced = reduce(state, note.invoice, total, at);
    state = reduced.state;
    effects.push(...reduced.effects);
  }
  if (to === 'refund') {
    for (const [i, { payment, amount }] of refundParts(invoice, total).entries()) {
      const refund = `ref_${id.slice(3)}_${i + 1}` as const;
      const order = { refund, from: 'credit_note', note: id, invoice: note.invoice, payment, amount } as const;
      const ordered = orderRefund(state.refunds, order, at);
      state = { ...state, refunds: ordered.refunds };
      effects.push(...ordered.effects);
    }
  }
  return { state, effects };
}

/** Less is owed on it, or nothing any more. What waits for the customer at the processor is over the old amount. */
function reduce(state: Holder, id: InvoiceId, amount: number, at: number): Step {
  const open = openOf(state, id);
  if (!open) return { state, effects: [] };
  const left = open.amount - amount;
  const others = state.invoices.filter((each) => each !== open);
  const { collection } = open;
  if (left <= 0) return { state: { ...state, invoices: others }, effects: callOff(open, at) };
  const next: OpenInvoice = {
    ...{ ...open, amount: left },
    collection:
      collection.step === 'needs_action'
        ? { ...collection, next: collection.next ?? { paymentMethod: state.paymentMethod, onSession: false } }
        : collection,
  };
  const effects: Effect[] =
    collection.step === 'needs_action'
      ? [{ type: 'cancel_payment', invoice: id, attempt: open.attempts, payment: collection.payment, at }]
      : [];
  return { state: { ...state, invoices: state.invoices.map((each) => (each === open ? next : each)) }, effects };
}

function voidInvoice(state: Holder, input: InputOf<'void'>): Outcome<Holder> {
  const invoice = invoiceOf(state, input, input.invoice);
  if ('code' in invoice || 'left' in invoice) return invoice;
  const refusal = whyNotReduced(state, input.invoice, 'void');
  if (refusal) return refusal;
  const { id, paid, creditedOpen, creditedBack, total } = invoice;
  const credited = creditedOpen + creditedBack;
  if (paid > 0 || credited > 0) {
    const words = (amount: number) => formatMoney({ amount, currency: state.currency });
    return {
      code: 'invoice_partly_settled',
      detail: `cannot void ${id}: ${words(paid)} of it was paid and ${words(credited)} credited; credit the rest instead`,
    };
  }
  const missing = givenBackWithout(invoice, billedBy(state, input));
  if (missing !== null) {
    return {
      code: 'invoice_given_back',
      detail: `cannot void ${id}: ${formatMoney({ amount: missing, currency: state.currency })} of its days was given back by another invoice; credit the rest instead`,
    };
  }
  const { reason, at } = input;
  const open = openOf(state, id)!;
  const all = invoice.lines.map((line) => ({ ...line, amount: line.amount - line.discount }));
  const less = neverDebited(state, all);
  const voided = {
    ...less,
    invoices: less.invoices.filter((each) => each !== open),
    // What it had brought along from another invoice waits for the next.
    carried: [...less.carried, ...carriedBy(invoice)],
  };
  const kept = state.state === 'canceled' ? settleCarried(voided, id, at) : { state: voided, effects: [] };
  return {
    rule: 'invoice.voided',
    state: kept.state,
    effects: [
      { type: 'void_invoice', invoice: id, amount: total, at },
      ...kept.effects,
      ...callOff(open, at),
      { type: 'announce', event: 'invoice.voided', data: { invoice: id, total, currency: state.currency }, at },
    ],
    because: { invoice: id, total, reason },
  };
}

const carriedBy = ({ lines }: Creditable): Accepted['carried'] =>
  lines
    .filter(({ carried }) => carried)
    .map(({ description, amount }) => ({
      ...{ description, quantity: 1, unitPrice: null, amount, period: null, proration: null },
      ...{ taxCategory: 'exempt' as const, discountable: false as const, carried: true as const },
    }));

/** It is lost for the books. It is still owed: service comes back with the money, and with nothing else. */
function writeOff(state: Holder, input: InputOf<'write_off'>): Outcome<Holder> {
  const { invoice: id, reason, at } = input;
  const refusal = whyNotReduced(state, id, 'write off');
  if (refusal) return refusal;
  const open = openOf(state, id)!;
  const lost: OpenInvoice = { ...open, writtenOff: true, collection: { step: 'stopped' } };
  const { amount } = open;
  return {
    rule: 'invoice.written_off',
    state: { ...state, invoices: state.invoices.map((each) => (each === open ? lost : each)) },
    effects: [
      { type: 'write_off_invoice', invoice: id, amount, reason, at },
      ...callOff(open, at),
      { type: 'announce', event: 'invoice.written_off', data: { invoice: id, amount, currency: state.currency }, at },
    ],
    because: { invoice: id, amount, reason },
  };
}

function recordPayment(state: Holder, input: InputOf<'record_payment'>): Outcome<Holder> {
  const { invoice, payment, amount, receivedAt, reference, at } = input;
  if (state.settled.some((known) => known.payment === payment)) return { left: 'payment.known' };
  const outside = { reference, receivedAt };
  const open = openOf(state, invoice);
  if (open && state.state === 'incomplete' && amount < open.amount) {
    return {
      code: 'not_while_incomplete',
      detail: `amount: cannot record ${formatMoney({ amount, currency: state.currency })} on a first invoice of ${formatMoney(
        { amount: open.amount, currency: state.currency },
      )}: it is paid as a whole, or void; cancel the subscription, and what came is kept for the customer`,
      path: 'amount',
    };
  }
  const settled = { ...state, settled: [...state.settled, { invoice, payment }] };
  if (open) {
    const { state: after, effects, because } = applyPayment(settled, open, { payment, amount, at, outside });
    const isOpen = after.invoices.some(({ id }) => id === invoice);
    return {
      rule: 'payment.recorded',
      state: after,
      effects: [...effects, ...(isOpen ? [] : callOff(open, at))],
      because,
    };
  }
  const why = 'nothing_owed';
  return {
    rule: 'payment.recorded_unapplied',
    state: settled,
    effects: [{ type: 'record_unapplied_payment', invoice, payment, amount, why, outside, at }],
    because: { invoice, payment, amount },
  };
}

function retryRefund(state: Holder, { refund, at }: InputOf<'retry_refund'>): Outcome<Holder> {
  const known = failedRefund(state.refunds, refund);
  if (!known) return notFailed('retry', refund);
  const { invoice, payment, amount } = known;
  if (isInDispute(state.disputes, payment)) {
    return { code: 'payment_disputed', detail: `cannot refund payment ${payment}: it is disputed` };
  }
  const attempt = known.attempt + 1;
  return {
    rule: 'refund.retried',
    state: { ...state, refunds: keep(state.refunds, { ...known, attempt, step: 'asked' }) },
    effects: [
      { type: 'repeat_refund', refund, attempt, at },
      { type: 'refund', refund, attempt, invoice, payment, amount, at },
    ],
    because: { refund, attempt, payment, amount },
  };
}

const notFailed = (what: string, refund: RefundId): Refusal => ({
  ...{ code: 'refund_not_failed', detail: `cannot ${what}: refund ${refund} has not failed`, path: 'id' },
});

function creditRefund(state: Holder, { refund, at }: InputOf<'credit_refund'>): Outcome<Holder> {
  const known = failedRefund(state.refunds, refund);
  if (!known) return notFailed('turn into credit', refund);
  const { attempt, amount, payment } = known;
  return {
    rule: 'refund.credited',
    state: { ...state, refunds: keep(state.refunds, { ...known, step: 'credited' }) },
    effects: [
      { type: 'settle_refund', refund, attempt, outcome: 'credited', name: null, code: null, at },
      { type: 'announce', event: 'refund.credited', data: { refund, payment, amount }, at },
    ],
    because: { refund, payment, amount },
  };
}

function withdrawCredit(state: Holder, input: InputOf<'withdraw_credit'>): Outcome<Holder> {
  const { amount, name, at, shared } = input;
  if (!shared?.books) return TO_BE_READ;
  const words = (value: number) => formatMoney({ amount: value, currency: state.currency });
  if (amount > shared.credit) {
    return {
      code: 'credit_insufficient',
      detail: `amount: cannot withdraw ${words(amount)}: the customer has ${words(shared.credit)} of credit`,
      path: 'amount',
    };
  }
  // Whatever it had paid for: here it is the way back that counts.
  const payments = shared.books.refundable.map((payment) => ({
    ...payment,
    ...{ applied: payment.amount, refundedUnapplied: 0 },
    disputed: payment.disputed || isInDispute(state.disputes, payment.id),
  }));
  const left = payments.reduce((sum, payment) => sum + refundableOf(payment), 0);
  if (amount > left) {
    return {
      code: 'credit_not_refundable',
      detail: `amount: cannot withdraw ${words(amount)}: ${words(left)} can go back to payments of this subscription`,
      path: 'amount',
    };
  }
  const start: Step = { state, effects: [] };
  const { state: after, effects } = refundParts({ payments }, amount).reduce<Step>((step, part, i) => {
    const refund = `${name}_${i + 1}` as const;
    const order = { refund, from: 'customer_credit', note: null, invoice: null, ...part } as const;
    const ordered = orderRefund(step.state.refunds, order, at);
    return { state: { ...step.state, refunds: ordered.refunds }, effects: [...step.effects, ...ordered.effects] };
  }, start);
  const told: Effect = { type: 'announce', event: 'credit.withdrawn', data: { amount, currency: state.currency }, at };
  return {
    rule: 'credit.withdrawn',
    state: after,
    effects: [...effects, told],
    because: { amount, credit: shared.credit },
  };
}

/**
 * Gives back the days that were paid for and will not be used. Before the books are read it gives back nothing: it is
 * decided again when they have been.
 */
export function giveUnused<S extends Holder>(
  state: S,
  input: InputOf<'cancel'>,
): { state: S; effects: Effect[]; unused: number } | Refusal {
  const { creditTo: to, at, shared } = input;
  if (!to || !shared?.books) return { state, effects: [], unused: 0 };
  const flying = state.invoices.map((open) => inFlight('credit unused days', open)).find((refusal) => refusal);
  if (flying) return flying;
  const invoices = Object.values(shared.books.invoices)
    .filter((invoice) => invoice.state === 'open' || invoice.state === 'paid')
    .map((invoice) => withDisputes(state, invoice))
    .sort((a, b) => a.issuedAt - b.issuedAt);
  const today = dayOf(at, state.timeZone);
  const billed = billedBy(state, input);
  const notes = unusedNotes(invoices, today, { to, reason: 'canceled', at }, billed);
  const carried = covered(state, usedOf(state.carried, today), input, { billed, notes });
  const drafts = (state.drafts ?? []).map((draft) => ({ ...draft, lines: usedOf(draft.lines, today) }));
  const start: Step = { state: { ...state, drafts, carried }, effects: [] };
  const { state: after, effects } = notes.reduce<Step>((step, note) => {
    const invoice = invoices.find(({ id }) => id === note.invoice)!;
    const next = issueNote(step.state, invoice, note);
    return { state: next.state, effects: [...step.effects, ...next.effects] };
  }, start);
  return { state: after as S, effects, unused: notes.reduce((sum, { total }) => sum + total, 0) };
}

/** Credits that wait give back no more, with their taxes, than the notes have left of their days. */
function covered(
  state: Holder,
  waiting: readonly InvoiceLine[],
  moment: Moment,
  { billed, notes }: { billed: readonly Creditable[]; notes: readonly CreditNote[] },
): InvoiceLine[] {
  const after = billed.map((invoice) =>
    notes.reduce((held, note) => (note.invoice === held.id ? afterNote(held, note) : held), invoice),
  );
  const left = leftOfPeriods(after);
  const asked = { id: invoiceId(state.id, state.invoiceCount + 1), lines: waiting, collect: CHARGE };
  const { lines } = drafted(state, asked, moment).invoice;
  const sums = new Map<string, { net: number; gross: number }>();
  for (const [i, { amount, ...line }] of waiting.entries()) {
    const period = periodOf({ ...line, earning: line.earning ?? null, carried: line.carried ?? false });
    if (period === null) continue;
    const { net, gross } = sums.get(period) ?? { net: 0, gross: 0 };
    sums.set(period, { net: net + amount, gross: gross + grossOf(lines[i]!) });
  }
  const missing = [...sums].reduce((sum, [period, { net, gross }]) => {
    const over = Math.max(-gross - Math.max(left.get(period) ?? 0, 0), 0);
    return over === 0 ? sum : sum + prorate(over, net, gross);
  }, 0);
  return withoutCredits(waiting, missing).carried;
}

function ofRefund(state: Holder, taken: ReturnType<typeof refundSucceeded>): Outcome<Holder> {
  if (!taken) return { left: 'refund.known' };
  const { rule, refunds, effects, because } = taken;
  return { rule, state: { ...state, refunds }, effects, because };
}

/**
 * Somebody has given money back at the processor. It is recorded whatever it was for; a credit note over the invoice makes
 * the books right, as far as the invoice has anything left to give back.
 */
function refundedOutside(state: Holder, input: InputOf<'payment_refunded'>): Outcome<Holder> {
  const { payment, refund: name, amount, at, shared } = input;
  const refund = refundNamed(name);
  if (state.refunds?.some(({ id }) => id === refund)) return { left: 'refund.known' };
  const held = Object.values(shared?.books?.invoices ?? {}).find(({ payments }) =>
    payments.some(({ id }) => id === payment),
  );
  const invoice = held && withinPeriods(held, billedBy(state, input));
  const of = invoice?.payments.find(({ id }) => id === payment);
  const unapplied = of ? Math.min(amount, Math.max(of.amount - of.applied - of.refundedUnapplied, 0)) : 0;
  const covered = invoice ? Math.min(amount - unapplied, creditLeft(invoice, 'credit')) : 0;
  const note =
    invoice && covered > 0
      ? issued(invoice, { lines: spread(invoice.lines, covered), to: 'refund', reason: 'refunded_at_processor', at })
      : null;
  const known = { id: refund, invoice: invoice?.id ?? null, payment, amount, attempt: 1, step: 'done' } as const;
  const effects: Effect[] = [
    ...(note && invoice
      ? [{ type: 'issue_credit_note', note, spans: spansOf(invoice, note, knownTo(state, at)), at } as const]
      : []),
    {
      type: 'record_refund',
      ...{
        refund,
        name,
        note: note?.id ?? null,
        invoice: invoice?.id ?? input.invoice,
        payment,
        amount,
        unapplied,
        at,
      },
    },
    { type: 'announce', event: 'refund.succeeded', data: { refund, payment, amount }, at },
  ];
  const less = note && invoice ? givenBack(state, linesOfNote(invoice, note)) : state;
  return {
    rule: 'refund.recorded',
    state: { ...less, refunds: keep(state.refunds, known) },
    effects,
    because: { payment, refund: name, amount, unapplied, credited: covered, unmatched: amount - unapplied - covered },
  };
}

function disputed(state: Holder, input: DisputeFact): Outcome<Holder> {
  const taken = takeDispute(state.disputes ?? [], input);
  if (!taken) return { left: 'dispute.known' };
  const { rule, disputes, effects } = taken;
  const { payment, dispute } = input;
  return { rule, state: { ...state, disputes }, effects, because: { payment, dispute } };
}
