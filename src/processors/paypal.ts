/** PayPal: we invoice and it takes the money from what the customer has let it keep, or it collects subscriptions by itself. */

import { chargeStep, minimumCharge } from './paypal-amounts.ts';
import { answerOf, capture, charge, findCharge } from './paypal-charges.ts';
import { createPaypalClient, type PaypalClient, type PaypalOptions } from './paypal-client.ts';
import { listEvents } from './paypal-events.ts';
import { attach, createSetup, customerName, detach, readPaymentMethod, readSetup } from './paypal-methods.ts';
import { read, refusedBy } from './paypal-read.ts';
import { refund } from './paypal-refunds.ts';
import { look } from './paypal-seen.ts';
import { createCollector } from './paypal-subscriptions.ts';
import type { CancelAnswer, PaymentProcessor } from './processor.ts';
import { ProcessorTrouble } from './trouble.ts';

const KEYS_LIVE_MS = 6 * 3_600_000;

export function createPaypal(options: PaypalOptions): PaymentProcessor {
  const client = createPaypalClient(options);
  return {
    name: 'paypal',
    capabilities: {
      invoices: 'engine',
      cancelsPayments: false,
      clocks: false,
      minimumCharge,
      chargeStep,
      keysLiveMs: KEYS_LIVE_MS,
      namesMethods: false,
      savesMethods: 'on_its_page',
    },
    ensureCustomer: async (request) => customerName(request),
    createSetup: (request) => createSetup(client, request),
    readSetup: (setup) => readSetup(client, setup),
    readPaymentMethod: (id) => readPaymentMethod(client, id),
    attach: (request) => attach(client, request),
    detach: (id) => detach(client, id),
    charge: (request) => charge(client, request),
    findCharge: (sought) => findCharge(client, sought, KEYS_LIVE_MS),
    cancelPayment: ({ payment }) => asItStands(client, payment),
    refund: (request) => refund(client, request),
    look: (about, id) => look(client, about, id),
    createClock: () => none('clocks'),
    advanceClock: () => none('clocks'),
    fetchClientSecret: async () => null,
    events: ({ since }) => listEvents(client, since),
    collector: createCollector(client),
  };
}

/** Nothing can be called off: what has become of it is the answer. */
async function asItStands(client: PaypalClient, payment: string): Promise<CancelAnswer> {
  const answer = await client.ask({ method: 'GET', path: `/v2/payments/captures/${encodeURIComponent(payment)}` });
  if (!answer.ok) throw refusedBy(answer);
  const now = answerOf(read(capture, answer.body));
  if (now.outcome === 'succeeded') return { outcome: 'succeeded', amount: now.amount };
  return { outcome: now.outcome === 'declined' ? 'canceled' : 'processing' };
}

function none(what: string): never {
  throw new ProcessorTrouble('refused', 'not_supported', `paypal has no ${what}`);
}
