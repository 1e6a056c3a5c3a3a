/** PayPal's own word on an object that one of its events has told of. */
import { z } from 'zod';
import type { Claim, Seen } from '../domain/claim.ts';
import { readPaypal } from './paypal-amounts.ts';
import { capture } from './paypal-charges.ts';
import type { PaypalAnswer, PaypalClient } from './paypal-client.ts';
import { paypalOutcome } from './paypal-disputes.ts';
import { read, refusedBy } from './paypal-read.ts';
import { refundObject } from './paypal-refunds.ts';

const dispute = z.object({
  status: z.string(),
  dispute_amount: z.object({ value: z.string(), currency_code: z.string() }),
  disputed_transactions: z.array(z.object({ seller_transaction_id: z.string().optional() })).default([]),
  dispute_outcome: z.object({ outcome_code: z.string().optional() }).optional(),
});

/** Of what subscriptions have paid: PayPal's first generation. */
const saleRefund = z.object({
  state: z.string(),
  amount: z.object({ total: z.string(), currency: z.string() }),
  custom: z.string().optional(),
  sale_id: z.string(),
});

const PATHS = {
  payment: '/v2/payments/captures/',
  refund: '/v2/payments/refunds/',
  sale_refund: '/v1/payments/refund/',
  dispute: '/v1/customer/disputes/',
  method: '/v3/vault/payment-tokens/',
} as const satisfies Record<Claim['about'], string>;

/** Null where PayPal has no such thing. */
export async function look(client: PaypalClient, about: Claim['about'], id: string): Promise<Seen | null> {
  const answer: PaypalAnswer = await client.ask({ method: 'GET', path: PATHS[about] + encodeURIComponent(id) });
  if (!answer.ok) {
    if (answer.status === 404 || answer.status === 400) return null;
    throw refusedBy(answer);
  }
  switch (about) {
    case 'payment': {
      const { status, amount, custom_id } = read(capture, answer.body);
      return { ...NOTHING, state: STATES[status] ?? 'processing', ...moneyOf(amount), mark: custom_id ?? null };
    }
    case 'refund': {
      const { status, amount, custom_id, links } = read(refundObject, answer.body);
      const up = links.find(({ rel }) => rel === 'up')?.href ?? '';
      const payment = /\/v2\/payments\/captures\/([A-Z0-9]+)$/.exec(up)?.[1] ?? null;
      return {
        ...NOTHING,
        state: STATES[status] ?? 'processing',
        ...moneyOf(amount),
        mark: custom_id ?? null,
        payment,
      };
    }
    case 'sale_refund': {
      const { state, amount, custom, sale_id } = read(saleRefund, answer.body);
      return {
        ...{ ...NOTHING, state: STATES[state.toUpperCase()] ?? 'processing', mark: custom ?? null, payment: sale_id },
        ...moneyOf({ value: amount.total, currency_code: amount.currency }),
      };
    }
    case 'dispute': {
      const { status, dispute_amount, disputed_transactions, dispute_outcome } = read(dispute, answer.body);
      const isClosed = status === 'RESOLVED';
      return {
        ...{ ...NOTHING, state: isClosed ? 'closed' : 'open', ...moneyOf(dispute_amount) },
        payment: disputed_transactions[0]?.seller_transaction_id ?? null,
        outcome: isClosed ? paypalOutcome(dispute_outcome?.outcome_code ?? null) : null,
      };
    }
    case 'method':
      return { ...NOTHING, state: 'open' };
  }
}

const NOTHING = { amount: null, currency: null, mark: null, payment: null, outcome: null };

const STATES: { readonly [status: string]: Seen['state'] } = {
  COMPLETED: 'succeeded',
  PARTIALLY_REFUNDED: 'succeeded',
  REFUNDED: 'succeeded',
  DECLINED: 'failed',
  FAILED: 'failed',
  CANCELLED: 'failed',
};

const moneyOf = ({ value, currency_code }: { value: string; currency_code: string }) =>
  readPaypal(value, currency_code) ?? { amount: null, currency: null };
