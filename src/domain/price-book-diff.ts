/**
 * What one version of the price book changes in another, price by price and in words. Things are told apart by their
 * ids, so a plan that moved in its list is the same plan. Nothing is found only where the two are the same text.
 */
import { canonical } from './canonical.ts';
import type { AddOn, Charge, Phase, Plan, Price, PriceBook } from './price-book.ts';
import { chargeInWords, intervalInWords, priceInWords } from './price-words.ts';
import type { Interval } from './time.ts';

export type BookChange = {
  kind: 'added' | 'removed' | 'changed';
  planId: string | null;
  /** By ids, not by places: `plans.business.prices.usd.charges.seats`. */
  path: string;
  /** In words; null where there is nothing on that side. */
  before: string | null;
  after: string | null;
  words: string;
};

type Found = Omit<BookChange, 'planId'>[];

/** `before` is null where nothing was sold yet. */
export function diffPriceBooks(before: PriceBook | null, after: PriceBook): BookChange[] {
  const old = before?.plans ?? [];
  const plans = matched(old, after.plans, ({ id }) => id);
  const changes = plans.flatMap(([was, is]) => {
    const id = (is ?? was)!.id;
    return planChanges(was, is, `plans.${id}`).map((change) => ({ ...change, planId: id }));
  });
  const others = fieldChanges(before ?? { plans: [] }, after, ['plans'], '', 'the price book');
  return [...changes, ...[...orderChange(old, after.plans, 'plans', 'the plans', idOf), ...others].map(ofNoPlan)];
}

const ofNoPlan = (change: Found[number]): BookChange => ({ ...change, planId: null });
const idOf = ({ id }: { id: string }): string => id;
const currencyOf = ({ currency }: { currency: string }): string => currency;

function planChanges(was: Plan | null, is: Plan | null, path: string): Found {
  if (!was && !is) return [];
  if (!was)
    return [{ kind: 'added', path, ...sides(null, planInWords(is!)), words: `${is!.id} is new: ${planInWords(is!)}` }];
  if (!is) return [{ kind: 'removed', path, ...sides(planInWords(was), null), words: `${was.id} is no longer sold` }];
  const found = [
    ...fieldChanges(was, is, ['id', 'interval', 'phases', 'prices', 'addOns'], path, is.id),
    ...intervalChange(was.interval, is.interval, path, is.id),
    ...phasesChanges(was.phases ?? [], is.phases ?? [], `${path}.phases`, is.id),
    ...pricesChanges(was.prices, is.prices, `${path}.prices`, is.id),
    ...addOnsChanges(was.addOns ?? [], is.addOns ?? [], `${path}.addOns`, is.id),
  ];
  return found.length > 0 ? found : writtenOtherwise(was, is, path, is.id);
}

const planInWords = ({ name, interval, prices }: Plan): string =>
  `${name}, ${intervalInWords(interval)}, ${prices.map(priceInWords).join(' or ')}`;

function intervalChange(was: Interval, is: Interval, path: string, name: string): Found {
  if (canonical(was) === canonical(is)) return [];
  const [before, after] = [intervalInWords(was), intervalInWords(is)];
  return [changed(`${path}.interval`, before, after, `${name} is paid ${after} instead of ${before}`)];
}

function pricesChanges(was: readonly Price[], is: readonly Price[], path: string, name: string): Found {
  return [
    ...matched(was, is, currencyOf).flatMap(([old, now]): Found => {
      const { currency } = (now ?? old)!;
      const at = `${path}.${currency}`;
      const code = currency.toUpperCase();
      if (!old) {
        const words = `${name} is sold in ${code} as well: ${priceInWords(now!)}`;
        return [{ kind: 'added', path: at, ...sides(null, priceInWords(now!)), words }];
      }
      if (!now) {
        const words = `${name} is no longer sold in ${code}: it was ${priceInWords(old)}`;
        return [{ kind: 'removed', path: at, ...sides(priceInWords(old), null), words }];
      }
      return priceChanges(old, now, at, name);
    }),
    ...orderChange(was, is, path, `the prices of ${name}`, currencyOf),
  ];
}

function priceChanges(was: Price, is: Price, path: string, name: string): Found {
  const others = fieldChanges(was, is, ['currency', 'model', 'unitAmount', 'charges'], path, name);
  const found = [...amountChanges(was, is, path, name), ...others];
  return found.length > 0 ? found : writtenOtherwise(was, is, path, name);
}

function amountChanges(was: Price, is: Price, path: string, name: string): Found {
  if (!('charges' in was) || !('charges' in is)) {
    const [before, after] = [priceInWords(was), priceInWords(is)];
    return before === after ? [] : [changed(path, before, after, `${name} costs ${after} instead of ${before}`)];
  }
  return [
    ...matched(was.charges, is.charges, idOf).flatMap(([old, now]) =>
      chargeChanges(old, now, is.currency, `${path}.charges.${(now ?? old)!.id}`, name),
    ),
    ...orderChange(was.charges, is.charges, `${path}.charges`, `the charges of ${name}`, idOf),
  ];
}

function chargeChanges(was: Charge | null, is: Charge | null, currency: string, path: string, of: string): Found {
  const before = was && chargeInWords(was, currency);
  const after = is && chargeInWords(is, currency);
  if (!was) return [{ kind: 'added', path, ...sides(null, after), words: `${of} costs ${is!.name} as well: ${after}` }];
  if (!is) {
    return [
      { kind: 'removed', path, ...sides(before, null), words: `${of} no longer costs ${was.name}: it was ${before}` },
    ];
  }
  if (canonical(was) === canonical(is)) return [];
  const name = `${of}: ${is.name}`;
  const found = [
    ...(before === after ? [] : [changed(path, before!, after!, `${name} costs ${after} instead of ${before}`)]),
    ...fieldChanges(was, is, RATED, path, name),
  ];
  return found.length > 0 ? found : writtenOtherwise(was, is, path, name);
}

/** What the words of a charge tell. */
const RATED = [
  ...['id', 'timing', 'model', 'unitAmount', 'flatAmount', 'percent', 'packageSize', 'tiers'],
  ...['included', 'minimum', 'maximum'],
];

/** What holds before the plan's own prices. */
function phasesChanges(was: readonly Phase[], is: readonly Phase[], path: string, plan: string): Found {
  const inWords = ({ name, periods, prices }: Phase) =>
    `${name}, ${periods} ${periods === 1 ? 'period' : 'periods'}, ${prices.map(priceInWords).join(' or ')}`;
  return [
    ...matched(was, is, idOf).flatMap(([old, now]): Found => {
      const { id } = (now ?? old)!;
      const at = `${path}.${id}`;
      if (!old) {
        return [
          {
            kind: 'added',
            path: at,
            ...sides(null, inWords(now!)),
            words: `${plan} begins with ${id}: ${inWords(now!)}`,
          },
        ];
      }
      if (!now) {
        return [
          { kind: 'removed', path: at, ...sides(inWords(old), null), words: `${plan} no longer begins with ${id}` },
        ];
      }
      const name = `${plan} in ${id}`;
      return [
        ...fieldChanges(old, now, ['id', 'prices'], at, name),
        ...pricesChanges(old.prices, now.prices, `${at}.prices`, name),
      ];
    }),
    ...orderChange(was, is, path, `the phases of ${plan}`, idOf),
  ];
}

function addOnsChanges(was: readonly AddOn[], is: readonly AddOn[], path: string, plan: string): Found {
  const inWords = ({ name, prices }: AddOn) => `${name}, ${prices.map(priceInWords).join(' or ')}`;
  return [
    ...matched(was, is, idOf).flatMap(([old, now]): Found => {
      const { id } = (now ?? old)!;
      const at = `${path}.${id}`;
      if (!old) {
        const words = `${plan} is sold with ${id}: ${inWords(now!)}`;
        return [{ kind: 'added', path: at, ...sides(null, inWords(now!)), words }];
      }
      if (!now) {
        const words = `${plan} is no longer sold with ${id}`;
        return [{ kind: 'removed', path: at, ...sides(inWords(old), null), words }];
      }
      const name = `${plan} with ${id}`;
      return [
        ...fieldChanges(old, now, ['id', 'prices'], at, name),
        ...pricesChanges(old.prices, now.prices, `${at}.prices`, name),
      ];
    }),
    ...orderChange(was, is, path, `the add-ons of ${plan}`, idOf),
  ];
}

/** Every other field, by its own name: what is added to a price book later is told of, too. */
function fieldChanges(was: object, is: object, besides: readonly string[], path: string, name: string): Found {
  const [old, now] = [was, is] as Record<string, unknown>[];
  const fields = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((field) => !besides.includes(field));
  return fields.flatMap((field): Found => {
    if (canonical(old![field]) === canonical(now![field])) return [];
    const [before, after] = [plain(old![field]), plain(now![field])];
    const at = path === '' ? field : `${path}.${field}`;
    const words = `${name}: ${field} is ${after ?? 'not given'} instead of ${before ?? 'not given'}`;
    return [{ kind: 'changed', path: at, before, after, words }];
  });
}

const plain = (value: unknown): string | null =>
  value === undefined || value === null ? null : typeof value === 'string' ? value : canonical(value);

/** The order of a list is what a customer sees on the page and on the invoice. */
function orderChange<T>(
  was: readonly T[],
  is: readonly T[],
  path: string,
  name: string,
  keyOf: (item: T) => string,
): Found {
  const [old, now] = [was.map(keyOf), is.map(keyOf)];
  const before = old.filter((key) => now.includes(key)).join(', ');
  const after = now.filter((key) => old.includes(key)).join(', ');
  return before === after ? [] : [changed(path, before, after, `${name} come in another order: ${after}`)];
}

/** A tier’s `from` that is left out, an empty list: another text for the same thing. */
function writtenOtherwise(was: object, is: object, path: string, name: string): Found {
  const [before, after] = [canonical(was), canonical(is)];
  return before === after ? [] : [changed(path, before, after, `${name} is written otherwise, and costs the same`)];
}

const sides = (before: string | null, after: string | null) => ({ before, after });
const changed = (path: string, before: string, after: string, words: string): Found[number] => ({
  ...{ kind: 'changed', path, before, after, words },
});

/** In the new order, and what is gone at the end. */
function matched<T>(was: readonly T[], is: readonly T[], keyOf: (item: T) => string): [T | null, T | null][] {
  const keys = new Set(is.map(keyOf));
  return [
    ...is.map((now): [T | null, T | null] => [was.find((old) => keyOf(old) === keyOf(now)) ?? null, now]),
    ...was.filter((old) => !keys.has(keyOf(old))).map((old): [T | null, T | null] => [old, null]),
  ];
}
