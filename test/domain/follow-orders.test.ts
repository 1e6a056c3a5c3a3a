/**
 * Whatever the order in which a processor's news arrive, and however often: every way through a life is walked, by a search
 * of the graph of states. Where an object is read back, its answer may be any look that is not older than what was
 * delivered when it was asked for, and may take as long as it likes.
 */
import { expect, test } from 'vitest';
import { accessOf } from '../../src/domain/access.ts';
import { canonical } from '../../src/domain/canonical.ts';
import { decide } from '../../src/domain/decide.ts';
import { type Effect, keyOf } from '../../src/domain/effect.ts';
import type { Followable } from '../../src/domain/input.ts';
import {
  type About,
  entriesOf,
  invoiceIssued,
  invoiceVoided,
  type Posting,
  paymentReceived,
  unappliedPaymentReceived,
  writeOffReversed,
  writtenOff,
} from '../../src/domain/ledger.ts';
import { isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { at, input } from './builders.ts';
import { begun, line, NEXT, seen } from './follow-examples.ts';

/** The news of a life in the order in which it was lived, and what is told on being asked alone. */
type Life = {
  news: readonly Followable[];
  beside?: readonly Followable[];
  /** Told again so often at most. */
  duplicates: number;
  ends: { state: string; access: string; balances: { [account: string]: number } };
};

/** Long enough for a debt of February to have cost all access. */
const NOW = at('2027-03-20');
const second = { id: 'in_2', number: 'F00D-0002', issuedAt: NEXT.start, lines: [line({ period: NEXT })] };
const paid = { state: 'paid', amountPaid: 3570 } as const;
const first = seen.payment();
const later = seen.payment({ invoice: 'in_2', payment: 'pi_2', at: at('2027-02-05') });

const LIVES: Record<string, Life> = {
  'created, updated, paid, failed, paid, deleted': {
    news: [
      seen.subscription(1, { state: 'incomplete' }),
      seen.subscription(2),
      seen.invoice(2, paid),
      seen.invoice(32, { ...second, attempts: 1 }),
      seen.invoice(36, { ...second, ...paid, attempts: 2 }),
      seen.subscription(60, { state: 'canceled', period: NEXT, endedAt: at('2027-02-20') }),
    ],
    beside: [first, later],
    duplicates: 2,
    ends: {
      state: 'canceled',
      access: 'none',
      balances: { 'deferred_revenue/app': -6000, 'processor_clearing/': 7140, 'tax_payable/txr_1': -1140 },
    },
  },
  'the same in seconds that several events share': {
    news: [
      seen.subscription(1, { state: 'incomplete' }),
      seen.subscription(1),
      seen.invoice(1, paid),
      seen.subscription(32, { state: 'past_due', period: NEXT }),
      seen.subscription(32, { period: NEXT }),
      seen.subscription(32, { period: NEXT, cancelAt: NEXT.end }),
    ],
    beside: [first],
    duplicates: 1,
    ends: {
      state: 'active',
      access: 'full',
      balances: { 'deferred_revenue/app': -3000, 'processor_clearing/': 3570, 'tax_payable/txr_1': -570 },
    },
  },
  'payments told by themselves, late and left unpaid': {
    news: [
      seen.subscription(2),
      first,
      seen.invoice(1),
      seen.invoice(2, paid),
      seen.invoice(32, { ...second, attempts: 1, lines: null }),
      seen.subscription(33, { state: 'past_due', period: NEXT }),
    ],
    duplicates: 2,
    ends: {
      state: 'unpaid',
      access: 'none',
      balances: {
        'deferred_revenue/app': -6000,
        'processor_clearing/': 3570,
        'receivable/cus_1': 3570,
        'tax_payable/txr_1': -1140,
      },
    },
  },
  'given up, and paid all the same': {
    news: [
      seen.subscription(2),
      seen.invoice(1),
      seen.invoice(9, { state: 'uncollectible', lostAt: at('2027-01-09') }),
      seen.invoice(12, { ...paid, lostAt: at('2027-01-09') }),
      first,
      seen.subscription(60, { state: 'canceled', endedAt: at('2027-01-20') }),
    ],
    duplicates: 2,
    ends: {
      state: 'canceled',
      access: 'none',
      balances: { 'deferred_revenue/app': -3000, 'processor_clearing/': 3570, 'tax_payable/txr_1': -570 },
    },
  },
  'voided at the processor': {
    news: [
      seen.subscription(2),
      seen.invoice(1),
      seen.invoice(1, { attempts: 1 }),
      seen.invoice(9, { state: 'void', voidedAt: at('2027-01-09'), attempts: 1 }),
      seen.subscription(9, { state: 'canceled', endedAt: at('2027-01-09') }),
    ],
    duplicates: 2,
    ends: { state: 'canceled', access: 'none', balances: {} },
  },
};
test.each(Object.entries(LIVES))('%s: all orders end the same', (_, life) => {
  const ends = [...walk(life)].map((end) => JSON.parse(end));
  expect(ends).toHaveLength(1);
  const { state, access, balances } = ends[0];
  expect({ state: state.state, access: access.level, balances }).toEqual(life.ends);
});

type Answer = { version: number; to: number[] };
type Taken = { subscription: Subscription; books: Books; asked: { version: number; theirs: string }[] };
type Node = { subscription: Subscription; books: Books; left: number[]; answers: Answer[] };

/** One object for all that say the same: so what was decided once is looked up from then on. */
function interner<T extends object>() {
  const byText = new Map<string, T>();
  const numbers = new Map<T, number>();
  return {
    one(value: T): T {
      if (numbers.has(value)) return value;
      const text = canonical(value);
      const known = byText.get(text) ?? value;
      byText.set(text, known);
      if (!numbers.has(known)) numbers.set(known, numbers.size);
      return known;
    },
    number: (value: T): number => numbers.get(value)!,
  };
}

/** A read answers with one of these looks: of that object, and not older than what had been delivered of it. */
function looksAfter(life: Life, object: string, left: readonly number[]): number[] {
  const own = life.news.flatMap((fact, i) => (objectOf(fact) === object ? [i] : []));
  const newest = Math.max(...own.filter((i) => left[i]! <= life.duplicates));
  return own.filter((i) => i >= newest);
}

const objectOf = (fact: Followable): string | null => ('seen' in fact && 'id' in fact.seen ? fact.seen.id : null);

function walk(life: Life): Set<string> {
  const visited = new Set<string>();
  const ends = new Set<string>();
  const states = interner<Subscription>();
  const ledgers = interner<Books>();
  const taken = new Map<string, Taken>();

  /** What facts make of a state and its books. */
  function decided(subscription: Subscription, books: Books, facts: readonly Followable[]): Taken {
    const asked: Taken['asked'] = [];
    for (const fact of facts) {
      const decision = decide(subscription, input(fact, NOW));
      if (decision.outcome !== 'applied') continue;
      subscription = unnumbered(decision.state);
      for (const effect of decision.effects) {
        books = booked(books, effect, subscription);
        if (effect.type === 'read_back') asked.push({ version: effect.version, theirs: effect.theirs });
      }
    }
    return { subscription: states.one(subscription), books: ledgers.one(books), asked };
  }

  function take(before: Node, name: string, facts: () => readonly Followable[]): Node {
    const { left, answers } = before;
    const key = `${states.number(before.subscription)}/${ledgers.number(before.books)}/${name}`;
    const { subscription, books, asked } = taken.get(key) ?? decided(before.subscription, before.books, facts());
    taken.set(key, { subscription, books, asked });
    const pending = asked.map(({ version, theirs }) => ({ version, to: looksAfter(life, theirs, left) }));
    return { left, subscription, books, answers: [...answers, ...pending] };
  }

  const left = life.news.map(() => life.duplicates + 1);
  const open: Node[] = [{ subscription: states.one(begun()), books: ledgers.one(NO_BOOKS), left, answers: [] }];
  for (let node = open.pop(); node; node = open.pop()) {
    const { left, answers, subscription, books } = node;
    const name = `${states.number(subscription)}/${ledgers.number(books)}/${left}/${JSON.stringify(answers)}`;
    if (visited.has(name)) continue;
    visited.add(name);
    if (left.every((copies) => copies <= life.duplicates) && answers.length === 0) ends.add(endOf(node));
    for (const [i, fact] of life.news.entries()) {
      if (left[i]! > 0) open.push(take({ ...node, left: left.with(i, left[i]! - 1) }, `told ${i}`, () => [fact]));
    }
    for (const [n, answer] of answers.entries()) {
      for (const i of answer.to) {
        const rest = { ...node, answers: answers.toSpliced(n, 1) };
        open.push(take(rest, `read ${i} for ${answer.version}`, () => read(life, i, answer)));
      }
    }
  }
  return ends;
}

/** How often we have looked before is only a name. */
const unnumbered = (state: Subscription): Subscription =>
  isAccepted(state) && state.follows ? { ...state, follows: { ...state.follows, reads: 0 } } : state;

/** All that is known of it, as if nobody had said when. */
function read({ news, beside = [] }: Life, i: number, { version }: Answer): Followable[] {
  const fact = news[i]!;
  if (fact.type === 'subscription_seen') return [{ ...fact, seen: fresh(fact.seen, version) }];
  if (fact.type !== 'invoice_seen') throw new Error('only objects are read');
  const lines = fact.seen.lines ?? [line({ period: NEXT })];
  const payments = beside.filter((each) => paysFor(each, fact));
  return [...payments, { ...fact, seen: { ...fresh(fact.seen, version), lines } }];
}

const fresh = <T extends { version: number }>(look: T, version: number) => ({
  ...look,
  ...{ read: version, version: Math.max(version, look.version) },
});

const paysFor = (payment: Followable, told: Followable): boolean =>
  payment.type === 'payment_seen' &&
  told.type === 'invoice_seen' &&
  told.seen.state === 'paid' &&
  payment.seen.invoice === told.seen.id;

/** What lies in the ledger, by key; what each account comes to; and which invoices are still earned by the day. */
type Books = { keys: string[]; balances: { [account: string]: number }; earning: { [invoice: string]: string } };
const NO_BOOKS: Books = { keys: [], balances: {}, earning: {} };

function booked(books: Books, effect: Effect, { customer, id, currency }: Subscription): Books {
  const about = (time: number): About => ({ customer, subscription: id, currency, at: time });
  const key = keyOf(effect);
  switch (effect.type) {
    case 'mirror_invoice': {
      const { invoice } = effect;
      const earning = { ...books.earning, [invoice.id]: 'by the day' };
      return post({ ...books, earning }, [key, invoiceIssued(invoice.lines, about(invoice.issuedAt))]);
    }
    case 'void_invoice': {
      const { [effect.invoice]: _, ...earning } = books.earning;
      return post({ ...books, earning }, [key, invoiceVoided(VOIDED, about(effect.at))]);
    }
    case 'write_off_invoice':
      return post(books, [key, writtenOff(effect.amount, about(effect.at))]);
    case 'record_payment': {
      const { amount, unapplied = 0, payment } = effect;
      const received = paymentReceived(amount, about(effect.at), { unapplied });
      const back = writeOffReversed(amount - unapplied, about(effect.at));
      return post(books, [key, received], ...(effect.recovers ? [[`recovered/${payment}`, back] as const] : []));
    }
    case 'record_unapplied_payment':
      return post(books, [key, unappliedPaymentReceived(effect.amount, about(effect.at))]);
    case 'earn_rest':
      return {
        ...books,
        earning: Object.fromEntries(Object.keys(books.earning).map((invoice) => [invoice, `through ${effect.day}`])),
      };
    case 'announce':
    case 'read_back':
    case 'link_subscription':
      return books;
    default:
      throw new Error(`no such effect in these lives: ${effect.type}`);
  }
}
const VOIDED = [
  {
    ...{ description: '', quantity: 1, unitPrice: null, amount: 3000, proration: null, product: 'app' },
    period: { from: '2027-01-01', to: '2027-02-01' },
    taxes: [{ jurisdiction: 'txr_1', name: '', percent: '', amount: 570, inclusive: false }],
  },
];

function post(books: Books, ...postings: (readonly [string, Posting])[]): Books {
  const fresh = postings.filter(([key]) => !books.keys.includes(key));
  const balances = { ...books.balances };
  for (const [, posting] of fresh) {
    for (const { account, amount } of entriesOf(posting)) {
      const name = `${account.code}/${account.owner ?? ''}`;
      balances[name] = (balances[name] ?? 0) + amount;
    }
  }
  return { ...books, keys: [...books.keys, ...fresh.map(([key]) => key)].sort(), balances };
}

/** The same state, the same ledger, the same access: what is left out is only how often we have looked. */
function endOf({ subscription, books }: Node): string {
  if (!isAccepted(subscription)) throw new Error('it was accepted');
  const { follows, settled, ...state } = subscription;
  const nonZero = Object.fromEntries(Object.entries(books.balances).filter(([, amount]) => amount !== 0));
  return canonical({
    ...{ state, access: accessOf(subscription, NOW), earning: books.earning, balances: nonZero },
    settled: settled.map(({ payment }) => payment).sort(),
    waiting: follows!.waiting,
    invoices: follows!.invoices.map(({ id, state, paid }) => ({ id, state, paid })),
  });
}
