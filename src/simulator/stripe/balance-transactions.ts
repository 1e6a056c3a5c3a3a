import { newId } from '../ids.ts';
import type { Call } from './call.ts';
import { missing } from './errors.ts';
import { page, within } from './list.ts';
import { created, expand, pagination, text } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { BalanceTransaction } from './wire.ts';

const TWO_DAYS = 2 * 86_400;

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
      source: text.optional(),
      type: text.optional(),
    },
    (call, { currency, source, type, ...params }) =>
      page(
        call,
        'balance_transaction',
        '/v1/balance_transactions',
        params,
        (transaction) => {
          if (currency !== undefined && transaction.currency !== currency) return false;
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
  const { store } = call;
  const source = transaction.source ?? '';
  const refund = store.get('refund', source);
  const charge = store.get('charge', refund?.charge ?? store.get('dispute', source)?.charge ?? source);
  const isAvailable = transaction.available_on <= call.now(charge?.customer ?? null);
  return { ...transaction, status: isAvailable ? 'available' : 'pending' };
}

type Movement = {
  type: 'charge' | 'refund' | 'adjustment' | 'refund_failure';
  amount: number;
  fee: number;
  currency: string;
  source: string;
  at: number;
};

const category = {
  charge: 'charge',
  refund: 'refund',
  adjustment: 'dispute',
  refund_failure: 'refund_failure',
} as const;

/** Our balance at the processor moves: what comes in is positive, its fee is taken from it. */
export function move(call: Call, { type, amount, fee, currency, source, at }: Movement): BalanceTransaction {
  return call.store.put('balance_transaction', {
    id: newId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: at + TWO_DAYS,
    balance_type: 'payments',
    created: at,
    currency,
    description: null,
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
