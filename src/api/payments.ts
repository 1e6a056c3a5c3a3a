/** Waiting for a payment, and what the customer's browser needs to go on with one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttemptRow, latestAttempt } from '../db/subscriptions.ts';
import { inTenant } from '../db/tenant.ts';
import type { InvoiceId } from '../domain/ids.ts';
import type { Processor } from '../domain/subscription.ts';
import { ProcessorTrouble } from '../processors/trouble.ts';
import type { Call } from './route.ts';
import type { ShownPayment } from './show.ts';

const LOOK_FIRST_MS = 25;
const LOOK_AT_LEAST_EVERY_MS = 250;

/** The latest try after `known` of them, once it is known how it ended, or as it stands when the time is up. */
export async function awaitPayment(
  call: Pick<Call, 'parts' | 'scope'>,
  invoice: InvoiceId,
  known: number,
): Promise<AttemptRow | null> {
  const deadline = Date.now() + call.parts.patienceMs.payment;
  for (let wait = LOOK_FIRST_MS; ; wait = Math.min(wait * 1.5, LOOK_AT_LEAST_EVERY_MS)) {
    const attempt = await inTenant(call.parts.db, call.scope, (trx) => latestAttempt(trx, invoice));
    const settled = attempt && attempt.attempt > known && attempt.state !== 'requested';
    if (settled || !attempt || Date.now() >= deadline) return attempt;
    await sleep(wait);
  }
}

/** Adds the client secret where the customer has to confirm. Without the processor the answer stands as it is. */
export async function withClientSecret(
  call: Call,
  invoice: InvoiceId,
  processor: Processor,
  payment: ShownPayment,
): Promise<ShownPayment> {
  if (payment.status !== 'requires_action') return payment;
  const attempt = await inTenant(call.parts.db, call.scope, (trx) => latestAttempt(trx, invoice));
  if (attempt?.state !== 'needs_action' || attempt.processor_payment_id === null) return payment;
  const account = await call.parts.processors.of({ ...call.scope, processor });
  try {
    const clientSecret = await account.processor.fetchClientSecret(attempt.processor_payment_id);
    if (clientSecret === null) return payment;
    const { publishableKey } = account;
    return { ...payment, clientSecret, ...(publishableKey !== null && { publishableKey }) };
  } catch (error) {
    if (!(error instanceof ProcessorTrouble)) throw error;
    call.log.warn({ kind: error.kind, code: error.code }, 'no client secret just now');
    return payment;
  }
}
