/** Random lives of money: whatever is sold, paid, given back and disputed, in any order, the books say the same. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { planChange } from '../../src/domain/change.ts';
import { owedOn } from '../../src/domain/credit-note.ts';
import { decide } from '../../src/domain/decide.ts';
import { decideAll } from '../../src/domain/decide-all.ts';
import type { Decision } from '../../src/domain/decision.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { InvoiceId } from '../../src/domain/ids.ts';
import type { Command, Fact } from '../../src/domain/input.ts';
import { type Invoice, sumsOf, totalOf } from '../../src/domain/invoice.ts';
import { type AccountCode, chart } from '../../src/domain/ledger.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { periodOf } from '../../src/domain/same-days.ts';
import { afterSpending } from '../../src/domain/shared.ts';
import { isAccepted, isAllowed, type Subscription } from '../../src/domain/subscription.ts';
import { grossOf } from '../../src/domain/tax.ts';
import { DAY, dayOf, HOUR } from '../../src/domain/time.ts';
import type { Books } from '../support/books.ts';
import {
  liveWithMoney,
  type MoneyLife,
  type MoneyStory,
  type MoneyWitness,
  moneyStory,
} from '../support/money-lives.ts';
import { declined, input, START, terms } from './builders.ts';

const TIMEOUT = 240_000;
const RUNS = { numRuns: 10_000 };

const seen = { rules: new Set<string>(), effects: new Set<string>(), refusals: new Set<string>() };
const note = (decision: Decision): void => {
  if (decision.outcome === 'refused') seen.refusals.add(decision.code);
  if (decision.outcome !== 'applied') return;
  seen.rules.add(decision.rule);
  for (const { type } of decision.effects) seen.effects.add(type);
};

const same = (actual: number, expected: number, what: string): void => {
  if ((actual || 0) !== (expected || 0)) expect(actual, what).toBe(expected);
};

/** What a step may have done. Said without a matcher where it holds, as these are hundreds of thousands of steps. */
const check: MoneyWitness = ({ before, given, decision, state, books }) => {
  note(decision);
  if (decision.outcome !== 'applied') return;
  if (!isAllowed(before.state, state.state)) expect.fail(`no way from ${before.state} to ${state.state}`);
  const due = nextDue(state);
  if (due && due.type === given.type && due.at === given.at) {
    expect('invoice' in due && 'invoice' in given && due.invoice !== given.invoice, `${due.type} is done`).toBe(true);
  }
  if (isAccepted(state)) owedAsKept(state, books);
  for (const effect of decision.effects) {
    if (effect.type === 'issue_invoice') sumOfItsLines(effect);
  }
  refundsBelong(decision.effects);
};

/** What the subscription waits for is what the books say is owed. */
function owedAsKept(state: Extract<Subscription, { invoices: unknown }>, books: Books): void {
  const [owed, lost] = [false, true].map((isLost) =>
    state.invoices.reduce((sum, { amount, writtenOff = false }) => (writtenOff === isLost ? sum + amount : sum), 0),
  );
  same(books.balance('receivable'), owed!, 'what is owed');
  const dropped = books.settled.reduce((sum, amount) => sum + Math.max(amount, 0), 0);
  same(books.balance('bad_debt'), lost! + dropped, 'what was given up as lost');
  if (state.state === 'canceled' && state.carried.length > 0) expect.fail('something waits after the end');
  for (const { id, amount, writtenOff } of state.invoices) {
    if (!writtenOff) same(owedOn(books.creditable(id)), amount, `what is owed on ${id}`);
  }
}

function sumOfItsLines({ invoice }: Extract<Effect, { type: 'issue_invoice' }>): void {
  const { id, total, subtotal, discount, tax, taxIncluded, creditApplied, amountDue } = invoice;
  const sums = sumsOf(invoice.lines);
  same(subtotal, sums.subtotal, `subtotal of ${id}`);
  same(discount, sums.discount, `discount of ${id}`);
  same(tax, sums.tax, `tax of ${id}`);
  same(taxIncluded, sums.taxIncluded, `tax inside of ${id}`);
  same(total, sums.total, `total of ${id}`);
  same(amountDue, total - creditApplied, `what is due on ${id}`);
  if (Math.min(total, creditApplied, amountDue) < 0) expect.fail(`${id} is below zero`);
}

/** A note that refunds names all of the payments that it goes back to. */
function refundsBelong(effects: readonly Effect[]): void {
  for (const effect of effects) {
    if (effect.type !== 'issue_credit_note' || effect.note.to !== 'refund') continue;
    const asked = effects.filter((each) => each.type === 'request_refund' && each.note === effect.note.id);
    const outside = effects.some((each) => each.type === 'record_refund' && each.note === effect.note.id);
    const sum = asked.reduce((all, each) => all + (each.type === 'request_refund' ? each.amount : 0), 0);
    if (!outside) same(sum, effect.note.total, `what goes back for ${effect.note.id}`);
  }
}

/** Recognised + deferred − unbilled = invoiced net of tax and credit notes, and settled at the end, on any day. */
function identityHolds({ state, books, now }: MoneyLife): void {
  const net = (each: { total: number; tax: number }) => each.total - each.tax;
  const invoiced = [...books.invoices.values()].reduce((sum, invoice) => sum + net(invoice), 0);
  const credited = books.notes.reduce((sum, each) => sum + net(each), 0);
  const settled = books.settled.reduce((sum, amount) => sum + amount, 0);
  const today = dayOf(now, state.timeZone);
  for (const day of ['2027-01-20', today, '2040-01-01']) {
    const of = books.through(day);
    const recognised = -of('revenue') - of('discounts');
    same(recognised - of('deferred_revenue') - of('unbilled'), invoiced - credited + settled, `the identity on ${day}`);
    same(of('rounding'), 0, 'rounding');
  }
  const atTheEnd = books.through(state.state === 'canceled' ? today : '2040-01-01');
  same(atTheEnd('deferred_revenue'), 0, 'nothing is left to come');
  const lines = isAccepted(state) ? [...state.carried, ...(state.drafts ?? []).flatMap((draft) => draft.lines)] : [];
  same(atTheEnd('unbilled'), totalOf(lines.filter((line) => line.carried)), 'what waits for the next invoice');
}

/**
 * Of no period is more given back than was debited, what waits included. Looked at without taxes and discounts, so not where
 * these change within a period: the money is then no measure of the price.
 */
function neverBeyond({ state, books }: MoneyLife): void {
  const waiting = isAccepted(state) ? [state.carried, ...(state.drafts ?? []).map((draft) => draft.lines)].flat() : [];
  const left = new Map<string, number>();
  const kinds = new Map<string, Set<string>>();
  const add = (line: Parameters<typeof periodOf>[0], amount: number, kind: string | null): void => {
    const period = periodOf(line);
    if (period === null) return;
    left.set(period, (left.get(period) ?? 0) + amount);
    if (kind !== null) kinds.set(period, (kinds.get(period) ?? new Set()).add(kind));
  };
  for (const { id, state: ended } of books.kept.values()) {
    if (ended === 'void') continue;
    for (const line of books.creditable(id).lines) {
      const rates = line.taxes.map(({ percent, inclusive }) => `${percent} ${inclusive}`);
      add(line, line.amount, [...rates, line.discount > 0].join());
    }
  }
  for (const line of waiting) {
    add({ ...line, earning: line.earning ?? null, carried: line.carried ?? false }, line.amount, null);
  }
  for (const { invoice, lines } of books.notes) {
    for (const { line, gross } of lines) add(books.creditable(invoice).lines[line]!, -gross, null);
  }
  const slack = books.notes.length; // A part of each is its tax, rounded.
  const alike = [...left].filter(([period]) => (kinds.get(period)?.size ?? 0) < 2);
  if (state.state === 'canceled') {
    // Unused days are given back by the invoices that were paid, which may be those of another period.
    const all = alike.length < left.size ? 0 : alike.reduce((sum, [, amount]) => sum + amount, 0);
    if (all < -slack) expect.fail(`${-all} too much is given back`);
    return;
  }
  for (const [period, amount] of alike) {
    if (amount < -slack) expect.fail(`${-amount} too much is given back of ${period}`);
  }
}

function balances({ books }: MoneyLife): void {
  same(books.imbalance, 0, 'what all accounts come to');
  const sum = <T>(items: Iterable<T>, of: (item: T) => number) => [...items].reduce((all, each) => all + of(each), 0);
  const tax = sum(books.invoices.values(), (invoice) => invoice.tax) - sum(books.notes, (each) => each.tax);
  same(-books.balance('tax_payable'), tax, 'what tax offices have to get');
  const refunds = [...books.refunds.values()].filter(({ state }) => state !== 'credited');
  const unused = sum(books.payments.values(), ({ amount, applied }) => amount - applied);
  same(-books.balance('unapplied_cash'), unused - sum(books.refunds.values(), (each) => each.unapplied), 'unapplied');
  for (const payment of books.payments.values()) {
    const back = sum(refunds, (refund) =>
      refund.payment === payment.id && refund.state === 'succeeded' ? refund.amount : 0,
    );
    if (back > payment.amount) expect.fail(`${back} of ${payment.amount} went back to ${payment.id}`);
  }
  for (const { id, lines, creditedOpen, creditedBack, total } of books.kept.values()) {
    if (creditedOpen + creditedBack > total) expect.fail(`${id} is credited above its total`);
    for (const [i, line] of lines.entries()) {
      const notes = books.notes.filter(({ invoice }) => invoice === id).flatMap((each) => each.lines);
      const own = notes.filter((each) => each.line === i);
      same(
        sum(own, (each) => each.amount),
        line.credited,
        `credited on line ${i} of ${id}`,
      );
      if (own.length === 0 || line.credited !== grossOf(line)) continue;
      same(
        sum(own, (each) => each.gross),
        line.amount,
        `all of line ${i} of ${id}`,
      );
      same(
        sum(own, (each) => each.discount),
        line.discount,
        `all discount on line ${i} of ${id}`,
      );
    }
  }
}

/** A step of several inputs carries on what was read by what it decides: that must be what the books then hold. */
function carriedOn({ given, decision, books }: Parameters<MoneyWitness>[0]): void {
  const { shared } = given;
  if (decision.outcome !== 'applied' || !shared) return;
  const expected = afterSpending(shared, decision.effects);
  const returned = decision.effects.some(({ type }) => type === 'void_invoice' || type === 'settle_refund');
  if (!returned) same(expected.credit, books.credit, 'the credit that is left');
  if (!expected.books) return;
  for (const [id, { lines, creditedOpen, creditedBack, paid, notes }] of Object.entries(expected.books.invoices)) {
    const kept = books.creditable(id as InvoiceId);
    same(creditedOpen, kept.creditedOpen, `credited of what was owed on ${id}`);
    same(creditedBack, kept.creditedBack, `credited of what was paid on ${id}`);
    same(paid, kept.paid, `paid on ${id}`);
    same(notes, kept.notes, `notes of ${id}`);
    for (const [i, line] of lines.entries()) same(line.credited, kept.lines[i]!.credited, `credited on line ${i}`);
  }
}

property.prop([moneyStory()], RUNS)(
  'a life of any kind keeps the rules, and its books',
  (story) => {
    const life = liveWithMoney(story, (step) => {
      check(step);
      carriedOn(step);
    });
    balances(life);
    neverBeyond(life);
    identityHolds(life);
  },
  TIMEOUT,
);

test('and there were lives of every kind', () => {
  const rules = ['payment.paid_twice', 'payment.recorded', 'invoice.finalised', 'invoice.overdue'];
  rules.push('invoice.voided', 'invoice.written_off', 'credit_note.issued', 'credit.withdrawn', 'bill.now');
  rules.push('refund.succeeded', 'refund.failed', 'refund.recorded');
  rules.push('dispute.opened', 'dispute.funds_withdrawn', 'dispute.funds_reinstated', 'dispute.closed');
  rules.push('trial.ended_in_pause', 'trial.ended_in_cancellation', 'discount.applied', 'change.now_billed_later');
  expect(rules.filter((rule) => !seen.rules.has(rule))).toEqual([]);
  const refusals = ['credit_exceeds_remainder', 'payment_disputed', 'invoice_partly_settled', 'within_term'];
  expect(refusals.filter((code) => !seen.refusals.has(code))).toEqual([]);
});

const sale = {
  ...{ sold: terms(), quantity: 1, trial: {}, anchorDay: undefined, discounts: [], isSent: false },
  ...{ tax: 1, credit: 0, chargeStep: 1 },
} satisfies Omit<MoneyStory, 'acts'>;
const begun = (over: Partial<Omit<MoneyStory, 'acts'>> = {}) => liveWithMoney({ ...sale, ...over, acts: [] });
const noteOf = (to: 'open' | 'credit' | 'refund', amount: number | null): Command => ({
  ...{ type: 'credit_note', invoice: 'inv_1_1', lines: null, amount, to, reason: 'other' },
});
const paid = (over: Partial<Omit<MoneyStory, 'acts'>> = {}): MoneyLife => {
  const life = begun(over);
  const amount = life.books.kept.get('inv_1_1')!.amountDue;
  life.take({ type: 'payment_succeeded', invoice: 'inv_1_1', attempt: 1, payment: 'pi_1', amount });
  return life;
};

describe('what lives have shown', () => {
  test('what is given back after the end was earned, and is taken back at once', () => {
    const life = paid();
    life.take({ type: 'cancel', when: 'now', reason: null });
    life.take(noteOf('credit', 1190));
    const of = life.books.through('2027-01-01');
    expect([-of('revenue'), of('deferred_revenue')]).toEqual([2000, 0]);
    identityHolds(life);
  });

  test('a first invoice that is not paid yet gives no credit back: it is voided whole', () => {
    const life = begun({ credit: 4_000, sold: terms({ unitAmount: '9900' }) });
    expect(life.take(noteOf('credit', 500))).toMatchObject({ outcome: 'refused', code: 'not_while_incomplete' });
    life.waitUntil(life.now + DAY);
    life.take({ type: 'payment_canceled', invoice: 'inv_1_1', attempt: 1, payment: 'pi_inv_1_1_1' });
    expect([life.state.state, life.books.credit]).toEqual(['canceled', 4000]);
  });

  test('a first invoice is paid from elsewhere as a whole, or not', () => {
    const life = begun();
    const part = { type: 'record_payment', invoice: 'inv_1_1', reference: 'r', receivedAt: START } as const;
    expect(life.take({ ...part, payment: 'out_1', amount: 3569 })).toMatchObject({ code: 'not_while_incomplete' });
    expect(life.take({ ...part, payment: 'out_2', amount: 3570 })).toMatchObject({ rule: 'payment.recorded' });
    expect(life.state.state).toBe('active');
  });

  test('one that was never paid for leaves nothing to carry', () => {
    const life = begun({ sold: terms({ unitAmount: '3333' }), tax: 0, chargeStep: 100 });
    life.take(declined(1));
    life.waitUntil(life.now + DAY);
    expect(life.state).toMatchObject({ state: 'canceled', carried: [] });
    identityHolds(life);
  });
});

test('credit pays once, though an end issues what waited for its grace and what waited for an invoice', () => {
  const acts: MoneyStory['acts'] = [
    { do: 'change', pick: 0, share: 106 },
    { do: 'wait', pick: 4, share: 42 },
    { do: 'cancel', pick: 0, share: 0 },
  ];
  const trial = {
    ...{ trialDays: 7, paymentMethod: null },
    trial: { paymentMethod: 'optional', atEnd: 'charge', perCustomer: 'once', reminderDays: 3, isAsked: false },
  } as const;
  const life = liveWithMoney({ ...sale, acts, trial, tax: 0, credit: 250, chargeStep: 100 }, carriedOn);
  expect(life.state.state).toBe('canceled');
  expect(life.books.credit).toBeGreaterThanOrEqual(0);
});

type Told = Fact & { payment: string };
const dispute = (name: string, amount: number, inquiry: boolean): Told[] => {
  const of = { payment: 'pi_1', dispute: name } as const;
  return [
    { type: 'dispute_opened', ...of, amount, reason: 'fraudulent', inquiry },
    { type: 'funds_withdrawn', ...of, amount, fee: 1500 },
    { type: 'funds_reinstated', ...of, amount, fee: 300 },
    { type: 'dispute_closed', ...of, outcome: 'won' },
  ];
};
const asked = { payment: 'pi_1', refund: 're_1', amount: 700, asked: { refund: 'ref_1_1_1_1', attempt: 1 } } as const;
const outside = (refund: string, amount: number): Told => ({
  ...{ type: 'payment_refunded', invoice: 'inv_1_1', payment: 'pi_1', refund, amount },
});
const FACTS: readonly Told[] = [
  ...dispute('du_1', 900, false),
  ...dispute('du_2', 400, true),
  { type: 'payment_refunded', invoice: 'inv_1_1', ...asked },
  { type: 'refund_failed', ...asked, code: 'closed_account' },
  ...[outside('re_2', 333), outside('re_3', 1_001)],
  { type: 'payment_succeeded', invoice: 'inv_1_1', attempt: 2, payment: 'pi_2', amount: 3570 },
];

/** Everything that news of money given back has changed. */
const outcomeOf = ({ state, books }: MoneyLife) => {
  const of = books.through('2040-01-01');
  const byId = <T extends { id: string }>(list: Iterable<T>) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    balances: (Object.keys(chart) as AccountCode[]).map((code) => [code, of(code) || 0]),
    disputes: isAccepted(state) && byId(state.disputes ?? []),
    kept: byId(books.disputes.values()),
    refunds: byId(books.refunds.values()),
  };
};
/** Each once: there are few of them. */
const inOrderBefore = new Map<string, ReturnType<typeof outcomeOf>>();
const toldInOrder = (facts: readonly Fact[]): ReturnType<typeof outcomeOf> => {
  const name = JSON.stringify(facts);
  const outcome = inOrderBefore.get(name) ?? outcomeOf(toldOf(facts));
  inOrderBefore.set(name, outcome);
  return outcome;
};
const toldOf = (facts: readonly Fact[]): MoneyLife => {
  const life = paid();
  life.take(noteOf('refund', 700));
  for (const fact of facts) life.take(fact);
  return life;
};

property.prop(
  [
    fc.shuffledSubarray([...FACTS], { minLength: FACTS.length - 2 }),
    fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 6 }),
  ],
  RUNS,
)(
  'news of refunds and disputes comes in any order and more than once, and the books are the same',
  (facts, repeats) => {
    const inOrder = FACTS.filter((fact) => facts.includes(fact));
    const told = [...facts];
    for (const [which, where] of repeats) {
      if (facts.length > 0) told.splice(where % (told.length + 1), 0, facts[which % facts.length]!);
    }
    const life = toldOf(told);
    const [actual, expected] = [outcomeOf(life), toldInOrder(inOrder)];
    if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual).toEqual(expected);
    balances(life);
    identityHolds(life);
  },
  TIMEOUT,
);

const invoiceIn = (decision: Decision): Invoice | null => {
  const effects = decision.outcome === 'applied' ? decision.effects : [];
  const issued = effects.find((effect) => effect.type === 'issue_invoice');
  return issued ? issued.invoice : null;
};
const kinds = new Set<string>();
const QUIET = ['wait', 'wait', 'pay', 'pay', 'pay', 'discount', 'grant', 'retax', 'change', 'bill'] as const;

property.prop([moneyStory(10, QUIET), fc.nat(120), fc.nat(11)], RUNS)(
  'a preview is what the change then makes, whatever is discounted, taxed, credited or cut to a stub',
  (story, share, pick) => {
    const life = liveWithMoney(story);
    const { state, now } = life;
    if (!isAccepted(state)) return;
    const wanted = life.change(pick, share);
    const previewed = input(wanted, now);
    const preview = decide(state, { ...previewed, shared: life.shared(previewed) });
    // Asked for a little later on the same day, of the state as it comes out of the database, as the workflow decides.
    const later = dayOf(now + HOUR / 2, state.timeZone) === dayOf(now, state.timeZone) ? now + HOUR / 2 : now;
    if ((nextDue(state)?.at ?? later + 1) <= later) return;
    const act = input(wanted, later);
    const [made] = decideAll(JSON.parse(JSON.stringify(state)), [act], life.shared(act));
    const [shown, done] = [invoiceIn(preview), invoiceIn(made!.decision)];
    expect(made!.decision.outcome).toBe(preview.outcome);
    if (preview.outcome === 'refused') {
      expect(made!.decision).toEqual(preview);
      return;
    }
    expect(done && { ...done, issuedAt: 0, dueAt: 0 }).toEqual(shown && { ...shown, issuedAt: 0, dueAt: 0 });
    const plan = planChange(state, wanted, now);
    expect(plan).toMatchObject({ ...planChange(state, wanted, later), restart: plan.restart });
    if (!shown) return;
    if (shown.discount > 0) kinds.add('discounted');
    if (shown.tax > 0) kinds.add('taxed');
    if (shown.creditApplied > 0) kinds.add('credited');
    if (state.period.wholeDays !== undefined) kinds.add('in a stub');
    if (state.terms.phase) kinds.add('in a phase');
    if (shown.discount > 0 && shown.tax > 0 && shown.creditApplied > 0) kinds.add('all three');
  },
  TIMEOUT,
);

test('and there were previews of every kind', () => {
  expect([...kinds].sort()).toEqual(['all three', 'credited', 'discounted', 'in a phase', 'in a stub', 'taxed']);
});
