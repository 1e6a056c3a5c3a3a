/** What Stripe has written down: its events, what moved our balance there, and what it has paid out. */
import type Stripe from 'stripe';
import type { ListEvents, Payout, ProcessorRecords, Settlement } from './processor.ts';
import { fromStripe } from './stripe-amounts.ts';
import { asking, askingFor } from './stripe-errors.ts';

type Page<T> = { data: T[]; has_more: boolean };

/** One request a page, so that each one's trouble is told as trouble. */
async function* pages<T extends { id: string }>(
  list: (page: { limit: number; starting_after?: string }) => Promise<Page<T>>,
): AsyncGenerator<T[]> {
  for (let after: string | undefined; ; ) {
    const { data, has_more } = await asking(() => list({ limit: 100, ...(after && { starting_after: after }) }));
    yield data;
    after = data.at(-1)?.id;
    if (!has_more || after === undefined) return;
  }
}

export const stripeEvents =
  (stripe: Stripe): ListEvents =>
  ({ since, undelivered }) =>
    pages((page) =>
      stripe.events.list({
        ...page,
        created: { gte: seconds(since) },
        ...(undelivered && { delivery_success: false }),
      }),
    );

export const stripeRecords = (stripe: Stripe): ProcessorRecords => ({
  async *settlements({ since }) {
    const listed = pages((page) =>
      stripe.balanceTransactions.list({ ...page, created: { gte: seconds(since) }, expand: ['data.source'] }),
    );
    for await (const page of listed) yield page.flatMap(settlementOf);
  },
  async *payouts({ since }) {
    for await (const page of pages((page) => stripe.payouts.list({ ...page, created: { gte: seconds(since) } }))) {
      yield page.map(payoutOf);
    }
  },
  async *settlementsOf(payout) {
    const listed = pages((page) => stripe.balanceTransactions.list({ ...page, payout, expand: ['data.source'] }));
    for await (const page of listed) yield page.flatMap(settlementOf);
  },
  async read(kind, name) {
    if (kind === 'refund') {
      const refund = await askingFor(() => stripe.refunds.retrieve(name));
      return refund && refund.status !== 'failed' && refund.status !== 'canceled' ? moneyOf(refund) : null;
    }
    const intent = await askingFor(() => stripe.paymentIntents.retrieve(name));
    return intent?.status === 'succeeded' ? moneyOf({ ...intent, amount: intent.amount_received }) : null;
  },
});

const moneyOf = ({ amount, currency }: { amount: number; currency: string }) => ({
  amount: fromStripe(amount, currency),
  currency,
});

const seconds = (at: number): number => Math.floor(at / 1_000);

/** Payouts are listed for themselves, and what is about no payment is not billing's. */
function settlementOf({ id, source, amount, fee, net, currency, created }: Stripe.BalanceTransaction): Settlement[] {
  const about = source === null || typeof source === 'string' ? null : aboutOf(source);
  if (!about) return [];
  const { made, ...rest } = about;
  // Where it was changed into another currency only its source knows the amount, and that without a sign.
  const moved = made.currency === currency ? amount : Math.sign(amount) * made.amount;
  return [
    {
      ...{ id, ...rest, at: created * 1_000, fee: fromStripe(fee, currency) },
      moved: { amount: fromStripe(moved, made.currency), currency: made.currency },
      settled: { amount: fromStripe(net, currency), currency },
    },
  ];
}

type About = Pick<Settlement, 'kind' | 'subject' | 'payment' | 'customer' | 'marked'> & {
  made: { amount: number; currency: string };
};

function aboutOf(source: Exclude<Stripe.BalanceTransaction['source'], string | null>): About | null {
  switch (source.object) {
    case 'charge': {
      const payment = idOf(source.payment_intent) ?? source.id;
      const { customer, metadata, amount_captured: amount, currency } = source;
      const made = { amount, currency };
      return { kind: 'payment', subject: payment, payment, customer: idOf(customer), marked: marksOf(metadata), made };
    }
    case 'refund':
    case 'dispute': {
      const payment = idOf(source.payment_intent) ?? idOf(source.charge);
      const marked = marksOf(source.metadata);
      return { kind: source.object, subject: source.id, payment, customer: null, marked, made: source };
    }
    default:
      return null;
  }
}

const idOf = (reference: string | { id: string } | null): string | null =>
  typeof reference === 'object' ? (reference?.id ?? null) : reference;

function marksOf(metadata: Stripe.Metadata | null): Settlement['marked'] {
  const { hydra_tenant: tenant, hydra_mode: mode, hydra_refund: refund = null } = metadata ?? {};
  return tenant && mode ? { tenant, mode, refund } : null;
}

const payoutOf = ({ id, amount, currency, status, arrival_date }: Stripe.Payout): Payout => ({
  ...{ id, paid: moneyOf({ amount, currency }), at: arrival_date * 1_000 },
  state: status === 'paid' ? 'paid' : status === 'failed' || status === 'canceled' ? 'failed' : 'on_its_way',
});
