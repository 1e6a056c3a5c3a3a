import { newId } from '../ids.ts';
import type { Index } from '../lookup.ts';
import { DAY } from './calendar.ts';
import type { Call } from './call.ts';
import { missing } from './errors.ts';
import { page, within } from './list.ts';
import { created, expand, pagination, text } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { Whereabouts } from './tables.ts';
import type { BalanceTransaction, Payout } from './wire.ts';

const TWO_DAYS = 2 * DAY;

export const balanceTransactionRoutes: Route[] = [
  route('GET', '/v1/balance_transactions/:id', expand, (call, _, id) => {
    const transaction = call.store.get('balance_transaction', id);
    if (transaction === undefined) throw missing('balance transaction', id);
    return ok(asSeen(call, transaction));
  }),
  route(
    'GET',
    '/v1/balance_transactions',
    {
      ...pagination,
      created: created.optional(),
      currency: text.optional(),
      payout: text.optional(),
      source: text.optional(),
      type: text.optional(),
    },
    (call, { currency, payout, source, type, ...params }) =>
      page(
        call,
        'balance_transaction',
        '/v1/balance_transactions',
        params,
        (transaction) => {
          if (currency !== undefined && transaction.currency !== currency) return false;
          if (payout !== undefined && whereabouts(call, transaction).payout !== payout) return false;
          if (source !== undefined && transaction.source !== source) return false;
          if (type !== undefined && transaction.type !== type) return false;
          return within(transaction.created, params.created);
        },
        (transaction) => asSeen(call, transaction),
      ),
  ),
];

/** Money is pending until its day comes; nothing happens on that day, so its state is only how it looks. */
export function asSeen(call: Call, transaction: BalanceTransaction): BalanceTransaction {
  const isAvailable = transaction.available_on <= call.nowOn(whereabouts(call, transaction).clock);
  return { ...transaction, status: isAvailable ? 'available' : 'pending' };
}

type Movement = {
  type: 'charge' | 'refund' | 'adjustment' | 'refund_failure';
  amount: number;
  fee: number;
  currency: string;
  source: string;
  customer: string | null;
};

const category = {
  charge: 'charge',
  refund: 'refund',
  adjustment: 'dispute',
  refund_failure: 'refund_failure',
  payout: 'payout',
} as const;

/** Our balance at the processor moves: what comes in is positive, its fee is taken from it. It is paid out in its time. */
export function move(call: Call, { customer, ...movement }: Movement): BalanceTransaction {
  const at = call.now(customer);
  const clock = customer === null ? null : call.clockOf(customer);
  const transaction = put(call, { ...movement, at, availableOn: at + TWO_DAYS });
  call.store.put('sim.moved', { id: transaction.id, clock, payout: null });
  payOutBy(call, clock, transaction.available_on);
  return transaction;
}

type Moved = Omit<Movement, 'type' | 'customer'> & { type: keyof typeof category; at: number; availableOn: number };

function put(call: Call, { type, amount, fee, currency, source, at, availableOn }: Moved): BalanceTransaction {
  return call.store.put('balance_transaction', {
    id: newId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: availableOn,
    balance_type: 'payments',
    created: at,
    currency,
    description: type === 'payout' ? 'STRIPE PAYOUT' : null,
    exchange_rate: null,
    fee,
    fee_details:
      fee === 0
        ? []
        : [{ amount: fee, application: null, currency, description: 'Stripe processing fees', type: 'stripe_fee' }],
    net: amount - fee,
    reporting_category: category[type],
    source,
    status: 'pending',
    type,
  });
}

/** Payouts are made at midnight, when there is something to pay out. */
function payOutBy(call: Call, clock: string | null, availableOn: number): void {
  const midnight = Math.ceil(availableOn / DAY) * DAY;
  const id = `due_payout_${clock ?? 'wall'}`;
  const at = Math.min(midnight, call.store.get('sim.due', id)?.at ?? Infinity);
  call.schedule(id, at, clock, { kind: 'pay_out', clock });
}

/** What lies on the balance, oldest first: what is paid out already isn't there. */
const lying: Index<Whereabouts> = { key: ({ clock, payout }) => (payout === null ? (clock ?? 'wall') : null) };

export function onBalance(call: Call, clock: string | null): BalanceTransaction[] {
  return call.store
    .find('sim.moved', lying, clock ?? 'wall')
    .map(({ id }) => call.store.get('balance_transaction', id)!);
}

/** Money leaves the balance: the payout has a movement of its own beside those that it consists of. */
export function leave(call: Call, payout: Payout, clock: string | null, parts: readonly BalanceTransaction[]): string {
  const { amount, currency, id: source, created: at } = payout;
  const moved = { type: 'payout', amount: -amount, fee: 0, currency, source, at, availableOn: at } as const;
  const transaction = put(call, moved);
  for (const { id } of [...parts, transaction]) call.store.put('sim.moved', { id, clock, payout: source });
  for (const { available_on } of onBalance(call, clock)) payOutBy(call, clock, Math.max(available_on, at + 1));
  return transaction.id;
}

function whereabouts(call: Pick<Call, 'store'>, { id }: BalanceTransaction): Whereabouts {
  return call.store.get('sim.moved', id)!;
}
