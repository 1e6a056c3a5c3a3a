import type Stripe from 'stripe';
import { attemptKey } from '../domain/ids.ts';
import type {
  CancelAnswer,
  CancelRequest,
  CardFingerprint,
  ChargeAnswer,
  ChargeRequest,
  ChargeSought,
} from './processor.ts';
import { keyFor } from './processor-key.ts';
import { fromStripe, toStripe } from './stripe-amounts.ts';
import { declineClassOf, declineOf } from './stripe-declines.ts';
import { asking, type StripeError } from './stripe-errors.ts';
import { ProcessorTrouble } from './trouble.ts';

/** How we find our own again, in lists and in events. Ids only: Stripe's staff and dashboards show metadata. */
const metadataOf = ({ tenant, mode, subscription, invoice, attempt }: ChargeRequest) => ({
  hydra_tenant: tenant,
  hydra_mode: mode,
  hydra_subscription: subscription,
  hydra_invoice: invoice,
  hydra_attempt: String(attempt),
});

export async function charge(stripe: Stripe, request: ChargeRequest): Promise<ChargeAnswer> {
  const { amount, currency, customer, paymentMethod, onSession } = request;
  return asking<ChargeAnswer>(
    async () =>
      answerOf(
        await stripe.paymentIntents.create(
          {
            amount: toStripe(amount, currency),
            currency,
            customer,
            payment_method: paymentMethod,
            confirm: true,
            expand: ['payment_method'],
            // A redirect would need an address of ours to come back to, and nobody is there to follow it.
            automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
            ...(onSession ? { setup_future_usage: 'off_session' } : { off_session: true }),
            metadata: metadataOf(request),
          },
          { idempotencyKey: keyFor(request, request.key) },
        ),
      ) ?? unfinished(request),
    refusal,
  );
}

/** Answers that Stripe gives as errors: the bank said no, or what we wanted to charge is gone. */
function refusal(error: StripeError): ChargeAnswer | undefined {
  const payment = error.payment_intent?.id ?? null;
  if (error.statusCode === 402) {
    return { outcome: 'declined', payment, ...declineOf(error), ...cardOf(error.payment_method) };
  }
  if (error.statusCode !== 400 && error.statusCode !== 404) return undefined;
  // Detached, or spent without a customer: the customer has to give us another.
  const gone = { payment_method: 'payment_method_missing', customer: 'customer_missing' }[error.param ?? ''];
  if (gone !== undefined && error.rawType === 'invalid_request_error') {
    return { outcome: 'declined', payment, decline: 'no_payment_method', code: gone };
  }
  if (error.code === 'amount_too_small' || error.code === 'amount_too_large') {
    return { outcome: 'declined', payment, decline: declineClassOf(error.code), code: error.code };
  }
  return undefined;
}

/**
 * What became of a charge; null where it never got as far as the bank. Such an intent is left alone: nobody holds its
 * secret, so nobody can confirm it.
 */
function answerOf(intent: Stripe.PaymentIntent): ChargeAnswer | null {
  const payment = intent.id;
  switch (intent.status) {
    case 'succeeded':
      return {
        outcome: 'succeeded',
        payment,
        amount: fromStripe(intent.amount_received, intent.currency),
        ...cardOf(intent.payment_method),
      };
    case 'processing':
    case 'requires_capture':
      return { outcome: 'processing', payment };
    case 'requires_action':
      return { outcome: 'needs_action', payment };
    case 'canceled':
      return { outcome: 'canceled', payment };
    case 'requires_payment_method':
      return intent.last_payment_error
        ? {
            ...{ outcome: 'declined', payment, ...declineOf(intent.last_payment_error) },
            ...cardOf(intent.last_payment_error.payment_method),
          }
        : null;
    default:
      return null;
  }
}

/** Present where the whole method is, and it is a card. */
function cardOf(method: Stripe.PaymentMethod | string | null | undefined): { card?: CardFingerprint } {
  const card = typeof method === 'object' ? method?.card?.fingerprint : null;
  return card ? { card } : {};
}

function unfinished({ invoice, attempt }: ChargeRequest): never {
  throw new ProcessorTrouble('unreachable', 'unfinished', `stripe left ${attemptKey(invoice, attempt)} unconfirmed`);
}

/** Money first: should there ever be two, the one that took it is what happened. */
const WEIGHT = { succeeded: 0, processing: 1, needs_action: 2, declined: 3, canceled: 4 } as const;

/**
 * Walks all of the customer's payments, newest first. Without a bound in time: with clocks that skip, neither our time
 * nor Stripe's says when the attempt was made there, and this is rare enough to read a few pages.
 */
export async function findCharge(stripe: Stripe, sought: ChargeSought): Promise<ChargeAnswer | null> {
  return asking<ChargeAnswer | null>(
    async () => {
      let found: ChargeAnswer | null = null;
      for await (const intent of stripe.paymentIntents.list({
        ...{ customer: sought.customer, limit: 100, expand: ['data.payment_method'] },
      })) {
        const answer = isSought(intent, sought) ? answerOf(intent) : null;
        if (answer && (!found || WEIGHT[answer.outcome] < WEIGHT[found.outcome])) found = answer;
        if (found?.outcome === 'succeeded') break;
      }
      return found;
    },
    // A customer whom Stripe doesn't have was never charged.
    (error) => (error.code === 'resource_missing' && error.param === 'customer' ? null : undefined),
  );
}

const isSought = ({ metadata }: Stripe.PaymentIntent, { tenant, mode, invoice, attempt }: ChargeSought): boolean =>
  metadata.hydra_tenant === tenant &&
  metadata.hydra_mode === mode &&
  metadata.hydra_invoice === invoice &&
  metadata.hydra_attempt === String(attempt);

export async function cancelPayment(stripe: Stripe, request: CancelRequest): Promise<CancelAnswer> {
  const { payment, key } = request;
  const canceled = await asking<CancelAnswer | null>(
    async () => {
      await stripe.paymentIntents.cancel(payment, {}, { idempotencyKey: keyFor(request, key) });
      return { outcome: 'canceled' };
    },
    // It has moved on since we looked: what it has become is read back.
    (error) => (error.code === 'payment_intent_unexpected_state' ? null : undefined),
  );
  if (canceled) return canceled;
  const intent = await asking(() => stripe.paymentIntents.retrieve(payment));
  switch (intent.status) {
    case 'canceled':
      return { outcome: 'canceled' };
    case 'succeeded':
      return { outcome: 'succeeded', amount: fromStripe(intent.amount_received, intent.currency) };
    case 'processing':
      return { outcome: 'processing' };
    default:
      throw new ProcessorTrouble('unreachable', 'unexpected_state', `stripe kept ${payment} as ${intent.status}`);
  }
}
