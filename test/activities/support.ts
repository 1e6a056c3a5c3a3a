import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { afterAll, beforeAll } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { processorCustomerOf } from '../../src/customers/processor-customer.ts';
import { commit } from '../../src/db/commit.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { isOutside, type OutsideEffect } from '../../src/domain/effect.ts';
import type { CustomerId, InvoiceId, PaymentMethodId, SubscriptionId } from '../../src/domain/ids.ts';
import { createProcessors } from '../../src/processors/processors.ts';
import { parseKeyRing } from '../../src/security/key-ring.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { createTaxes } from '../../src/tax/taxes.ts';
import { addCustomer, SCOPE, step, useDatabase } from '../db/support.ts';
import { draft, START, subscribe } from '../domain/builders.ts';

/** A database, a simulator, and the activities between them. */
export function useActivities() {
  const database = useDatabase();
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({ port: 0 });
  });
  afterAll(() => simulator.stop());
  const deps = () => ({
    db: database.db,
    ring: RING,
    cardKey: Buffer.alloc(32, 'c'),
    processors: createProcessors({ stripe: [{ apiKey: 'sk_test_x', apiBase: simulator.url }] }),
    taxes: createTaxes({}),
  });

  async function control(path: string, body: object = {}): Promise<void> {
    const response = await fetch(`${simulator.url}/_sim/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
  }

  /** How often the invoice was paid for at the processor. */
  async function chargesOf(invoice: InvoiceId): Promise<{ succeeded: number; failed: number }> {
    const state = await (await fetch(`${simulator.url}/_sim/state?metadata=hydra_invoice`)).json();
    const { byMetadata } = state as { byMetadata: Record<string, { succeeded: number; failed: number }> };
    return byMetadata[invoice] ?? { succeeded: 0, failed: 0 };
  }

  /** A subscription whose first charge is stored and not yet asked for. Without a token there is no method. */
  async function charged(token: string | null) {
    const n = ++made;
    const customer: CustomerId = `cus_act${n}`;
    const id: SubscriptionId = `sub_act${n}`;
    await inTenant(database.db, SCOPE, (trx) => addCustomer(trx, SCOPE, customer));
    const paymentMethod = token === null ? null : await attached(customer, token);
    const begun = step(draft({ id, customer }), [subscribe({ paymentMethod }), START]);
    await commit(database.db, begun);
    const effect = begun.decisions.flatMap(({ effects }) => effects).find(isOutside);
    if (effect?.type !== 'charge') throw new Error('there is no charge');
    const { tenant, mode, processor, currency } = begun.subscription;
    return { effect, lookFirst: false, subscription: { id, tenant, mode, customer, processor, currency } } as const;
  }

  async function attached(customer: CustomerId, token: string): Promise<PaymentMethodId> {
    const known = await processorCustomerOf(deps(), { ...SCOPE, customer, processor: 'stripe' });
    const { processor } = known.account;
    const method = await processor.attach({
      customer: known.customer,
      paymentMethod: token,
      key: customer,
    });
    if ('refused' in method) throw new Error(method.refused);
    return method.id as PaymentMethodId;
  }

  return { database, activities: () => createActivities(deps()), deps, control, chargesOf, charged };
}

const RING = parseKeyRing(`k1:${Buffer.alloc(32, 'k').toString('base64')}`);
let made = 0;

/** As Temporal would run it, this often already. */
export const atAttempt = <T>(attempt: number, work: () => Promise<T>): Promise<T> =>
  asyncLocalStorage.run({ info: { attempt } } as unknown as Context, work);

export const refundOf = (
  invoice: InvoiceId,
  payment: string,
  amount: number,
): Extract<OutsideEffect, { type: 'refund' }> => ({
  type: 'refund',
  refund: `ref_${payment}`,
  attempt: 1,
  invoice,
  payment,
  amount,
  at: START,
});
