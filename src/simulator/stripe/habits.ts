/** What the next use of a payment method will meet: a switch thrown for it, or its own nature. */
import { type Behaviour, type Interruption, isInterruption, type Lasting, OK } from './behaviour.ts';
import type { Call } from './call.ts';
import { type Answer, answer } from './route.ts';
import type { Trouble } from './tables.ts';
import type { PaymentMethod } from './wire.ts';

export type Meeting = { behaviour: Behaviour; interruption: Interruption | null };

/** Each call uses up one of the times that a passing habit has left. */
export function meet(call: Call, method: PaymentMethod, customer: string | null): Meeting {
  const nature = call.store.get('sim.method', method.id)!;
  const trouble = troubleFor(call, method.id, customer);
  if (trouble !== undefined) {
    const left = trouble.left === null ? null : trouble.left - 1;
    if (left === 0) call.store.remove('sim.trouble', trouble.id);
    else call.store.put('sim.trouble', { ...trouble, left });
    if (!isInterruption(trouble.habit)) return { behaviour: trouble.habit, interruption: null };
  }
  const own = current(nature);
  if (nature.left !== null && nature.left > 0) call.store.put('sim.method', { ...nature, left: nature.left - 1 });
  const thrown = trouble !== undefined && isInterruption(trouble.habit) ? trouble.habit : null;
  return isInterruption(own)
    ? { behaviour: OK, interruption: thrown ?? own }
    : { behaviour: own, interruption: thrown };
}

const current = ({ habit, left }: Lasting) => (left === 0 ? OK : habit);

function troubleFor(call: Call, method: string, customer: string | null): Trouble | undefined {
  for (const trouble of call.store.all('sim.trouble')) {
    if (trouble.payment_method !== null && trouble.payment_method !== method) continue;
    if (trouble.customer !== null && trouble.customer !== customer) continue;
    return trouble;
  }
  return undefined;
}

/** Some trouble comes before anything is done. Stripe keeps no answer under the key then, so a retry starts afresh. */
export function refusalBefore(interruption: Interruption | null): Answer | null {
  switch (interruption?.kind) {
    case 'server_error':
      return answer(500, { error: { type: 'api_error', message: 'An unknown error occurred.' } }, { keep: false });
    case 'rate_limited': {
      const { retryAfter } = interruption;
      const message = 'Request rate limit exceeded.';
      return answer(
        429,
        { error: { type: 'invalid_request_error', code: 'rate_limit', message } },
        { keep: false, headers: retryAfter === null ? {} : { 'retry-after': String(retryAfter) } },
      );
    }
    case 'answer_lost':
    case 'hangs':
    case undefined:
      return null;
  }
}

/** Other trouble comes after the deed: the money has moved, and the answer is late or lost. */
export function interrupted(given: Answer, interruption: Interruption | null): Answer {
  switch (interruption?.kind) {
    case 'answer_lost':
      return { ...given, losing: interruption.requests };
    case 'hangs':
      return { ...given, holdMs: interruption.seconds * 1000 };
    case 'server_error':
    case 'rate_limited':
    case undefined:
      return given;
  }
}
