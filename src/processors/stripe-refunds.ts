import type Stripe from 'stripe';
import type { RefundAnswer, RefundRequest } from './processor.ts';
import { keyFor } from './processor-key.ts';
import { fromStripe, toStripe } from './stripe-amounts.ts';
import { asking, type StripeError } from './stripe-errors.ts';

/** An attempt is found again by its name and number in the refund's metadata: Stripe forgets keys after a day. */
export async function refund(stripe: Stripe, request: RefundRequest): Promise<RefundAnswer> {
  const { tenant, mode, subscription, invoice, refund: id, attempt, payment, amount, currency, key } = request;
  for await (const { metadata, ...known } of list(stripe, payment)) {
    if (metadata?.hydra_refund === id && metadata.hydra_attempt === String(attempt)) return answerOf(known);
  }
  const made = await asking<Stripe.Refund | { code: string }>(
    () =>
      stripe.refunds.create(
        {
          payment_intent: payment,
          amount: toStripe(amount, currency),
          metadata: {
            hydra_tenant: tenant,
            hydra_mode: mode,
            hydra_subscription: subscription,
            ...(invoice !== null && { hydra_invoice: invoice }),
            hydra_refund: id,
            hydra_attempt: String(attempt),
          },
        },
        { idempotencyKey: keyFor(request, key) },
      ),
    (error) => (isFinal(error) ? { code: error.code ?? 'refused' } : undefined),
  );
  return 'object' in made ? answerOf(made) : { outcome: 'failed', refund: null, code: made.code };
}

/**
 * Asked again it would be the same: there is nothing left to give back, the bank has taken it, or what is left is less. That
 * a key was used before for something else is no such answer.
 */
const isFinal = ({ statusCode, rawType }: StripeError): boolean =>
  statusCode === 400 && rawType === 'invalid_request_error';

async function* list(stripe: Stripe, payment: string): AsyncGenerator<Stripe.Refund> {
  let after: string | undefined;
  for (;;) {
    const page = await asking(() =>
      stripe.refunds.list({ payment_intent: payment, limit: 100, ...(after && { starting_after: after }) }),
    );
    yield* page.data;
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) return;
  }
}

function answerOf({
  id,
  status,
  amount,
  currency,
  failure_reason,
}: Pick<Stripe.Refund, 'id' | 'status' | 'amount' | 'currency' | 'failure_reason'>): RefundAnswer {
  switch (status) {
    case 'succeeded':
      return { outcome: 'succeeded', refund: id, amount: fromStripe(amount, currency) };
    case 'failed':
    case 'canceled':
      return { outcome: 'failed', refund: id, code: failure_reason ?? status };
    default:
      return { outcome: 'processing', refund: id };
  }
}
