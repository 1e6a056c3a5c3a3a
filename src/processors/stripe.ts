/** Stripe, on the official client: it takes the money that we invoice, or collects subscriptions by itself. */
import Stripe from 'stripe';
import type { PaymentProcessor } from './processor.ts';
import { chargeStep, minimumCharge } from './stripe-amounts.ts';
import { cancelPayment, charge, findCharge } from './stripe-charges.ts';
import { advanceClock, createClock } from './stripe-clocks.ts';
import { askingFor } from './stripe-errors.ts';
import { attach, createSetup, detach, ensureCustomer, readPaymentMethod, readSetup } from './stripe-methods.ts';
import { stripeEvents, stripeRecords } from './stripe-records.ts';
import { refund } from './stripe-refunds.ts';
import { createCollector } from './stripe-subscriptions.ts';
import { ProcessorTrouble } from './trouble.ts';

export type StripeOptions = {
  apiKey: string;
  /** Another address than Stripe's own: the simulator's. */
  apiBase?: string | undefined;
  timeoutMs?: number | undefined;
};

export function createStripe(options: StripeOptions): PaymentProcessor {
  const stripe = createClient(options);
  return {
    name: 'stripe',
    capabilities: {
      invoices: 'engine',
      cancelsPayments: true,
      clocks: true,
      minimumCharge,
      chargeStep,
      keysLiveMs: 24 * 3_600_000,
      namesMethods: true,
      savesMethods: 'in_browser',
    },
    ensureCustomer: (request) => ensureCustomer(stripe, request),
    createSetup: (request) => createSetup(stripe, request),
    readSetup: (setup) => readSetup(stripe, setup),
    readPaymentMethod: (id) => readPaymentMethod(stripe, id),
    attach: (request) => attach(stripe, request),
    detach: (id) => detach(stripe, id),
    charge: (request) => charge(stripe, request),
    findCharge: (sought) => findCharge(stripe, sought),
    cancelPayment: (request) => cancelPayment(stripe, request),
    refund: (request) => refund(stripe, request),
    // Its signatures cover the whole body: there is nothing to compare.
    look: async () => {
      throw new ProcessorTrouble('refused', 'not_supported', 'stripe’s events are signed as a whole');
    },
    createClock: (request) => createClock(stripe, request),
    advanceClock: (clock, to) => advanceClock(stripe, clock, to),
    collector: createCollector(stripe),
    events: stripeEvents(stripe),
    records: stripeRecords(stripe),
    fetchClientSecret: async (payment) =>
      (await askingFor(() => stripe.paymentIntents.retrieve(payment)))?.client_secret ?? null,
  };
}

/** No retries of its own and a short time-out: Temporal tries again, with the same key. */
function createClient({ apiKey, apiBase, timeoutMs = 20_000 }: StripeOptions): Stripe {
  return new Stripe(apiKey, {
    maxNetworkRetries: 0,
    timeout: timeoutMs,
    telemetry: false,
    ...(apiBase !== undefined && addressOf(apiBase)),
  });
}

function addressOf(apiBase: string) {
  const { protocol, hostname, port } = new URL(apiBase);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  return { protocol: scheme, host: hostname, port: port || (scheme === 'https' ? '443' : '80') } as const;
}
