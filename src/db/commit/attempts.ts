import { sql } from 'kysely';
import { keyOf } from '../../domain/effect.ts';
import type { Subscription } from '../../domain/subscription.ts';
import type { Trx } from '../tenant.ts';
import type { EffectOf } from './effects.ts';
import { iso } from './projection.ts';

/** The attempt and its key are there before the processor is called, so an answer that is lost can be looked up. */
export async function requestAttempts(
  trx: Trx,
  { id, currency }: Subscription,
  effects: readonly EffectOf<'charge'>[],
): Promise<void> {
  if (effects.length === 0) return;
  const attempts = effects.map((effect) => ({
    invoice_id: effect.invoice,
    attempt: effect.attempt,
    key: keyOf(effect),
    amount: effect.amount,
    payment_method_id: effect.paymentMethod,
    requested_at: iso(effect.at),
  }));
  await sql`/* commit_request */
    insert into payment_attempts (tenant_id, mode, invoice_id, attempt, subscription_id, key, amount, currency,
      payment_method_id, state, requested_at)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), invoice_id, attempt, ${id}, key, amount,
      ${currency}, payment_method_id, 'requested', requested_at
    from jsonb_to_recordset(${JSON.stringify(attempts)}::jsonb) as requested (invoice_id text, attempt int, key text,
      amount numeric, payment_method_id text, requested_at timestamptz)
    on conflict (tenant_id, mode, invoice_id, attempt) do nothing`.execute(trx);
}

type Settle = EffectOf<'settle_attempt'>;

/** How much is known: an answer is replaced only by one that says more, and a success by nothing. */
const weight = { requested: 0, needs_action: 1, processing: 1, failed: 2, canceled: 2, succeeded: 3 } as const;

export async function settleAttempts(trx: Trx, effects: readonly Settle[]): Promise<void> {
  if (effects.length === 0) return;
  const settled = [...latest(effects).values()].map((effect) => ({
    invoice_id: effect.invoice,
    attempt: effect.attempt,
    state: effect.outcome,
    processor_payment_id: effect.payment,
    decline: effect.decline,
    code: effect.code,
    settled_at: weight[effect.outcome] >= 2 ? iso(effect.at) : null,
  }));
  await sql`/* commit_settle */
    update payment_attempts as attempt set state = settled.state,
      processor_payment_id = coalesce(settled.processor_payment_id, attempt.processor_payment_id),
      decline = settled.decline, code = settled.code, settled_at = settled.settled_at
    from jsonb_to_recordset(${JSON.stringify(settled)}::jsonb) as settled (invoice_id text, attempt int, state text,
      processor_payment_id text, decline text, code text, settled_at timestamptz)
    where attempt.invoice_id = settled.invoice_id and attempt.attempt = settled.attempt
      and (attempt.state in ('requested', 'needs_action', 'processing')
        or (attempt.state in ('failed', 'canceled') and settled.state = 'succeeded'))`.execute(trx);
}

/** One row is changed once a statement: of several answers to one attempt the later counts, unless it says less. */
function latest(effects: readonly Settle[]): Map<string, Settle> {
  const found = new Map<string, Settle>();
  for (const effect of effects) {
    const key = `${effect.invoice}/${effect.attempt}`;
    const before = found.get(key);
    const open = !before || weight[before.outcome] < 2 || effect.outcome === 'succeeded';
    if (open && before?.outcome !== 'succeeded') found.set(key, effect);
  }
  return found;
}
