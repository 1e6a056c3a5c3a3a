/** Schemas for form-encoded parameters, and their complaints in Stripe's words. */
import { z } from 'zod';
import type { Tree } from '../form.ts';
import { invalid } from './errors.ts';

export const text = z.string().min(1);
export const integer = z
  .string()
  .regex(/^-?\d{1,15}$/)
  .transform(Number);
export const decimal = z.string().regex(/^-?\d{1,15}(\.\d{1,12})?$/);
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

/** An empty value unsets the field. */
export const unsettable = <S extends z.ZodType>(schema: S) => z.union([z.literal('').transform(() => null), schema]);

export const list = <S extends z.ZodType>(item: S) =>
  z.preprocess(
    (value) => (typeof value === 'object' && value !== null ? Object.values(value) : value === '' ? [] : value),
    z.array(item),
  );

const metadataMap = z.record(z.string().max(40), z.string().max(500));
/** Keys are merged into what is there; an empty value removes its key, an empty map all of them. */
export const metadata = unsettable(metadataMap);

export const address = z.strictObject({
  city: unsettable(text).optional(),
  country: unsettable(text).optional(),
  line1: unsettable(text).optional(),
  line2: unsettable(text).optional(),
  postal_code: unsettable(text).optional(),
  state: unsettable(text).optional(),
});

export const created = z.union([
  integer.transform((at) => ({ gte: at, lte: at })),
  z.strictObject({
    gt: integer.optional(),
    gte: integer.optional(),
    lt: integer.optional(),
    lte: integer.optional(),
  }),
]);
export type Range = { gt?: number; gte?: number; lt?: number; lte?: number };

export const expand = { expand: list(text).optional() };
export const pagination = {
  ...expand,
  limit: integer.refine((limit) => limit >= 1 && limit <= 100).optional(),
  starting_after: text.optional(),
  ending_before: text.optional(),
};

export function parse<S extends z.ZodType>(schema: S, params: Tree): z.output<S> {
  const result = schema.safeParse(params);
  if (result.success) return result.data;
  throw complaint(deepest(result.error.issues[0]!), params);
}

/** A union's complaint is that of the branch that got furthest. */
function deepest(issue: z.core.$ZodIssue, prefix: PropertyKey[] = []): z.core.$ZodIssue {
  const path = [...prefix, ...issue.path];
  if (issue.code !== 'invalid_union') return { ...issue, path };
  const inner = issue.errors.flat().map((each) => deepest(each, path));
  return inner.sort((a, b) => b.path.length - a.path.length)[0] ?? { ...issue, path };
}

function complaint(issue: z.core.$ZodIssue, params: Tree) {
  const [first, ...rest] = issue.path.map(String);
  const param = `${first ?? ''}${rest.map((part) => `[${part}]`).join('')}`;
  if (issue.code === 'unrecognized_keys') {
    const unknown = first === undefined ? issue.keys[0]! : `${param}[${issue.keys[0]}]`;
    return invalid(`Received unknown parameter: ${unknown}`, { code: 'parameter_unknown', param: unknown });
  }
  const given = issue.path.reduce<unknown>((node, key) => (node as Tree | undefined)?.[String(key)], params);
  if (given === undefined) {
    return invalid(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  }
  if (given === '') {
    const message = `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset.`;
    return invalid(message, { code: 'parameter_invalid_empty', param });
  }
  if (issue.code === 'invalid_format' && issue.pattern?.includes('\\d{1,15}')) {
    return invalid(`Invalid integer: ${String(given)}`, { code: 'parameter_invalid_integer', param });
  }
  return invalid(`Invalid ${param}: ${issue.message}`, { param });
}
