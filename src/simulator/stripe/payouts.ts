/** What lies on the balance goes to the bank: each night, what has become available by then. */
import { z } from 'zod';
import { newId } from '../ids.ts';
import { leave, onBalance } from './balance-transactions.ts';
import { DAY } from './calendar.ts';
import type { Call } from './call.ts';
import { previous } from './changes.ts';
import { missing } from './errors.ts';
import { page, within } from './list.ts';
import { created, expand, pagination } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { BalanceTransaction, Payout } from './wire.ts';

const statuses = z.enum(['canceled', 'failed', 'in_transit', 'paid', 'pending']);

export const payoutRoutes: Route[] = [
  route('GET', '/v1/payouts/:id', expand, (call, _, id) => {
    const payout = call.store.get('payout', id);
    if (payout === undefined) throw missing('payout', id);
    return ok(payout);
  }),
  route(
    'GET',
    '/v1/payouts',
    { ...pagination, arrival_date: created.optional(), created: created.optional(), status: statuses.optional() },
    (call, { arrival_date, status, ...params }) =>
      page(call, 'payout', '/v1/payouts', params, (payout) => {
        if (status !== undefined && payout.status !== status) return false;
        return within(payout.arrival_date, arrival_date) && within(payout.created, params.created);
      }),
  ),
  route('GET', '/v1/balance', expand, (call) => {
    const now = call.now();
    const lying = onBalance(call, null);
    const available = lying.filter(({ available_on }) => available_on <= now);
    const pending = lying.filter(({ available_on }) => available_on > now);
    return ok({ object: 'balance', available: sums(available), livemode: false, pending: sums(pending) });
  }),
];

function sums(parts: readonly BalanceTransaction[]) {
  return [...byCurrency(parts)].map(([currency, of]) => ({
    amount: net(of),
    currency,
    source_types: { card: net(of) },
  }));
}

const net = (parts: readonly BalanceTransaction[]) => parts.reduce((sum, part) => sum + part.net, 0);

function byCurrency(parts: readonly BalanceTransaction[]): Map<string, BalanceTransaction[]> {
  const sorted = new Map<string, BalanceTransaction[]>();
  for (const part of parts) sorted.set(part.currency, [...(sorted.get(part.currency) ?? []), part]);
  return sorted;
}

/** One payout for each currency that has something to give; a debt waits for what comes in. */
export function payOut(call: Call, clock: string | null): void {
  const now = call.nowOn(clock);
  const available = onBalance(call, clock).filter(({ available_on }) => available_on <= now);
  for (const [currency, parts] of byCurrency(available)) {
    if (net(parts) > 0) send(call, clock, currency, parts, now);
  }
}

function send(call: Call, clock: string | null, currency: string, parts: BalanceTransaction[], at: number): void {
  const blank: Payout = {
    id: newId('po'),
    object: 'payout',
    amount: net(parts),
    application_fee: null,
    application_fee_amount: null,
    arrival_date: at + DAY,
    automatic: true,
    balance_transaction: null,
    created: at,
    currency,
    description: 'STRIPE PAYOUT',
    destination: null,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: {},
    method: 'standard',
    original_payout: null,
    payout_method: null,
    reconciliation_status: 'in_progress',
    reversed_by: null,
    source_type: 'card',
    statement_descriptor: null,
    status: 'in_transit',
    trace_id: null,
    type: 'bank_account',
  };
  const payout = call.store.put('payout', { ...blank, balance_transaction: leave(call, blank, clock, parts) });
  call.emit('payout.created', payout, at);
  call.schedule(`due_${payout.id}`, payout.arrival_date, clock, { kind: 'payout_arrives', payout: payout.id });
}

export function arrive(call: Call, id: string): void {
  const before = call.store.get('payout', id)!;
  const after: Payout = call.store.put('payout', { ...before, reconciliation_status: 'completed', status: 'paid' });
  call.emit('payout.updated', after, after.arrival_date, previous(before, after));
  call.emit('payout.paid', after, after.arrival_date);
  call.emit('payout.reconciliation_completed', after, after.arrival_date);
}
