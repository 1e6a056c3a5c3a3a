/**
 * Random lives in which money goes every way: sold with stubs, trials, phases and terms, under discounts and taxes, charged
 * or sent, given back, refunded and disputed, in any order and told more than once. Beside each life its books are kept,
 * and what they hold is what the next decision is made from.
 */
import fc from 'fast-check';
import { decide } from '../../src/domain/decide.ts';
import type { Decided } from '../../src/domain/decide-all.ts';
import type { Decision } from '../../src/domain/decision.ts';
import type { HeldDiscount } from '../../src/domain/discount.ts';
import type { InvoiceId } from '../../src/domain/ids.ts';
import type { Command, Due, Fact, Input, InputOf } from '../../src/domain/input.ts';
import type { Collect, InvoiceLine } from '../../src/domain/invoice.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { type Plan, type PriceBook, type Terms, termsOf } from '../../src/domain/price-book.ts';
import { type Shared, sharedWanted } from '../../src/domain/shared.ts';
import { type Accepted, isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { type TaxRules, UNTAXED } from '../../src/domain/tax.ts';
import { type AnchorDay, HOUR, type Instant } from '../../src/domain/time.ts';
import { draft, hybrid, input, START, subscribe, terms } from '../domain/builders.ts';
import { Books } from './books.ts';

const plan = (over: Partial<Plan>): Plan => ({
  ...{ id: 'pro', product: 'app', name: 'Pro', interval: { unit: 'month', count: 1 } },
  prices: [{ currency: 'usd', model: 'per_unit', unitAmount: '3000' }],
  ...over,
});
const flat = (unitAmount: string) => [{ currency: 'usd', model: 'flat', unitAmount } as const];
const book: PriceBook = {
  plans: [
    plan({
      id: 'ramp',
      phases: [
        { id: 'free', name: 'Free', periods: 1, prices: flat('0') },
        { id: 'half', name: 'Half', periods: 1, prices: flat('1499') },
      ],
    }),
    plan({ id: 'bound', term: { periods: 2, atEnd: 'cancel' }, prices: flat('4500') }),
    plan({ id: 'becoming', term: { periods: 1, atEnd: 'change', planId: 'becomes' } }),
    plan({ id: 'becomes', interval: { unit: 'week', count: 2 }, prices: flat('777') }),
    plan({
      ...{ id: 'inside', product: 'books', taxCategory: 'reduced' },
      prices: [{ currency: 'usd', model: 'per_unit', unitAmount: '1999', taxBehavior: 'inclusive' }],
    }),
    plan({ id: 'draft', graceHours: 48, prices: flat('3333') }),
    plan({ id: 'small', prices: [{ currency: 'usd', model: 'flat', unitAmount: '120', minimumCharge: 500 }] }),
  ],
};

const SOLD: readonly Terms[] = [
  ...[terms(), terms({ planId: 'max', unitAmount: '9900' }), hybrid([{ id: 'backup', quantity: 2 }])],
  terms({ planId: 'yearly', interval: { unit: 'year', count: 1 }, unitAmount: '30001' }),
  terms({ planId: 'gratis', unitAmount: '0' }),
  ...book.plans.map((each) => termsOf(each, 'pb_1', 'usd', book)!),
];

const off = (coupon: 'co_1' | 'co_2' | 'co_3', over: Partial<HeldDiscount>): HeldDiscount => ({
  ...{ coupon, name: coupon, kind: { percent: '33.3' }, duration: 'forever', since: START },
  ...over,
});
const COUPONS: readonly HeldDiscount[] = [
  off('co_1', { duration: { periods: 2 } }),
  off('co_2', { kind: { amount: 700, currency: 'usd' }, duration: 'once' }),
  off('co_3', { kind: { percent: '100' }, duration: 'once' }),
];

const ratesOf = (standard: string, reduced: string): TaxRules => ({
  ...{ treatment: 'taxed', note: null },
  rates: {
    standard: [{ jurisdiction: 'DE', name: 'VAT', percent: standard }],
    reduced: [{ jurisdiction: 'DE', name: 'VAT', percent: reduced }],
    exempt: [],
  },
});
const TAXES: readonly TaxRules[] = [
  ...[UNTAXED, ratesOf('19', '7'), ratesOf('8.875', '2.6')],
  {
    ...{ treatment: 'taxed', note: null },
    rates: {
      standard: [
        { jurisdiction: 'CA', name: 'GST', percent: '5' },
        { jurisdiction: 'CA-QC', name: 'QST', percent: '9.975' },
      ],
      ...{ reduced: [], exempt: [] },
    },
  },
];
const SENT: Collect = { by: 'send', netDays: 14, purchaseOrder: null };

const TRIALS: readonly Partial<InputOf<'subscribe'>>[] = [
  {},
  {},
  { trialDays: 14 },
  ...(['charge', 'pause', 'cancel'] as const).map((atEnd) => ({
    ...{ trialDays: 7, paymentMethod: null },
    trial: { paymentMethod: 'optional', atEnd, perCustomer: 'once', reminderDays: 3, isAsked: false } as const,
  })),
];
const ANCHORS: readonly (AnchorDay | undefined)[] = [undefined, undefined, 13, 31];

const BILLED: readonly InvoiceLine[] = [
  {
    ...{ description: 'Consulting', quantity: 3, unitPrice: '3333', amount: 9_999, period: null, proration: null },
    product: 'work',
  },
  {
    ...{ description: 'Support', quantity: 1, unitPrice: '1001', amount: 1_001, proration: null, product: 'work' },
    period: { from: '2027-01-10', to: '2027-03-10' },
    taxInclusive: true,
  },
  {
    ...{ description: 'Goodwill', quantity: 1, unitPrice: '-500', amount: -500, period: null, proration: null },
    ...{ product: 'app', discountable: false },
  },
];

const REASON = { reason: 'other' } as const;

/** What can happen, as often as it is named. `pick` says to which of those that there are, `share` how much of it. */
const KINDS = [
  ...['wait', 'wait', 'wait', 'wait', 'wait', 'pay', 'pay', 'pay', 'pay', 'pay', 'pay', 'decline', 'decline'],
  ...['action', 'processing', 'call_off', 'late_money', 'again', 'retry'],
  ...['change', 'change', 'change', 'cancel', 'uncancel', 'pause', 'resume', 'method'],
  ...['bill', 'finalise', 'discount', 'undiscount', 'grant', 'retax'],
  ...['note_open', 'note_open', 'note_credit', 'note_credit', 'note_refund', 'note_refund', 'note_refund', 'note_line'],
  ...['void', 'write_off', 'from_elsewhere', 'from_elsewhere', 'withdraw'],
  ...[
    'refunded',
    'refunded',
    'refund_failed',
    'refund_failed',
    'retry_refund',
    'retry_refund',
    'credit_refund',
    'credit_refund',
    'refund_outside',
  ],
  ...['dispute', 'dispute', 'withdrawn', 'reinstated', 'closed'],
] as const;
export type MoneyAct = { do: (typeof KINDS)[number]; pick: number; share: number };

const DISCOUNTS: readonly (readonly HeldDiscount[])[] = [[], [], ...COUPONS.map((each) => [each]), COUPONS.slice(0, 2)];

export const moneyStory = (maxLength = 18, kinds: readonly MoneyAct['do'][] = KINDS) =>
  fc.record({
    acts: fc.array(
      fc.record({ do: fc.constantFrom(...kinds), pick: fc.nat(11), share: fc.nat(120) }) as fc.Arbitrary<MoneyAct>,
      { maxLength, size: 'max' },
    ),
    sold: fc.constantFrom(...SOLD),
    quantity: fc.integer({ min: 1, max: 3 }),
    trial: fc.constantFrom(...TRIALS),
    anchorDay: fc.constantFrom(...ANCHORS),
    discounts: fc.constantFrom(...DISCOUNTS),
    isSent: fc.constantFrom(false, false, false, true),
    tax: fc.nat(TAXES.length - 1),
    credit: fc.constantFrom(0, 0, 250, 4_000),
    chargeStep: fc.constantFrom(1, 1, 100),
  });
export type MoneyStory = ReturnType<typeof moneyStory> extends fc.Arbitrary<infer S> ? S : never;

export type MoneyWitness = (step: {
  before: Subscription;
  given: Input;
  decision: Decision;
  state: Subscription;
  books: Books;
}) => void;

export function liveWithMoney({ acts, ...story }: MoneyStory, witness: MoneyWitness = () => {}): MoneyLife {
  const life = new MoneyLife(story, witness);
  for (const act of acts) life.act(act);
  return life;
}

type Attempt = { invoice: InvoiceId; attempt: number; payment: string; amount: number };

const nth = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(list.length, 1)];
const partOf = (amount: number, share: number): number => Math.ceil((amount * share) / 100);

export class MoneyLife {
  state: Subscription = draft({ timeZone: 'America/New_York' });
  now: Instant = START;
  readonly books = new Books('America/New_York');
  private readonly attempts: Attempt[] = [];
  private readonly told: Fact[] = [];
  private readonly witness: MoneyWitness;
  private readonly chargeStep: number;
  private tax: number;
  private trialUsedAt: Instant | null = null;
  private count = 0;

  constructor(story: Omit<MoneyStory, 'acts'>, witness: MoneyWitness) {
    const { sold, quantity, trial, anchorDay, discounts, isSent, tax, credit, chargeStep } = story;
    this.witness = witness;
    this.tax = tax;
    this.chargeStep = chargeStep;
    if (credit > 0) this.books.grant(credit, START);
    this.take({
      ...subscribe({ terms: sold, quantity, discounts: [...discounts] }),
      ...(isSent && { collect: SENT }),
      ...(anchorDay !== undefined && sold.interval.unit === 'month' && { anchorDay }),
      ...trial,
    } as Command);
  }

  /** What it has to know of what others share, as it is read for a decision. */
  shared(asked: Input): Shared {
    const shared: Shared = {
      ...{ credit: this.books.credit, minimumCharge: 50, chargeStep: this.chargeStep, tax: TAXES[this.tax]! },
      trialUsedAt: this.trialUsedAt,
    };
    const dry: Decided = {
      ...{ asked, input: asked, before: this.state, after: this.state },
      decision: { outcome: 'unchanged', rule: 'dry' },
    };
    const wanted = sharedWanted([dry]);
    return wanted?.books ? { ...shared, books: this.books.read(wanted.books) } : shared;
  }

  take(what: Command | Fact | Due, at = this.now): Decision {
    const before = this.state;
    const asked = input(what, at);
    const given: Input = { ...asked, shared: this.shared(asked) };
    const decision = decide(before, given);
    if (decision.outcome === 'applied') {
      this.state = decision.state;
      this.books.take(decision.effects);
      for (const effect of decision.effects) {
        if (effect.type === 'use_trial') this.trialUsedAt = at;
        if (effect.type === 'charge') {
          const { invoice, attempt, amount } = effect;
          this.attempts.push({ invoice, attempt, payment: `pi_${invoice}_${attempt}`, amount });
        }
      }
    }
    this.witness({ before, given, decision, state: this.state, books: this.books });
    return decision;
  }

  waitUntil(target: Instant): void {
    for (let due = nextDue(this.state); due && due.at <= target; due = nextDue(this.state)) {
      if (due.type === 'listening_ended') break;
      this.now = Math.max(this.now, due.at);
      this.take(due, due.at);
    }
    this.now = Math.max(this.now, target);
  }

  private tell(fact: Fact | null): void {
    if (!fact) return;
    this.told.push(fact);
    this.take(fact);
  }

  private ask(command: Command | null): void {
    if (command) this.take(command);
  }

  act({ do: what, pick, share }: MoneyAct) {
    switch (what) {
      case 'wait':
        return this.waitUntil(this.now + (1 + pick * share) * HOUR);
      case 'again':
        if (this.told.length > 0) this.take(nth(this.told.toReversed(), pick)!);
        return;
      case 'grant':
        return this.books.grant(1 + pick * share, this.now);
      case 'retax':
        this.tax = pick % TAXES.length;
        return;
      case 'pay':
      case 'decline':
      case 'action':
      case 'processing':
      case 'call_off':
      case 'late_money':
        return this.tell(this.answer(what, pick));
      case 'refunded':
      case 'refund_failed':
      case 'refund_outside':
        return this.tell(this.news(what, pick, share));
      case 'dispute':
      case 'withdrawn':
      case 'reinstated':
      case 'closed':
        return this.tell(this.dispute(what, pick, share));
      default:
        if (isAccepted(this.state)) this.ask(this.command(this.state, what, pick, share));
    }
  }

  private answer(what: string, pick: number): Fact | null {
    const open = isAccepted(this.state) ? this.state.invoices : [];
    const waiting = this.attempts.filter(({ invoice, attempt }) =>
      open.some(({ id, attempts, collection: { step } }) => {
        const isOpen = step === 'charging' || step === 'needs_action' || step === 'processing';
        return id === invoice && attempts === attempt && isOpen;
      }),
    );
    // Late money: whatever was ever tried may still come.
    const of = nth(what === 'late_money' ? this.attempts : waiting, pick);
    if (!of) return null;
    const { amount, ...attempt } = of;
    switch (what) {
      case 'pay':
      case 'late_money':
        return { type: 'payment_succeeded', ...attempt, amount };
      case 'decline':
        return {
          ...{ type: 'payment_failed', ...attempt, code: 'card_declined' },
          decline: pick % 3 === 0 ? 'hard' : 'soft',
        };
      case 'action':
        return { type: 'payment_needs_action', ...attempt };
      case 'processing':
        return { type: 'payment_processing', ...attempt };
      default:
        return { type: 'payment_canceled', ...attempt };
    }
  }

  /** What the processor still has of a payment: it gives no more back than it took. */
  private leftAtProcessor(payment: string): number {
    const of = this.books.payments.get(payment)!;
    const back = [...this.books.refunds.values()].filter((each) => each.payment === payment);
    const gone = [...this.books.disputes.values()].filter((each) => each.payment === payment);
    return (
      of.amount -
      back.reduce((all, { amount, state }) => all + (state === 'succeeded' ? amount : 0), 0) -
      gone.reduce((all, { withdrawn, reinstated }) => all + withdrawn - reinstated, 0)
    );
  }

  private news(what: string, pick: number, share: number): Fact | null {
    if (what === 'refund_outside') {
      const of = nth(this.atProcessor(), pick);
      const amount = of ? Math.min(partOf(of.amount, share), this.leftAtProcessor(of.id)) : 0;
      if (!of || amount <= 0) return null;
      return { type: 'payment_refunded', invoice: of.invoice, payment: of.id, refund: `re_${++this.count}`, amount };
    }
    const waiting = [...this.books.refunds.values()].filter(({ state }) => state === 'requested');
    const done = [...this.books.refunds.values()].filter(({ state }) => state === 'succeeded');
    const of = nth(what === 'refund_failed' && share > 80 ? done : waiting, pick);
    if (!of) return null;
    const { id, attempt, payment, amount } = of;
    const asked = { refund: id, attempt };
    if (what === 'refunded' && amount <= this.leftAtProcessor(payment)) {
      return { type: 'payment_refunded', invoice: null, payment, refund: `re_${id}_${attempt}`, amount, asked };
    }
    return { type: 'refund_failed', payment, refund: `re_${id}_${attempt}`, amount, code: 'declined', asked };
  }

  private atProcessor = () => [...this.books.payments.values()].filter(({ outside }) => !outside);

  private dispute(what: string, pick: number, share: number): Fact | null {
    const of = nth(this.atProcessor(), pick);
    if (!of) return null;
    const dispute = `du_${of.id}_${pick % 2}`;
    const amount = of.amount;
    const known = this.books.disputes.get(dispute);
    switch (what) {
      case 'dispute':
        return {
          ...{ type: 'dispute_opened', payment: of.id, dispute, amount, reason: 'fraudulent' },
          inquiry: share < 30,
        };
      case 'withdrawn': {
        const left = known?.withdrawn ? known.withdrawn : Math.min(amount, this.leftAtProcessor(of.id));
        return left > 0 ? { type: 'funds_withdrawn', payment: of.id, dispute, amount: left, fee: 1500 } : null;
      }
      case 'reinstated':
        if (!known?.withdrawn) return null;
        return {
          ...{ type: 'funds_reinstated', payment: of.id, dispute, amount: known.withdrawn },
          fee: share > 60 ? 1500 : 0,
        };
      default:
        return {
          ...{ type: 'dispute_closed', payment: of.id, dispute },
          outcome: share < 40 ? 'won' : share < 80 ? 'lost' : 'closed',
        };
    }
  }

  /** A change of plan or quantity, or of both. */
  change(pick: number, share: number): Extract<Command, { type: 'change' }> {
    return {
      ...{ type: 'change', terms: SOLD[(pick + share) % SOLD.length]!, quantity: 1 + (pick % 3) },
      when: nth([null, 'now', 'now', 'period_end'] as const, share)!,
      proration: nth([null, 'invoice_now', 'next_invoice', 'none'] as const, pick)!,
    };
  }

  private command(state: Accepted, what: string, pick: number, share: number): Command | null {
    const invoice = nth([...this.books.kept.keys()], pick);
    const noteTo = (to: 'open' | 'credit' | 'refund'): Command | null => {
      if (!invoice) return null;
      const { amountDue } = this.books.kept.get(invoice)!;
      const amount = share > 90 ? null : Math.max(partOf(amountDue, share), 1);
      return { type: 'credit_note', invoice, to, amount, lines: null, ...REASON };
    };
    switch (what) {
      case 'retry': {
        const open = nth(state.invoices, pick);
        if (!open) return null;
        return { type: 'pay', invoice: open.id, paymentMethod: null, onSession: share > 60 };
      }
      case 'change':
        return this.change(pick, share);
      case 'cancel':
        return {
          ...{ type: 'cancel', when: nth(['now', 'period_end', '2027-02-20'] as const, share)!, reason: null },
          ...(pick % 3 > 0 && { creditTo: pick % 3 === 1 ? 'credit' : 'refund' }),
          ...(pick > 4 && { byOperator: true }),
        };
      case 'uncancel':
      case 'resume':
        return { type: what };
      case 'pause':
        return { type: 'pause', resumeAt: pick % 2 === 0 ? null : this.now + (1 + share) * 12 * HOUR };
      case 'method':
        return { type: 'use_payment_method', paymentMethod: 'pm_2' };
      case 'bill':
        return {
          ...{ type: 'bill', lines: [BILLED[pick % BILLED.length]!], when: share > 60 ? 'now' : 'next_invoice' },
          collect: share > 90 ? SENT : null,
        };
      case 'finalise': {
        const draft = nth(state.drafts ?? [], pick);
        return draft ? { type: 'finalise', invoice: draft.id } : null;
      }
      case 'discount':
        return { type: 'apply_discount', discount: { ...COUPONS[pick % COUPONS.length]!, since: this.now } };
      case 'undiscount':
        return { type: 'remove_discount', coupon: COUPONS[pick % COUPONS.length]!.coupon };
      case 'note_open':
        return noteTo('open');
      case 'note_credit':
        return noteTo('credit');
      case 'note_refund':
        return noteTo('refund');
      case 'note_line': {
        if (!invoice) return null;
        const line = pick % this.books.kept.get(invoice)!.lines.length;
        const { amount } = this.books.kept.get(invoice)!.lines[line]!;
        const lines = [share % 2 ? { line, quantity: 1 } : { line, amount: Math.max(partOf(amount, share), 1) }];
        return {
          type: 'credit_note',
          invoice,
          to: nth(['open', 'credit', 'refund'] as const, share)!,
          ...REASON,
          amount: null,
          lines,
        };
      }
      case 'void':
      case 'write_off': {
        const open = nth(state.invoices, pick);
        return open ? { type: what, invoice: open.id, ...REASON } : null;
      }
      case 'from_elsewhere': {
        const id = nth(state.invoices, pick)?.id ?? invoice;
        if (!id) return null;
        const amount = Math.max(partOf(this.books.kept.get(id)!.amountDue, share), 1);
        const payment = `out_${++this.count}`;
        return { type: 'record_payment', invoice: id, payment, amount, receivedAt: this.now, reference: payment };
      }
      case 'withdraw': {
        const amount = partOf(this.books.credit, share);
        return amount > 0 ? { type: 'withdraw_credit', amount, name: `ref_back${++this.count}` } : null;
      }
      case 'retry_refund':
      case 'credit_refund': {
        const known = [...this.books.refunds.values()];
        const of =
          nth(
            known.filter(({ state }) => state === 'failed'),
            pick,
          ) ?? nth(known, pick);
        return of ? { type: what, refund: of.id } : null;
      }
      default:
        return null;
    }
  }
}
