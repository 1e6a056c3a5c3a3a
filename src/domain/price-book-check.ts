/** What is wrong with a price book: each field that nothing could be sold on, with the two values that disagree. */
import { isCurrency } from './currency.ts';
import type { Feature, Tier } from './feature.ts';
import {
  type AddOn,
  type Charge,
  chargesOf,
  isFee,
  isMetered,
  type Phase,
  type Plan,
  type PlanTrial,
  type Price,
  type PriceBook,
} from './price-book.ts';
import type { Tier as PriceTier } from './rating.ts';

export type PriceBookProblem = { path: string; message: string };

/** The most that a subscription can have of anything. */
export const MAX_QUANTITY = 100_000;
/** What a plan with all its add-ons may come to for a period, in minor units: sums of a few such stay exact. */
const MAX_PRICE = 10n ** 15n;
/** A subscription's workflow carries its prices along, so their text is short: of a plan, and of each add-on. */
const MAX_CARRIED = { plan: 8_192, addOn: 1_024 };

type Found = PriceBookProblem[];
const problem = (path: string, message: string): Found => [{ path, message }];

/** The longest trial. */
export const MAX_TRIAL_DAYS = 730;

export function checkPriceBook({ plans }: PriceBook): PriceBookProblem[] {
  return [
    ...plans.flatMap((plan, i) => [...checkPlan(plan, `plans.${i}`), ...checkTerm(plan, plans, `plans.${i}.term`)]),
    ...twice(plans, 'plans', 'id', ({ id }) => id),
  ];
}

function checkPlan(plan: Plan, path: string): Found {
  const { interval, trial, trialDays = 0, graceHours = 0, prices, phases = [], addOns = [] } = plan;
  const { tier = 'baseline', features = [] } = plan;
  return [
    ...(interval.count < 1 ? problem(`${path}.interval.count`, `is ${interval.count}, and the least is 1`) : []),
    ...(trialDays < 0 ? problem(`${path}.trialDays`, `is ${trialDays}, and the least is 0`) : []),
    ...(trial && trialDays !== 0 && trialDays !== trial.days
      ? problem(`${path}.trialDays`, `is ${trialDays}, and trial.days is ${trial.days}`)
      : []),
    ...(trial ? checkTrial(trial, `${path}.trial`) : []),
    ...(graceHours < 0 ? problem(`${path}.graceHours`, `is ${graceHours}, and the least is 0`) : []),
    ...features.flatMap((feature, i) => checkFeature(feature, tier, `${path}.features.${i}`)),
    ...twice(features, `${path}.features`, 'id', ({ id }) => id),
    ...checkPrices(plan.name, prices, `${path}.prices`, MAX_CARRIED.plan),
    ...checkRecurring(prices, `${path}.prices`),
    ...checkShares(prices, `${path}.prices`),
    ...phases.flatMap((phase, i) => checkPhase(phase, plan, `${path}.phases.${i}`)),
    ...twice(phases, `${path}.phases`, 'id', ({ id }) => id),
    ...checkCarried(plan, path),
    ...addOns.flatMap(({ name, prices: own }, i) => [
      ...checkPrices(name, own, `${path}.addOns.${i}.prices`, MAX_CARRIED.addOn),
      ...checkTaxBehavior(own, prices, `${path}.addOns.${i}.prices`),
      ...checkCurrencies(own, prices, `${path}.addOns.${i}.prices`),
    ]),
    ...twice(addOns, `${path}.addOns`, 'id', ({ id }) => id),
    ...checkSum(plan.name, prices, addOns, `${path}.prices`),
    ...phases.flatMap((phase, i) => checkSum(plan.name, phase.prices, addOns, `${path}.phases.${i}.prices`)),
  ];
}

/** What is counted has a number in the one tier, and none in the other. */
function checkFeature(feature: Feature, tier: Tier, path: string): Found {
  if (feature.type === 'boolean') return [];
  const { limit } = feature;
  if (tier === 'enterprise') {
    return limit === undefined ? [] : problem(`${path}.limit`, `is ${limit}, and the tier enterprise is unlimited`);
  }
  if (limit === undefined) return problem(`${path}.limit`, 'is missing, and each feature of the tier baseline has one');
  return limit < 0 ? problem(`${path}.limit`, `is ${limit}, and the least is 0`) : [];
}

const checkRecurring = (prices: readonly Price[], path: string): Found =>
  prices.flatMap((price, i) =>
    'charges' in price && price.charges.every(isFee)
      ? problem(`${path}.${i}.charges`, `0 of ${price.charges.length} recur, and a plan needs at least 1`)
      : [],
  );

/** A percentage is one of the plan's other recurring prices. */
const checkShares = (prices: readonly Price[], path: string): Found =>
  prices.flatMap((price, i) => {
    const charges = 'charges' in price ? price.charges : [];
    const share = charges.findIndex(({ model }) => model === 'percentage');
    const others = charges.filter((charge) => !isFee(charge) && !isMetered(charge) && charge.model !== 'percentage');
    if (share < 0 || others.length > 0) return [];
    const at = `${path}.${i}.charges.${share}.model`;
    return problem(at, `is percentage, and 0 of ${charges.length} prices are recurring ones to take it of`);
  });

/** Who has the plan pays in one of its currencies: in another one nothing is ever billed. */
const checkCurrencies = (prices: readonly Price[], ofPlan: readonly Price[], path: string): Found =>
  prices.flatMap(({ currency }, i) =>
    ofPlan.some((price) => price.currency === currency)
      ? []
      : problem(`${path}.${i}.currency`, `is ${currency}, and the plan is sold in ${listOf(ofPlan)}`),
  );
const listOf = (prices: readonly Price[]): string => prices.map(({ currency }) => currency).join(', ') || 'none';

function checkTrial(
  { days, reminderDays, atEnd = 'charge', paymentMethod = 'optional' }: PlanTrial,
  path: string,
): Found {
  return [
    ...(days < 1 ? problem(`${path}.days`, `is ${days}, and the least is 1`) : []),
    ...(days > MAX_TRIAL_DAYS ? problem(`${path}.days`, `is ${days}, and ${MAX_TRIAL_DAYS} is the most`) : []),
    ...(reminderDays !== undefined && (reminderDays < 1 || reminderDays >= days)
      ? problem(`${path}.reminderDays`, `is ${reminderDays}, and lies from 1 to ${days - 1} in a trial of ${days} days`)
      : []),
    ...(paymentMethod === 'required' && atEnd !== 'charge'
      ? problem(`${path}.atEnd`, `is ${atEnd}, and with paymentMethod required it is charge: there always is one`)
      : []),
  ];
}

/** What holds in a phase is a price of its own, in each currency that the plan has. */
function checkPhase({ periods, prices }: Phase, plan: Plan, path: string): Found {
  return [
    ...(periods < 1 ? problem(`${path}.periods`, `is ${periods}, and the least is 1`) : []),
    ...checkPrices(plan.name, prices, `${path}.prices`, MAX_CARRIED.plan),
    ...checkRecurring(prices, `${path}.prices`),
    ...checkShares(prices, `${path}.prices`),
    ...checkCurrencies(prices, plan.prices, `${path}.prices`),
    ...checkTaxBehavior(prices, plan.prices, `${path}.prices`),
    ...prices.flatMap(({ minimumCharge }, i) =>
      minimumCharge === undefined
        ? []
        : problem(`${path}.prices.${i}.minimumCharge`, `is ${minimumCharge}, and only the plan’s own prices have one`),
    ),
    ...plan.prices.flatMap(({ currency }) =>
      prices.some((price) => price.currency === currency)
        ? []
        : problem(`${path}.prices`, `has no price in ${currency}, and the plan has one`),
    ),
  ];
}

/** A change is one line for plan and add-ons together, so they are taxed in one way. */
const checkTaxBehavior = (prices: readonly Price[], ofPlan: readonly Price[], path: string): Found =>
  prices.flatMap(({ currency, taxBehavior = 'exclusive' }, i) => {
    const plan = ofPlan.find((price) => price.currency === currency);
    const own = plan?.taxBehavior ?? 'exclusive';
    return plan && own !== taxBehavior
      ? problem(`${path}.${i}.taxBehavior`, `is ${taxBehavior}, and the plan’s in ${currency} is ${own}`)
      : [];
  });

function checkTerm({ term, ...plan }: Plan, plans: readonly Plan[], path: string): Found {
  if (!term) return [];
  const { periods, atEnd, planId } = term;
  const next = plans.find(({ id }) => id === planId);
  const least = periods < 1 ? problem(`${path}.periods`, `is ${periods}, and the least is 1`) : [];
  if (atEnd !== 'change') {
    const unused =
      planId === undefined ? [] : problem(`${path}.planId`, `is ${planId}, and atEnd is ${atEnd}: no change`);
    return [...least, ...unused];
  }
  if (!next) {
    return [
      ...least,
      ...problem(`${path}.planId`, `is ${planId ?? 'missing'}, and atEnd is change: no plan to go over to`),
    ];
  }
  const intervals = [plan.interval, next.interval].map(({ unit, count }) => `${count} ${unit}`);
  return [
    ...least,
    ...(next.id === plan.id || next.term?.atEnd === 'change'
      ? problem(
          `${path}.planId`,
          `is ${next.id}, and a term ends in a plan that goes on, not in one that ends in a change`,
        )
      : []),
    ...(plan.addOns?.length && intervals[0] !== intervals[1]
      ? problem(`${path}.planId`, `is ${next.id} of ${intervals[1]}, and add-ons are sold for ${intervals[0]}`)
      : []),
    ...plan.prices.flatMap(({ currency }) =>
      next.prices.some((price) => price.currency === currency)
        ? []
        : problem(`${path}.planId`, `is ${next.id}, which has no price in ${currency}, and the plan has one`),
    ),
  ];
}

/** Of one currency, all that a subscription takes along: its phases', and the plan's own. */
function checkCarried({ prices, phases = [] }: Plan, path: string): Found {
  if (phases.length === 0) return [];
  return prices.flatMap(({ currency }) => {
    const all = [prices, ...phases.map((phase) => phase.prices)].flat().filter((price) => price.currency === currency);
    const carried = JSON.stringify(all).length;
    return carried > MAX_CARRIED.plan
      ? problem(`${path}.phases`, `come to ${carried} characters in ${currency}, and ${MAX_CARRIED.plan} is the most`)
      : [];
  });
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
  const { minimumCharge = 0 } = price;
  return [
    ...(minimumCharge < 0 ? problem(`${path}.minimumCharge`, `is ${minimumCharge}, and the least is 0`) : []),
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

/** The meters that it names, and where. */
export const meteredIn = ({ plans }: PriceBook): { path: string; meter: string }[] =>
  plans.flatMap(({ prices, phases = [], addOns = [] }, i) =>
    [
      { prices, path: `plans.${i}` },
      ...phases.map((phase, j) => ({ prices: phase.prices, path: `plans.${i}.phases.${j}` })),
      ...addOns.map((addOn, j) => ({ prices: addOn.prices, path: `plans.${i}.addOns.${j}` })),
    ].flatMap(({ prices, path }) =>
      prices.flatMap((price, j) =>
        ('charges' in price ? price.charges : []).flatMap(({ meter }, k) =>
          meter === undefined ? [] : [{ path: `${path}.prices.${j}.charges.${k}.meter`, meter }],
        ),
      ),
    ),
  );

function checkCharge(charge: Charge, path: string): Found {
  const { included = 0, minimum = 0, maximum } = charge;
  return [
    ...checkModel(charge, path),
    ...checkMetered(charge, path),
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

/** What was used is a quantity: something that counts none can't be metered, and no fee is. */
const checkMetered = ({ meter, model, timing }: Charge, path: string): Found => [
  ...(meter !== undefined && (model === 'flat' || model === 'percentage')
    ? problem(`${path}.model`, `is ${model}, which counts no quantity, and meter ${meter} brings one`)
    : []),
  ...(meter !== undefined && timing === 'once'
    ? problem(`${path}.timing`, `is once, and meter ${meter} counts each period`)
    : []),
];

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
function checkTiers(tiers: readonly PriceTier[], path: string, isStairstep: boolean): Found {
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
function checkSum(name: string, prices: readonly Price[], addOns: readonly AddOn[], path: string): Found {
  return prices.flatMap((price, i) => {
    const all = [
      price,
      ...addOns.flatMap((addOn) => addOn.prices.filter(({ currency }) => currency === price.currency)),
    ];
    const charges = all.flatMap((each) => chargesOf({ name, ...each }));
    const counted = charges.reduce((sum, charge) => sum + dearest(charge), 0n);
    const percent = charges.reduce(
      (sum, charge) => sum + (charge.model === 'percentage' ? upper(charge.percent) : 0n),
      0n,
    );
    const most = counted + (counted * percent) / 100n;
    return most > MAX_PRICE
      ? problem(`${path}.${i}`, `comes to ${most} for ${MAX_QUANTITY} units, and ${MAX_PRICE} is the most`)
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
