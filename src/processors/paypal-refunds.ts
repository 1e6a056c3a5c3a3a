import { z } from 'zod';
import { readPaypal, toPaypal } from './paypal-amounts.ts';
import { capture } from './paypal-charges.ts';
import type { PaypalClient } from './paypal-client.ts';
import { markOfRefund } from './paypal-marks.ts';
import { read, refusedBy } from './paypal-read.ts';
import type { RefundAnswer, RefundRequest } from './processor.ts';
import { keyFor } from './processor-key.ts';
import { ProcessorTrouble } from './trouble.ts';

export const refundObject = z.object({
  id: z.string(),
  status: z.string(),
  amount: z.object({ value: z.string(), currency_code: z.string() }),
  custom_id: z.string().optional(),
  links: z.array(z.object({ rel: z.string(), href: z.string() })).default([]),
});
const order = z.object({
  purchase_units: z
    .array(z.object({ payments: z.object({ refunds: z.array(refundObject).default([]) }).optional() }))
    .default([]),
});

/** PayPal gives back what is no older than 180 days. An attempt is found again on its order by our mark. */
export async function refund(client: PaypalClient, request: RefundRequest): Promise<RefundAnswer> {
  const { payment, amount, currency, key } = request;
  const mark = markOfRefund(request);
  const known = (await refundsOf(client, payment)).find((each) => each.custom_id === mark);
  if (known) return answerOf(known);
  const answer = await client.ask({
    method: 'POST',
    path: `/v2/payments/captures/${encodeURIComponent(payment)}/refund`,
    key: keyFor(request, key),
    body: { amount: toPaypal(amount, currency), custom_id: mark },
  });
  if (answer.ok) return answerOf(read(refundObject, answer.body));
  // Asked again it would be the same: too late, or less is left, or there is no such payment.
  if (answer.status === 422 || answer.status === 404) return { outcome: 'failed', refund: null, code: answer.issue };
  throw refusedBy(answer);
}

async function refundsOf(client: PaypalClient, payment: string): Promise<z.output<typeof refundObject>[]> {
  const found = await client.ask({ method: 'GET', path: `/v2/payments/captures/${encodeURIComponent(payment)}` });
  const id = found.ok ? read(capture, found.body).supplementary_data?.related_ids?.order_id : undefined;
  if (id === undefined) return [];
  const answer = await client.ask({ method: 'GET', path: `/v2/checkout/orders/${encodeURIComponent(id)}` });
  return answer.ok ? read(order, answer.body).purchase_units.flatMap(({ payments }) => payments?.refunds ?? []) : [];
}

function answerOf({ id, status, amount }: z.output<typeof refundObject>): RefundAnswer {
  switch (status) {
    case 'COMPLETED': {
      const given = readPaypal(amount.value, amount.currency_code);
      if (!given) throw new ProcessorTrouble('unreachable', 'amount_unreadable', 'paypal said an amount that is none');
      return { outcome: 'succeeded', refund: id, amount: given.amount };
    }
    case 'FAILED':
    case 'CANCELLED':
      return { outcome: 'failed', refund: id, code: status === 'FAILED' ? 'failed' : 'canceled' };
    default:
      return { outcome: 'processing', refund: id };
  }
}
