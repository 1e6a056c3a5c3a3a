/** What is wrong with a price book: each field that nothing could be sold on, with the two values that disagree. */
import { isCurrency } from './currency.ts';
import { type AddOn, type Charge, chargesOf, isFee, type Plan, type Price, type PriceBook } from './price-book.ts';
import type { Tier } from './rating.ts';

export type PriceBookProblem = { path: string; message: string };

/** The most that a subscription can have of anything. */
export const MAX_QUANTITY = 100_000;
/** What a plan with all its add-ons may come to for a period, in minor units: sums of a few such stay exact. */
const MAX_PRICE = 10n ** 15n;
/** A subscription's workflow carries its prices along, so their text is short: of a plan, and of each add-on. */
const MAX_CARRIED = { plan: 8_192, addOn: 1_024 };

type Found = PriceBookProblem[];
const problem = (path: string, message: string): Found => [{ path, message }];

export function checkPriceBook({ plans }: PriceBook): PriceBookProblem[] {
  return [...plans.flatMap((plan, i) => checkPlan(plan, `plans.${i}`)), ...twice(plans, 'plans', 'id', ({ id }) => id)];
}

function checkPlan(plan: Plan, path: string): Found {
  const { interval, trialDays, prices, addOns = [] } = plan;
  return [
    ...(interval.count < 1 ? problem(`${path}.interval.count`, `is ${interval.count}, and the least is 1`) : []),
    ...(trialDays < 0 ? problem(`${path}.trialDays`, `is ${trialDays}, and the least is 0`) : []),
    ...checkPrices(plan.name, prices, `${path}.prices`, MAX_CARRIED.plan),
    ...prices.flatMap((price, i) =>
      'charges' in price && price.charges.every(isFee)
        ? problem(`${path}.prices.${i}.charges`, `0 of ${price.charges.length} recur, and a plan needs at least 1`)
        : [],
    ),
    ...addOns.flatMap(({ name, prices: own }, i) =>
      checkPrices(name, own, `${path}.addOns.${i}.prices`, MAX_CARRIED.addOn),
    ),
    ...twice(addOns, `${path}.addOns`, 'id', ({ id }) => id),
    ...checkSum(plan, addOns, path),
  ];
}

function checkPrices(name: string, prices: readonly Price[], path: string, maxCarried: number): Found {
  return [
    ...prices.flatMap((price, i) => checkPrice(name, price, `${path}.${i}`, maxCarried)),
    ...twice(prices, path, 'currency', ({ currency }) => currency),
  ];
}

function checkPrice(name: string, price: Price, path: string, maxCarried: number): Found {
  const isList = 'charges' in price;
  const carried = JSON.stringify(price).length;
  return [
    ...(isCurrency(price.currency)
      ? []
      : problem(`${path}.currency`, `is ${price.currency}, which is no ISO 4217 currency in lower case such as usd`)),
    ...chargesOf({ name, ...price }).flatMap((charge, i) =>
      checkCharge(charge, isList ? `${path}.charges.${i}` : path),
    ),
    ...(isList ? twice(price.charges, `${path}.charges`, 'id', ({ id }) => id) : []),
    ...(carried > maxCarried ? problem(path, `is ${carried} characters long, and ${maxCarried} is the most`) : []),
  ];
}

function checkCharge(charge: Charge, path: string): Found {
  const { included = 0, minimum = 0, maximum } = charge;
  return [
    ...checkModel(charge, path),
    ...(included < 0 ? problem(`${path}.included`, `is ${included}, and the least is 0`) : []),
    ...(included > 0 && charge.model === 'flat'
      ? problem(`${path}.included`, `is ${included}, and a flat price counts 0 units`)
      : []),
    ...(minimum < 0 ? problem(`${path}.minimum`, `is ${minimum}, and the least is 0`) : []),
    ...(maximum !== undefined && maximum < 0 ? problem(`${path}.maximum`, `is ${maximum}, and the least is 0`) : []),
    ...(maximum !== undefined && maximum >= 0 && minimum > maximum
      ? problem(`${path}.minimum`, `is ${minimum}, above the maximum of ${maximum}`)
      : []),
  ];
}

function checkModel(charge: Charge, path: string): Found {
  switch (charge.model) {
    case 'flat':
    case 'per_unit':
      return checkDecimal(charge.unitAmount, `${path}.unitAmount`);
    case 'package':
      return [
        ...checkDecimal(charge.unitAmount, `${path}.unitAmount`),
        ...(charge.packageSize < 1
          ? problem(`${path}.packageSize`, `is ${charge.packageSize}, and the least is 1`)
          : []),
      ];
    case 'percentage':
      return [
        ...checkDecimal(charge.percent, `${path}.percent`, PERCENT),
        ...checkDecimal(charge.flatAmount, `${path}.flatAmount`),
      ];
    case 'graduated':
    case 'volume':
    case 'stairstep':
      return checkTiers(charge.tiers, `${path}.tiers`, charge.model === 'stairstep');
  }
}

/** Tiers are continuous: each begins where the one before ends, so that no quantity lies in two of them or in none. */
function checkTiers(tiers: readonly Tier[], path: string, isStairstep: boolean): Found {
  return tiers.flatMap((tier, i) => {
    const at = `${path}.${i}`;
    const isLast = i === tiers.length - 1;
    const start = i === 0 ? 0 : tiers[i - 1]!.upTo;
    const { from, upTo, unitAmount, flatAmount } = tier;
    return [
      ...(isLast && upTo !== null
        ? problem(`${at}.upTo`, `is ${upTo}, and the last tier’s is null: it has no end`)
        : []),
      ...(!isLast && upTo === null
        ? problem(`${at}.upTo`, `is null, and only that of the last tier, number ${tiers.length - 1}, may be`)
        : []),
      ...(upTo !== null && start !== null && upTo <= start
        ? problem(`${at}.upTo`, `is ${upTo}, and overlaps what lies before: the tier begins at ${start}`)
        : []),
      ...(from !== undefined && start !== null && from > start
        ? problem(`${at}.from`, `is ${from}, and leaves a gap: the tier before ends at ${start}`)
        : []),
      ...(from !== undefined && start !== null && from < start
        ? problem(`${at}.from`, `is ${from}, and overlaps the tier before, which ends at ${start}`)
        : []),
      ...checkDecimal(unitAmount, `${at}.unitAmount`),
      ...checkDecimal(flatAmount, `${at}.flatAmount`),
      ...(isStairstep && unitAmount !== undefined
        ? problem(
            `${at}.unitAmount`,
            `is ${unitAmount}, and a stairstep has only a flatAmount: ${flatAmount ?? 'none'}`,
          )
        : []),
    ];
  });
}

const PRICE = { form: /^\d{1,10}(\.\d{1,12})?$/, like: '"1999" or "0.05", of at most 10 digits and 12 decimals' };
const PERCENT = { form: /^\d{1,4}(\.\d{1,10})?$/, like: '"2.9", of at most 4 digits and 10 decimals' };

function checkDecimal(text: string | undefined, path: string, { form, like } = PRICE): Found {
  if (text === undefined || form.test(text)) return [];
  return /^-\d/.test(text)
    ? problem(path, `is ${text}, and the least is 0`)
    : problem(path, `is ${JSON.stringify(text)}, which is no decimal such as ${like}`);
}

function twice<T>(list: readonly T[], path: string, field: string, keyOf: (item: T) => string): Found {
  return list.flatMap((item, i) => {
    const first = list.findIndex((other) => keyOf(other) === keyOf(item));
    return first === i ? [] : problem(`${path}.${i}.${field}`, `is ${keyOf(item)}, as ${path}.${first}.${field} is`);
  });
}

/** The most that a period can come to, at the dearest: beyond it a price would be refused only when it is due. */
function checkSum(plan: Plan, addOns: readonly AddOn[], path: string): Found {
  return plan.prices.flatMap((price, i) => {
    const all = [
      price,
      ...addOns.flatMap((addOn) => addOn.prices.filter(({ currency }) => currency === price.currency)),
    ];
    const charges = all.flatMap((each) => chargesOf({ name: plan.name, ...each }));
    const counted = charges.reduce((sum, charge) => sum + dearest(charge), 0n);
    const percent = charges.reduce(
      (sum, charge) => sum + (charge.model === 'percentage' ? upper(charge.percent) : 0n),
      0n,
    );
    const most = counted + (counted * percent) / 100n;
    return most > MAX_PRICE
      ? problem(`${path}.prices.${i}`, `comes to ${most} for ${MAX_QUANTITY} units, and ${MAX_PRICE} is the most`)
      : [];
  });
}

function dearest(charge: Charge): bigint {
  return upper(charge.minimum) + modelDearest(charge);
}

function modelDearest(charge: Charge): bigint {
  switch (charge.model) {
    case 'flat':
      return upper(charge.unitAmount);
    case 'per_unit':
    case 'package':
      return upper(charge.unitAmount) * BigInt(MAX_QUANTITY);
    case 'percentage':
      return upper(charge.flatAmount);
    case 'graduated':
    case 'volume':
    case 'stairstep': {
      const unit = Math.max(...charge.tiers.map(({ unitAmount }) => Number(upper(unitAmount))));
      const flat = charge.tiers.reduce((sum, { flatAmount }) => sum + upper(flatAmount), 0n);
      return BigInt(unit) * BigInt(MAX_QUANTITY) + flat;
    }
  }
}

/** A decimal without its fraction, rounded up; what is no decimal was told of already. */
function upper(amount: string | number = '0'): bigint {
  const [, whole = '0', fraction] = /^(\d+)(\.\d+)?$/.exec(String(amount)) ?? [];
  return BigInt(whole) + (fraction === undefined ? 0n : 1n);
}
