/** What tests count: how often money moved for each fact of the caller's, and what is still on its way. */
import { nextOn } from '../stripe/due.ts';
import type { Controlled } from './controlled.ts';

type Count = { succeeded: number; failed: number; amount: number };

/** `key` is the metadata under which the caller keeps its own name for what is paid. */
export function tally({ engine, dispatcher }: Controlled, key: string) {
  const { store } = engine.world;
  const byMetadata: Record<string, Count> = {};
  const byPaymentIntent: Record<string, Count> = {};
  const charges = { succeeded: 0, failed: 0, pending: 0 };
  for (const charge of store.all('charge')) {
    charges[charge.status as keyof typeof charges] += 1;
    add(byPaymentIntent, charge.payment_intent, charge);
    add(byMetadata, charge.metadata[key] ?? null, charge);
  }
  const clocks = [...store.all('test_clock')].map(({ id, frozen_time, status }) => {
    const nextDueAt = nextOn(engine.world, id)?.at ?? null;
    return { id, frozen_time, status, nextDueAt };
  });
  return {
    charges,
    refunds: [...store.all('refund')].length,
    metadataKey: key,
    byMetadata,
    byPaymentIntent,
    pendingDeliveries: dispatcher.pending,
    clocks,
    nextDueAt: nextOn(engine.world, null)?.at ?? null,
  };
}

function add(
  counts: Record<string, Count>,
  key: string | null,
  { status, amount }: { status: string; amount: number },
): void {
  if (key === null || status === 'pending') return;
  counts[key] ??= { succeeded: 0, failed: 0, amount: 0 };
  const count = counts[key];
  if (status === 'succeeded') {
    count.succeeded += 1;
    count.amount += amount;
  } else count.failed += 1;
}
