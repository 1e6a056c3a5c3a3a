/** What a tenant offers: coupons, the codes that bring them, and who may redeem them when. */
import { type Currency, isCurrency } from './currency.ts';
import type { HeldDiscount } from './discount.ts';
import type { CouponId, CustomerId, PromotionCodeId } from './ids.ts';
import { formatMoney, type Money } from './money.ts';
import type { Refusal } from './refusal.ts';
import type { Instant } from './time.ts';

type CouponTerms = {
  /** As the invoice says it. */
  name: string;
  /** One of the two: a decimal up to 100, or an amount for each currency that it is good for. */
  percentOff: string | null;
  amountOff: readonly Money[] | null;
  duration: 'once' | 'repeating' | 'forever';
  /** How many billing periods it repeats. */
  periods: number | null;
  /** Null is any. */
  plans: readonly string[] | null;
  maxRedemptions: number | null;
  perCustomer: number | null;
  redeemBy: Instant | null;
};
export type Coupon = CouponTerms & { id: CouponId; state: 'active' | 'archived' };

export type PromotionCode = {
  id: PromotionCodeId;
  coupon: CouponId;
  code: string;
  active: boolean;
  expiresAt: Instant | null;
  maxRedemptions: number | null;
  /** Only for who never had a subscription. */
  firstTimeOnly: boolean;
  /** What a period has to cost at least. */
  minimumAmount: Money | null;
  customer: CustomerId | null;
};

/** As somebody wrote it down: a currency may be missing, and everything may be wrong. */
export type CouponDraft = Omit<CouponTerms, 'amountOff'> & {
  amountOff: readonly { amount: number; currency?: string | undefined }[] | null;
};
export type FieldProblem = { path: string; message: string };

const MAX_PERIODS = 1_200;
const MAX_AMOUNT = 10 ** 15;

/** What is wrong with it: each field, with the two values that disagree. `sold` is every plan that was ever published. */
export function checkCoupon(draft: CouponDraft, sold: readonly string[], at: Instant): FieldProblem[] {
  const { plans, redeemBy } = draft;
  return [
    ...checkOff(draft),
    ...checkDuration(draft),
    ...(plans ?? []).flatMap((plan, i) =>
      sold.includes(plan) ? [] : problem(`plans.${i}`, `is ${plan}, and the plans sold are ${listOf(sold)}`),
    ),
    ...(plans?.length === 0 ? problem('plans', 'names 0 plans, and 1 is the least: leave it out for any') : []),
    ...checkCount('maxRedemptions', draft.maxRedemptions),
    ...checkCount('perCustomer', draft.perCustomer),
    ...checkEnd('redeemBy', redeemBy, at),
  ];
}

export type CodeDraft = Pick<PromotionCode, 'expiresAt' | 'maxRedemptions' | 'minimumAmount'>;

export function checkPromotionCode(draft: CodeDraft, { redeemBy }: Coupon, at: Instant): FieldProblem[] {
  const { expiresAt, maxRedemptions, minimumAmount } = draft;
  return [
    ...checkEnd('expiresAt', expiresAt, at),
    ...(expiresAt !== null && redeemBy !== null && expiresAt > redeemBy
      ? problem('expiresAt', `is ${iso(expiresAt)}, after its coupon’s end at ${iso(redeemBy)}`)
      : []),
    ...checkCount('maxRedemptions', maxRedemptions),
    ...(minimumAmount === null ? [] : checkAmount('minimumAmount', minimumAmount)),
  ];
}

const problem = (path: string, message: string): FieldProblem[] => [{ path, message }];
const listOf = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
const iso = (at: Instant): string => new Date(at).toISOString();

function checkOff({ percentOff, amountOff }: CouponDraft): FieldProblem[] {
  if (percentOff === null && amountOff === null) return problem('percentOff', 'is missing, and so is amountOff');
  if (percentOff !== null && amountOff !== null) {
    return problem('percentOff', `is ${percentOff}, and there is an amountOff, too: it is one or the other`);
  }
  if (percentOff !== null) return checkPercent(percentOff);
  const amounts = amountOff ?? [];
  return [
    ...(amounts.length === 0 ? problem('amountOff', 'has 0 amounts, and 1 is the least') : []),
    ...amounts.flatMap((each, i) => checkAmount(`amountOff.${i}`, each)),
    ...amounts.flatMap(({ currency }, i) =>
      currency !== undefined && amounts.findIndex((other) => other.currency === currency) < i
        ? problem(`amountOff.${i}.currency`, `is ${currency}, as an amount before it is`)
        : [],
    ),
  ];
}

function checkPercent(percent: string): FieldProblem[] {
  if (!/^\d{1,15}(\.\d{1,12})?$/.test(percent)) {
    return problem('percentOff', `is ${percent}, which is no decimal such as 12.5`);
  }
  if (/^[0.]*$/.test(percent)) return problem('percentOff', `is ${percent}, and has to be above 0`);
  const [whole = '0', fraction = ''] = percent.split('.');
  const isAbove = Number(whole) > 100 || (Number(whole) === 100 && /[1-9]/.test(fraction));
  if (isAbove) return problem('percentOff', `is ${percent}, and 100 is the most`);
  return [];
}

function checkAmount(path: string, { amount, currency }: { amount: number; currency?: string | undefined }) {
  return [
    ...(amount < 1 ? problem(`${path}.amount`, `is ${amount}, and the least is 1`) : []),
    ...(amount > MAX_AMOUNT ? problem(`${path}.amount`, `is ${amount}, and the most is ${MAX_AMOUNT}`) : []),
    ...(currency === undefined
      ? problem(`${path}.currency`, `is missing, and ${amount} is an amount of something`)
      : []),
    ...(currency !== undefined && !isCurrency(currency)
      ? problem(`${path}.currency`, `is ${currency}, which is no ISO 4217 currency in lower case such as usd`)
      : []),
  ];
}

function checkDuration({ duration, periods }: CouponDraft): FieldProblem[] {
  if (duration === 'repeating') {
    if (periods === null) return problem('periods', 'is missing, and duration is repeating');
    if (periods < 1 || periods > MAX_PERIODS) {
      return problem('periods', `is ${periods}, and has to be from 1 to ${MAX_PERIODS}`);
    }
    return [];
  }
  return periods === null ? [] : problem('periods', `is ${periods}, and duration is ${duration}, not repeating`);
}

const checkCount = (path: string, count: number | null): FieldProblem[] =>
  count !== null && count < 1 ? problem(path, `is ${count}, and the least is 1`) : [];

const checkEnd = (path: string, end: Instant | null, at: Instant): FieldProblem[] =>
  end !== null && end <= at ? problem(path, `is ${iso(end)}, and it is ${iso(at)}`) : [];

/** A coupon, by a code or by itself, with how often it was redeemed. */
export type Offer = {
  coupon: Coupon;
  code: PromotionCode | null;
  redeemed: { coupon: number; code: number; byCustomer: number; codeByCustomer: number };
};
/** Who wants it, on which plan, at what a period of that costs. */
export type Buyer = { customer: CustomerId; isNew: boolean; plan: string; currency: Currency; price: number };

/** Whether this buyer may have it now, and what is then held. That nobody else was faster is for the database to say. */
export function redeem(offer: Offer, buyer: Buyer, at: Instant): { discount: HeldDiscount } | Refusal {
  const refusal = refusalOf(offer, buyer, at);
  if (refusal) return refusal;
  const { coupon, code } = offer;
  const kind = kindIn(coupon, buyer.currency);
  if (!kind) {
    const goodFor = listOf((coupon.amountOff ?? []).map(({ currency }) => currency));
    return {
      code: 'coupon_not_in_currency',
      detail: `the coupon is in ${goodFor}, and the plan costs ${buyer.currency}`,
    };
  }
  return {
    discount: {
      coupon: coupon.id,
      name: coupon.name,
      kind,
      duration: coupon.duration === 'repeating' ? { periods: coupon.periods! } : coupon.duration,
      ...(coupon.plans && { plans: coupon.plans }),
      ...(code && { promotionCode: code.id }),
      since: at,
    },
  };
}

function kindIn({ percentOff, amountOff }: Coupon, currency: Currency): HeldDiscount['kind'] | null {
  if (percentOff !== null) return { percent: percentOff };
  const found = amountOff?.find((each) => each.currency === currency);
  return found ? { amount: found.amount, currency } : null;
}

function refusalOf(offer: Offer, buyer: Buyer, at: Instant): Refusal | null {
  const { coupon, code } = offer;
  // A code that is somebody else's is not there for anybody else.
  if (code && (!code.active || (code.customer !== null && code.customer !== buyer.customer))) return unknownCode;
  if (coupon.state === 'archived') {
    return code ? unknownCode : { code: 'coupon_archived', detail: `${coupon.id} is archived, and has to be active` };
  }
  const ends = [coupon.redeemBy, code?.expiresAt ?? null].filter((end) => end !== null);
  const end = Math.min(...ends);
  if (end <= at) return { code: 'coupon_expired', detail: `it ended at ${iso(end)}, and it is ${iso(at)}` };
  const limit = limitOf(offer);
  if (limit) return limit;
  if (coupon.plans && !coupon.plans.includes(buyer.plan)) {
    return notForPlan(coupon.plans, buyer.plan);
  }
  if (code?.firstTimeOnly && !buyer.isNew) {
    return notFirstTime;
  }
  const least = code?.minimumAmount ?? null;
  const price = { amount: buyer.price, currency: buyer.currency };
  if (least && (least.currency !== price.currency || price.amount < least.amount)) {
    const detail = `it is for a price of at least ${formatMoney(least)}, and this is ${formatMoney(price)}`;
    return { code: 'below_minimum_amount', detail };
  }
  return null;
}

/** Which limit is reached. The database keeps the same ones, where two are at it at once. */
export function limitOf({ coupon, code, redeemed }: Offer): Refusal | null {
  if (isUsedUp(redeemed.coupon, coupon.maxRedemptions)) return exhausted(redeemed.coupon, coupon.maxRedemptions);
  if (isUsedUp(redeemed.byCustomer, coupon.perCustomer)) {
    return exhausted(redeemed.byCustomer, coupon.perCustomer, ' by this customer');
  }
  if (!code) return null;
  if (isUsedUp(redeemed.code, code.maxRedemptions)) return exhausted(redeemed.code, code.maxRedemptions);
  return code.firstTimeOnly && redeemed.codeByCustomer > 0 ? notFirstTime : null;
}

export const unknownCode: Refusal = { code: 'promotion_code_unknown', detail: 'no such promotion code' };

const notFirstTime: Refusal = {
  code: 'not_first_time',
  detail: 'it is for a first subscription, and this customer had one before',
};

export const notForPlan = (plans: readonly string[], plan: string): Refusal => ({
  code: 'coupon_not_for_plan',
  detail: `the coupon is for ${listOf(plans)}, and the plan is ${plan}`,
});

const isUsedUp = (redeemed: number, most: number | null): boolean => most !== null && redeemed >= most;

const exhausted = (redeemed: number, most: number | null, by = ''): Refusal => ({
  code: 'coupon_exhausted',
  detail: `it was redeemed ${redeemed} times${by}, and ${most} is the most`,
});
