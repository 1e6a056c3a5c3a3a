/** What a customer has on account: below zero is their credit, above it their debt. The next invoice settles it. */
import { newId } from '../ids.ts';
import type { Call } from './call.ts';
import { merged, previous } from './changes.ts';
import { customerFor } from './customers.ts';
import { invalid } from './errors.ts';
import { page } from './list.ts';
import { expand, integer, metadata, pagination, text } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { CustomerBalanceTransaction } from './wire.ts';

const path = '/v1/customers/:id/balance_transactions';

export const customerBalanceRoutes: Route[] = [
  route(
    'POST',
    path,
    { ...expand, amount: integer, currency: text, description: text.optional(), metadata: metadata.optional() },
    (call, { amount, currency, description = null, metadata }, id) => {
      customerFor(call, id);
      if (amount === 0) throw invalid('The amount must not be zero.', { param: 'amount' });
      const type = 'adjustment';
      const fields = { description, metadata: merged({}, metadata) };
      return ok(settle(call, id, { amount, currency: currency.toLowerCase(), type, invoice: null, ...fields }));
    },
  ),
  route('GET', path, pagination, (call, params, id) => {
    customerFor(call, id);
    const url = path.replace(':id', id);
    return page(call, 'customer_balance_transaction', url, params, ({ customer }) => customer === id);
  }),
];

type Movement = Pick<CustomerBalanceTransaction, 'amount' | 'currency' | 'type' | 'invoice'> &
  Partial<CustomerBalanceTransaction>;

export function settle(call: Call, id: string, movement: Movement): CustomerBalanceTransaction {
  const before = customerFor(call, id);
  const ending_balance = before.balance + movement.amount;
  const after = call.store.put('customer', { ...before, balance: ending_balance, currency: movement.currency });
  const at = call.now(id);
  const transaction = call.store.put('customer_balance_transaction', {
    id: newId('cbtxn'),
    object: 'customer_balance_transaction',
    checkout_session: null,
    created: at,
    credit_note: null,
    customer: id,
    customer_account: null,
    description: null,
    ending_balance,
    livemode: false,
    metadata: {},
    ...movement,
  });
  call.emit('customer.updated', after, at, previous(before, after));
  return transaction;
}
