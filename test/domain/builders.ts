/** Builders hold the boring defaults, so that a test shows only what matters to it. */
import { decide } from '../../src/domain/decide.ts';
import type { Decision } from '../../src/domain/decision.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { Command, Due, Fact, Followable, Input } from '../../src/domain/input.ts';
import { type Invoice, type InvoiceLine, sumsOf } from '../../src/domain/invoice.ts';
import { type ChosenAddOn, type Plan, type Terms, termsOf, withAddOns } from '../../src/domain/price-book.ts';
import type { Draft, Subscription } from '../../src/domain/subscription.ts';
import { type Instant, instantOf } from '../../src/domain/time.ts';

export const at = (text: string): Instant => {
  const instant = Date.parse(text.length === 10 ? `${text}T12:00:00Z` : text);
  if (Number.isNaN(instant)) throw new Error(`not a time: ${text}`);
  return instant;
};

export const terms = (over: Partial<Extract<Terms, { unitAmount: string }>> = {}): Terms => ({
  planId: 'pro',
  priceBookId: 'pb_1',
  product: 'app',
  name: 'Pro',
  interval: { unit: 'month', count: 1 },
  currency: 'usd',
  model: 'per_unit',
  unitAmount: '3000',
  ...over,
});

/** A base price, seats by the tier, a fee once; and what goes beside it. */
export const hybrid = (addOns: ChosenAddOn[] = []): Terms => {
  const held = withAddOns(termsOf(hybridPlan, 'pb_1', 'usd')!, hybridPlan, addOns);
  if ('unknown' in held) throw new Error(`no add-on ${held.unknown}`);
  return held.terms;
};
export const hybridPlan: Plan = {
  ...{ id: 'business', product: 'app', name: 'Business', interval: { unit: 'month', count: 1 }, trialDays: 0 },
  prices: [
    {
      currency: 'usd',
      charges: [
        { id: 'base', name: 'Base', model: 'flat', unitAmount: '9900' },
        {
          ...{ id: 'seats', name: 'Seats', model: 'graduated', included: 5 },
          tiers: [
            { upTo: 20, unitAmount: '1000' },
            { upTo: null, unitAmount: '800' },
          ],
        },
        { id: 'set_up', name: 'Set-up', timing: 'once', model: 'flat', unitAmount: '20000' },
      ],
    },
  ],
  addOns: [
    { id: 'backup', name: 'Backup', prices: [{ currency: 'usd', model: 'per_unit', unitAmount: '500' }] },
    {
      id: 'support',
      name: 'Support',
      prices: [
        {
          currency: 'usd',
          charges: [
            { id: 'share', name: 'Share', model: 'percentage', percent: '20', minimum: 2500 },
            { id: 'welcome', name: 'Welcome', timing: 'once', model: 'per_unit', unitAmount: '1500' },
          ],
        },
      ],
    },
  ],
};

export const START = at('2027-01-01');

export const draft = (over: Partial<Draft> = {}): Draft => ({
  id: 'sub_1',
  tenant: 'ten_1',
  mode: 'test',
  customer: 'cus_1',
  collection: 'engine',
  processor: 'stripe',
  timeZone: 'UTC',
  currency: 'usd',
  createdAt: START,
  version: 0,
  state: 'draft',
  expiresAt: START + 3_600_000,
  ...over,
});

export const input = (what: Command | Fact | Followable | Due, when: Instant = START): Input => ({
  ...what,
  at: when,
  origin: { by: 'principal', ref: 'test' },
});

export const subscribe = (over: Partial<Extract<Command, { type: 'subscribe' }>> = {}): Command => ({
  type: 'subscribe',
  terms: terms(),
  quantity: 1,
  paymentMethod: 'pm_1',
  trialDays: 0,
  ...over,
});

export function must(decision: Decision): { state: Subscription; effects: Effect[]; rule: string } {
  if (decision.outcome !== 'applied') throw new Error(`expected a decision, got ${JSON.stringify(decision)}`);
  return decision;
}

export const run = (state: Subscription, ...steps: [Command | Fact | Due, Instant][]): Subscription =>
  steps.reduce((current, [what, when]) => must(decide(current, input(what, when))).state, state);

export const succeeded = (n: number, attempt = 1, amount = 3000): Fact => ({
  type: 'payment_succeeded',
  invoice: `inv_1_${n}`,
  attempt,
  payment: `pi_${n}_${attempt}`,
  amount,
});

export const declined = (
  n: number,
  attempt = 1,
  decline: Extract<Fact, { type: 'payment_failed' }>['decline'] = 'soft',
): Fact => ({
  type: 'payment_failed',
  invoice: `inv_1_${n}`,
  attempt,
  payment: `pi_${n}_${attempt}`,
  decline,
  code: 'card_declined',
});

export const incomplete = (): Subscription => run(draft(), [subscribe(), START]);
export const active = (): Subscription => run(incomplete(), [succeeded(1), START]);
export const trialing = (): Subscription => run(draft(), [subscribe({ trialDays: 14 }), START]);
export const FEBRUARY = instantOf('2027-02-01', 'UTC', 12 * 3_600_000);
export const renewed = (): Subscription => run(active(), [{ type: 'period_ended' }, FEBRUARY]);
export const pastDue = (decline?: Parameters<typeof declined>[2]): Subscription =>
  run(renewed(), [declined(2, 1, decline), FEBRUARY]);

export const kinds = (effects: readonly Effect[]): string[] =>
  effects.filter((e) => e.type !== 'announce').map((e) => e.type);

export const line = (amount: number, over: Partial<InvoiceLine> = {}): InvoiceLine => ({
  ...{ description: 'Pro', quantity: 1, unitPrice: String(amount), amount, period: null, proration: null },
  ...over,
});

export function invoice(lines: InvoiceLine[], over: Partial<Invoice> = {}): Invoice {
  const sums = sumsOf(lines);
  return {
    ...{ id: 'inv_1_1', currency: 'usd', lines, ...sums, creditApplied: 0, amountDue: sums.total },
    ...{ issuedAt: START, dueAt: START, collect: 'charge', purchaseOrder: null, taxNote: null, ...over },
  };
}
