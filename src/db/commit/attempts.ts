import { keyOf } from '../../domain/effect.ts';
import type { EffectOf } from './effects.ts';
import { iso } from './projection.ts';

/** The attempt and its key are there before the processor is called, so an answer that is lost can be looked up. */
export const requestedAttempts = (effects: readonly EffectOf<'charge'>[]) =>
  effects.map((effect) => ({
    invoice_id: effect.invoice,
    attempt: effect.attempt,
    key: keyOf(effect),
    amount: effect.amount,
    payment_method_id: effect.paymentMethod,
    requested_at: iso(effect.at),
  }));

type Settle = EffectOf<'settle_attempt'>;

/** How much is known: an answer is replaced only by one that says more, and a success by nothing. */
const weight = { requested: 0, needs_action: 1, processing: 1, failed: 2, canceled: 2, succeeded: 3 } as const;

export const settledAttempts = (effects: readonly Settle[]) =>
  [...latest(effects).values()].map((effect) => ({
    invoice_id: effect.invoice,
    attempt: effect.attempt,
    state: effect.outcome,
    processor_payment_id: effect.payment,
    decline: effect.decline,
    code: effect.code,
    advice: effect.advice ?? null,
    settled_at: weight[effect.outcome] >= 2 ? iso(effect.at) : null,
  }));

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
