import type Stripe from 'stripe';
import type { RefundAnswer, RefundRequest } from './processor.ts';
import { asking } from './stripe-errors.ts';
import { keyFor } from './stripe-key.ts';

/** A refund is found again by its key, which is in its metadata, too: Stripe forgets keys after a day. */
export async function refund(stripe: Stripe, request: RefundRequest): Promise<RefundAnswer> {
  const { tenant, mode, subscription, invoice, payment, amount, key } = request;
  for await (const known of list(stripe, payment)) if (known.metadata?.hydra_refund === key) return answerOf(known);
  const made = await asking<Stripe.Refund | { code: string }>(
    () =>
      stripe.refunds.create(
        {
          payment_intent: payment,
          amount,
          metadata: {
            hydra_tenant: tenant,
            hydra_mode: mode,
            hydra_subscription: subscription,
            hydra_invoice: invoice,
            hydra_refund: key,
          },
        },
        { idempotencyKey: keyFor(request, key) },
      ),
    (error) => {
      const { code = '' } = error;
      return CANNOT.has(code) ? { code } : undefined;
    },
  );
  return 'object' in made ? answerOf(made) : { outcome: 'failed', refund: null, code: made.code };
}

/** There is nothing left to give back, or the bank has taken it already. */
const CANNOT: ReadonlySet<string> = new Set(['charge_already_refunded', 'charge_disputed', 'refund_disputed_payment']);

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

function answerOf({ id, status, amount, failure_reason }: Stripe.Refund): RefundAnswer {
  switch (status) {
    case 'succeeded':
      return { outcome: 'succeeded', refund: id, amount };
    case 'failed':
    case 'canceled':
      return { outcome: 'failed', refund: id, code: failure_reason ?? status };
    default:
      return { outcome: 'processing', refund: id };
  }
}
