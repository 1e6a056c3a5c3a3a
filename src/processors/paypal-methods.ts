/** What a customer lets PayPal keep for later: agreed to on PayPal's own page, and known to us by a name of the vault's. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { invariant } from '../domain/invariant.ts';
import type { PaypalClient } from './paypal-client.ts';
import { read, refusedBy } from './paypal-read.ts';
import type {
  CustomerRequest,
  PaymentMethod,
  ProcessorCustomerId,
  Setup,
  SetupRequest,
  SetupState,
} from './processor.ts';

const customer = z.object({ id: z.string().optional(), merchant_customer_id: z.string().optional() }).optional();
const setupToken = z.object({
  id: z.string(),
  status: z.string(),
  customer,
  links: z.array(z.object({ rel: z.string(), href: z.string() })).default([]),
});
const paymentToken = z.object({ id: z.string(), customer });

/** PayPal has no customers before they have agreed to something: until then, and afterwards, this is our word for them. */
export const customerName = ({ tenant, mode, customer }: CustomerRequest): ProcessorCustomerId =>
  createHash('sha256')
    .update(JSON.stringify([tenant, mode, customer]))
    .digest('hex')
    .slice(0, 40);

export async function createSetup(
  client: PaypalClient,
  { customer: whose, key, returnUrl }: SetupRequest,
): Promise<Setup> {
  invariant(returnUrl !== null, 'the customer comes back from PayPal’s page');
  const answer = await client.ask({
    method: 'POST',
    path: '/v3/vault/setup-tokens',
    key: `${whose}/${key}`,
    body: {
      customer: { merchant_customer_id: whose },
      payment_source: {
        paypal: {
          usage_type: 'MERCHANT',
          experience_context: { return_url: returnUrl, cancel_url: returnUrl },
        },
      },
    },
  });
  if (!answer.ok) throw refusedBy(answer);
  const { id, links } = read(setupToken, answer.body);
  return { id, clientSecret: null, approveUrl: links.find(({ rel }) => rel === 'approve')?.href ?? null };
}

const STATES: { readonly [status: string]: SetupState['state'] } = { APPROVED: 'succeeded', TOKENIZED: 'succeeded' };

export async function readSetup(client: PaypalClient, setup: string): Promise<SetupState | null> {
  const answer = await client.ask({ method: 'GET', path: `/v3/vault/setup-tokens/${encodeURIComponent(setup)}` });
  if (!answer.ok) return null;
  const { status, customer: whose } = read(setupToken, answer.body);
  return { state: STATES[status] ?? 'open', customer: whose?.merchant_customer_id ?? null, paymentMethod: null };
}

export async function readPaymentMethod(client: PaypalClient, id: string): Promise<PaymentMethod | null> {
  const answer = await client.ask({ method: 'GET', path: `/v3/vault/payment-tokens/${encodeURIComponent(id)}` });
  return answer.ok ? kept(read(paymentToken, answer.body)) : null;
}

/** `paymentMethod` is the set-up that the customer has agreed to: somebody else's is not taken. */
export async function attach(
  client: PaypalClient,
  { customer: whose, paymentMethod: setup }: { customer: ProcessorCustomerId; paymentMethod: string },
): Promise<PaymentMethod | { refused: string }> {
  const agreed = await readSetup(client, setup);
  if (agreed?.state !== 'succeeded' || agreed.customer !== whose) return { refused: 'payment_method_unusable' };
  const answer = await client.ask({
    method: 'POST',
    path: '/v3/vault/payment-tokens',
    key: `${whose}/attach/${setup}`,
    body: { payment_source: { token: { id: setup, type: 'SETUP_TOKEN' } } },
  });
  if (answer.ok) return { ...kept(read(paymentToken, answer.body)), customer: whose };
  if (answer.status === 422 || answer.status === 404) return { refused: 'payment_method_unusable' };
  throw refusedBy(answer);
}

export async function detach(client: PaypalClient, id: string): Promise<void> {
  const answer = await client.ask({ method: 'DELETE', path: `/v3/vault/payment-tokens/${encodeURIComponent(id)}` });
  if (!answer.ok && answer.status !== 404) throw refusedBy(answer);
}

/** The whole of what is ever read of it. Whose account it is, and their address, are dropped here. */
const kept = ({ id, customer: whose }: z.output<typeof paymentToken>): PaymentMethod => ({
  id,
  customer: whose?.merchant_customer_id ?? null,
  brand: 'paypal',
  last4: null,
});
