/** Orders that are paid at once from what the customer has let PayPal keep. */
import { z } from 'zod';
import { attemptKey } from '../domain/ids.ts';
import { readPaypal, toPaypal } from './paypal-amounts.ts';
import type { PaypalClient } from './paypal-client.ts';
import { paypalDecline } from './paypal-declines.ts';
import { markOfPayment } from './paypal-marks.ts';
import { read, refusedBy } from './paypal-read.ts';
import type { ChargeAnswer, ChargeRequest, ChargeSought } from './processor.ts';
import { keyFor } from './processor-key.ts';
import { ProcessorTrouble } from './trouble.ts';

export const capture = z.object({
  id: z.string(),
  status: z.string(),
  status_details: z.object({ reason: z.string().optional() }).optional(),
  amount: z.object({ value: z.string(), currency_code: z.string() }),
  custom_id: z.string().optional(),
  supplementary_data: z.object({ related_ids: z.object({ order_id: z.string().optional() }).optional() }).optional(),
});
type Capture = z.output<typeof capture>;
const order = z.object({
  id: z.string(),
  status: z.string(),
  purchase_units: z
    .array(z.object({ payments: z.object({ captures: z.array(capture).default([]) }).optional() }))
    .default([]),
});

export async function charge(client: PaypalClient, request: ChargeRequest): Promise<ChargeAnswer> {
  const { invoice, attempt, amount, currency, paymentMethod, onSession } = request;
  const answer = await client.ask({
    method: 'POST',
    path: '/v2/checkout/orders',
    key: keyFor(request, request.key),
    body: {
      intent: 'CAPTURE',
      purchase_units: [
        {
          amount: toPaypal(amount, currency),
          custom_id: markOfPayment(request),
          // Of an invoice id that was paid PayPal takes no second payment, long after it has forgotten the request's.
          invoice_id: `${invoice}/${attempt}`,
        },
      ],
      payment_source: {
        paypal: {
          vault_id: paymentMethod,
          stored_credential: {
            payment_initiator: onSession ? 'CUSTOMER' : 'MERCHANT',
            usage: 'SUBSEQUENT',
            usage_pattern: 'SUBSCRIPTION_PREPAID',
          },
        },
      },
    },
  });
  if (!answer.ok) return refusal(answer);
  const [made] = read(order, answer.body).purchase_units.flatMap(({ payments }) => payments?.captures ?? []);
  // Without a capture it waits for the buyer, who isn't asked: what they agree to is the saving of the method.
  return made ? answerOf(made) : { outcome: 'declined', payment: null, ...paypalDecline('payer_action_required') };
}

function refusal({ status, issue }: { status: number; issue: string }): ChargeAnswer {
  // It was paid before, and the list of payments doesn't say so yet: never again, and not given up either.
  if (issue === 'duplicate_invoice_id') throw new ProcessorTrouble('unreachable', issue, `paypal: ${issue}`, 60_000);
  if (status === 422 || (status === 404 && issue !== 'unknown'))
    return { outcome: 'declined', payment: null, ...paypalDecline(issue) };
  throw refusedBy({ status, issue });
}

export function answerOf({ id, status, status_details, amount }: Capture): ChargeAnswer {
  switch (status) {
    case 'COMPLETED':
    case 'PARTIALLY_REFUNDED':
    case 'REFUNDED': {
      const paid = readPaypal(amount.value, amount.currency_code);
      if (!paid) throw new ProcessorTrouble('unreachable', 'amount_unreadable', 'paypal said an amount that is none');
      return { outcome: 'succeeded', payment: id, amount: paid.amount };
    }
    case 'DECLINED':
    case 'FAILED':
      return { outcome: 'declined', payment: id, ...paypalDecline(status_details?.reason ?? null) };
    default:
      return { outcome: 'processing', payment: id };
  }
}

const found = z.object({
  transaction_details: z.array(
    z.object({
      transaction_info: z.object({
        transaction_id: z.string(),
        transaction_event_code: z.string().optional(),
        invoice_id: z.string().optional(),
      }),
    }),
  ),
  total_pages: z.number().optional(),
});

const HOUR_MS = 3_600_000;
/** Payments by their time; PayPal's list is up to three hours behind. */
const BEHIND_MS = 3 * HOUR_MS;
/** Asked for again and again it may have been made much later. PayPal takes no more than 31 days at once. */
const AFTERWARDS_MS = 30 * 24 * HOUR_MS;
const PAGE = 500;

/**
 * There is no way to ask for an order by what we have called it. While the key is good the order itself is asked for
 * again, and answers as it did. After that the list of payments around its time tells.
 */
export async function findCharge(
  client: PaypalClient,
  sought: ChargeSought,
  keysLiveMs: number,
): Promise<ChargeAnswer | null> {
  const age = Date.now() - sought.requestedAt;
  if (age <= Math.max(keysLiveMs, BEHIND_MS)) return null;
  const wanted = attemptKeyOf(sought);
  const range = new URLSearchParams({
    start_date: new Date(sought.requestedAt - HOUR_MS).toISOString(),
    end_date: new Date(Math.min(Date.now(), sought.requestedAt + AFTERWARDS_MS)).toISOString(),
    fields: 'transaction_info',
    page_size: String(PAGE),
  });
  for (let page = 1, pages = 1; page <= pages; page++) {
    range.set('page', String(page));
    const answer = await client.ask({ method: 'GET', path: `/v1/reporting/transactions?${range}` });
    if (!answer.ok) throw refusedBy(answer);
    const { transaction_details: rows, total_pages = 1 } = read(found, answer.body);
    pages = total_pages;
    const mine = rows.find(
      ({ transaction_info: row }) => row.invoice_id === wanted && !row.transaction_event_code?.startsWith('T11'),
    );
    if (mine) return readCharge(client, mine.transaction_info.transaction_id);
  }
  return null;
}

const attemptKeyOf = ({ invoice, attempt }: ChargeSought): string =>
  attemptKey(invoice, attempt).replace(/^charge\//, '');

async function readCharge(client: PaypalClient, id: string): Promise<ChargeAnswer> {
  const answer = await client.ask({ method: 'GET', path: `/v2/payments/captures/${encodeURIComponent(id)}` });
  if (!answer.ok) throw refusedBy(answer);
  return answerOf(read(capture, answer.body));
}
