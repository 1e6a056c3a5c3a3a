/** A plan of our price book as a plan at PayPal. What was sold never changes, so a version of the book has its own. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Currency } from '../domain/currency.ts';
import type { Mode, PriceBookId, TenantId } from '../domain/ids.ts';
import { invariant } from '../domain/invariant.ts';
import type { Terms } from '../domain/price-book.ts';
import type { Interval } from '../domain/time.ts';
import { beyondOnePrice, isPriced, not } from './one-price.ts';
import { chargeStep, readPaypal, toPaypal } from './paypal-amounts.ts';
import type { PaypalClient } from './paypal-client.ts';
import { read, refusedBy } from './paypal-read.ts';
import type { Uncarried } from './processor.ts';
import { keyFor } from './processor-key.ts';
import { ProcessorTrouble } from './trouble.ts';

type Scope = { tenant: TenantId; mode: Mode };

/** As a frequency, and how often that at most. */
const UNITS = {
  day: { interval_unit: 'DAY', each: 1, most: 365 },
  week: { interval_unit: 'WEEK', each: 1, most: 52 },
  month: { interval_unit: 'MONTH', each: 1, most: 12 },
  quarter: { interval_unit: 'MONTH', each: 3, most: 12 },
  year: { interval_unit: 'YEAR', each: 1, most: 1 },
} as const satisfies Record<Interval['unit'], object>;

export function uncarried(terms: Terms, quantity: number): Uncarried | null {
  const beyond = beyondOnePrice(terms, quantity);
  if (beyond || !isPriced(terms)) return beyond;
  const { currency, interval, unitAmount } = terms;
  const { each, most } = UNITS[interval.unit];
  const count = interval.count * each;
  if (count > most) return not('planId', `at most ${most} of its ${UNITS[interval.unit].interval_unit}`, String(count));
  const step = chargeStep(currency);
  return /^[1-9]\d*$/.test(unitAmount) && Number(unitAmount) % step === 0
    ? null
    : not('planId', `a price in multiples of ${step}`, unitAmount);
}

const plan = z.object({
  id: z.string(),
  product_id: z.string(),
  name: z.string(),
  description: z.string().optional(),
  billing_cycles: z
    .array(
      z.object({
        frequency: z.object({ interval_unit: z.enum(['DAY', 'WEEK', 'MONTH', 'YEAR']), interval_count: z.int() }),
        pricing_scheme: z.object({ fixed_price: z.object({ value: z.string(), currency_code: z.string() }) }),
      }),
    )
    .min(1),
});
const plans = z.object({
  plans: z.array(z.object({ id: z.string(), description: z.string().optional() })).default([]),
});

/** Found by its mark, or made: of two that make it at once one gets the other's, as they ask with the same key. */
export async function ensurePlan(client: PaypalClient, scope: Scope, terms: Terms): Promise<string> {
  invariant(isPriced(terms), 'only one price is carried');
  const { priceBookId, planId, currency, interval, unitAmount, name } = terms;
  const product = await ensureProduct(client, scope, terms);
  const description = markOf(terms);
  const listed = await client.ask({
    method: 'GET',
    path: `/v1/billing/plans?product_id=${encodeURIComponent(product)}&page_size=20`,
  });
  if (!listed.ok) throw refusedBy(listed);
  const known = read(plans, listed.body).plans.find((each) => each.description === description);
  if (known) return known.id;
  const { interval_unit, each } = UNITS[interval.unit];
  const made = await client.ask({
    method: 'POST',
    path: '/v1/billing/plans',
    key: keyFor(
      scope,
      `plan/${createHash('sha256').update(`${priceBookId}/${planId}/${currency}`).digest('hex').slice(0, 32)}`,
    ),
    body: {
      ...{ product_id: product, name: name.slice(0, 127), description, status: 'ACTIVE' },
      billing_cycles: [
        {
          ...{ tenure_type: 'REGULAR', sequence: 1, total_cycles: 0 },
          frequency: { interval_unit, interval_count: interval.count * each },
          pricing_scheme: { fixed_price: toPaypal(Number(unitAmount), currency) },
        },
      ],
      // It tries again what failed; when access ends is ours to say.
      payment_preferences: { auto_bill_outstanding: true, payment_failure_threshold: 0 },
      quantity_supported: true,
    },
  });
  if (!made.ok) throw refusedBy(made);
  return read(plan, made.body).id;
}

/** One for each version of the book and each plan, so that the list of its plans is short. */
async function ensureProduct(
  client: PaypalClient,
  scope: Scope,
  { priceBookId, planId, name }: Terms,
): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify([scope.tenant, scope.mode, priceBookId, planId]));
  const id = `HYDRA-${digest.digest('hex').slice(0, 40).toUpperCase()}`;
  const body = { id, name: name.slice(0, 127), type: 'SERVICE' };
  const answer = await client.ask({ method: 'POST', path: '/v1/catalogs/products', key: keyFor(scope, id), body });
  if (!answer.ok && answer.issue !== 'duplicate_resource_identifier') throw refusedBy(answer);
  return id;
}

const markOf = ({ priceBookId, planId, currency, product }: Terms): string => {
  const mark = [priceBookId, planId, currency, product].join(' ');
  invariant(mark.length <= 127, `paypal takes no mark of ${mark.length} signs`);
  return mark;
};

export type PlanThere = {
  name: string;
  /** Whose price it is; null where it is none of ours. */
  sold: { book: PriceBookId; id: string } | null;
  product: string | null;
  price: { amount: number; currency: Currency };
  interval: Interval;
};

export async function readPlan(client: PaypalClient, id: string): Promise<PlanThere> {
  const answer = await client.ask({ method: 'GET', path: `/v1/billing/plans/${encodeURIComponent(id)}` });
  if (!answer.ok) throw refusedBy(answer);
  const { name, description = '', billing_cycles } = read(plan, answer.body);
  const { frequency, pricing_scheme } = billing_cycles.at(-1)!;
  const { fixed_price } = pricing_scheme;
  const price = readPaypal(fixed_price.value, fixed_price.currency_code);
  if (!price) throw new ProcessorTrouble('unreachable', 'amount_unreadable', 'paypal said an amount that is none');
  const [, book, planId, product] = /^(pb_\S+) (\S+) [a-z]{3} (\S+)$/.exec(description) ?? [];
  const unit = ({ DAY: 'day', WEEK: 'week', MONTH: 'month', YEAR: 'year' } as const)[frequency.interval_unit];
  return {
    ...{ name, price, product: product ?? null, interval: { unit, count: frequency.interval_count } },
    sold: book && planId ? { book: book as PriceBookId, id: planId } : null,
  };
}
