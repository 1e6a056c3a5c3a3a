import type Stripe from 'stripe';
import type {
  CustomerRequest,
  PaymentMethod,
  ProcessorCustomerId,
  Setup,
  SetupRequest,
  SetupState,
} from './processor.ts';
import { keyFor } from './processor-key.ts';
import { declineOf } from './stripe-declines.ts';
import { asking, askingFor, isMissing } from './stripe-errors.ts';

/** A name, an address, an e-mail stay with us: Stripe needs none of them to take money. */
export async function ensureCustomer(stripe: Stripe, request: CustomerRequest): Promise<ProcessorCustomerId> {
  const { tenant, mode, customer, clock } = request;
  const { id } = await asking(() =>
    stripe.customers.create(
      {
        metadata: { hydra_tenant: tenant, hydra_mode: mode, hydra_customer: customer },
        ...(clock !== null && { test_clock: clock }),
      },
      { idempotencyKey: keyFor(request, `customer/${customer}`) },
    ),
  );
  return id;
}

export async function createSetup(
  stripe: Stripe,
  { customer, key }: Pick<SetupRequest, 'customer' | 'key'>,
): Promise<Setup> {
  const intent = await asking(() =>
    stripe.setupIntents.create(
      {
        customer,
        usage: 'off_session',
        automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      },
      { idempotencyKey: `${customer}/${key}` },
    ),
  );
  return { id: intent.id, clientSecret: intent.client_secret, approveUrl: null };
}

export async function readSetup(stripe: Stripe, setup: string): Promise<SetupState | null> {
  const intent = await askingFor(() => stripe.setupIntents.retrieve(setup));
  if (!intent) return null;
  const { status } = intent;
  const state = status === 'succeeded' ? 'succeeded' : status === 'canceled' ? 'canceled' : 'open';
  return {
    state,
    customer: idOf(intent.customer),
    paymentMethod: idOf(intent.payment_method),
  };
}

export async function readPaymentMethod(stripe: Stripe, id: string): Promise<PaymentMethod | null> {
  const method = await askingFor(() => stripe.paymentMethods.retrieve(id));
  return method && kept(method);
}

export async function attach(
  stripe: Stripe,
  { customer, paymentMethod, key }: { customer: ProcessorCustomerId; paymentMethod: string; key: string },
): Promise<PaymentMethod | { refused: string }> {
  return asking<PaymentMethod | { refused: string }>(
    async () =>
      kept(
        await stripe.paymentMethods.attach(
          paymentMethod,
          { customer },
          { idempotencyKey: `${customer}/attach/${key}` },
        ),
      ),
    (error) => {
      if (error.statusCode === 402) return { refused: declineOf(error).code };
      return error.statusCode === 400 || isMissing(error) ? { refused: 'payment_method_unusable' } : undefined;
    },
  );
}

export async function detach(stripe: Stripe, id: string): Promise<void> {
  await asking<unknown>(
    () => stripe.paymentMethods.detach(id),
    // Detached before, or never there: nothing is left to do.
    (error) => (isMissing(error) || error.statusCode === 400 ? null : undefined),
  );
}

/** The whole of what is ever read of a card. Its expiry, its fingerprint, its holder are dropped here. */
const kept = ({ id, customer, card, type }: Stripe.PaymentMethod): PaymentMethod => ({
  id,
  customer: idOf(customer),
  brand: card?.brand ?? type,
  last4: card?.last4 ?? null,
});

const idOf = (reference: string | { id: string } | null): string | null =>
  typeof reference === 'string' ? reference : (reference?.id ?? null);
