/** Which of a customer's methods is tried, where the policy goes on to another. */
import type { PaymentMethodId } from './ids.ts';
import type { DeclineClass, InputOf } from './input.ts';
import type { Accepted } from './subscription.ts';
import { dayOf, HOUR, type Instant } from './time.ts';

/** A method as it stood when it was read, with what its card was tried for on any invoice. */
export type MethodFact = {
  id: PaymentMethodId;
  /** The latest try of its card that took no money. */
  triedAt: Instant | null;
  /** Its bank or its network has said that no try will ever help. */
  isDead: boolean;
  /** Until then a limit of its network forbids another try. */
  notBefore: Instant | null;
};

/** It lies neither with the card nor with the customer: another card would meet the same. */
const NOT_THE_CARD: ReadonlySet<DeclineClass> = new Set(['processor_trouble']);
/** A try just before midnight is no try of another day. */
const A_NIGHT = 8 * HOUR;

/** The next method after a decline; null where none may be tried now. */
export function fallbackFor(state: Accepted, input: InputOf<'payment_failed'>): PaymentMethodId | null {
  if (NOT_THE_CARD.has(input.decline)) return null;
  return firstUsable(state, input.shared?.methods ?? [], input.at);
}

/** The subscription's own first. The same failing card is never tried twice in a local day. */
export function firstUsable(
  { paymentMethod, timeZone }: Pick<Accepted, 'paymentMethod' | 'timeZone'>,
  methods: readonly MethodFact[],
  at: Instant,
): PaymentMethodId | null {
  const isUsable = ({ isDead, triedAt, notBefore }: MethodFact) =>
    !isDead &&
    (notBefore === null || notBefore <= at) &&
    (triedAt === null || (dayOf(triedAt, timeZone) !== dayOf(at, timeZone) && at - triedAt >= A_NIGHT));
  const usable = methods.filter(isUsable);
  return (usable.find(({ id }) => id === paymentMethod) ?? usable[0])?.id ?? null;
}
