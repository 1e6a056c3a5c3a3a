/** Products and the plans on which they are sold. */
import { z } from 'zod';
import { type Call, code } from './call.ts';
import { missing, unprocessable } from './errors.ts';
import { money } from './money.ts';
import { amount, created, done, nothing, ok, type Route, route } from './route.ts';
import type { Plan } from './tables.ts';

const cycle = z.object({
  tenure_type: z.enum(['TRIAL', 'REGULAR']),
  sequence: z.int().min(1).max(99),
  total_cycles: z.int().min(0).max(999).default(1),
  frequency: z.object({
    interval_unit: z.enum(['DAY', 'WEEK', 'MONTH', 'YEAR']),
    interval_count: z.int().min(1).max(365).default(1),
  }),
  pricing_scheme: z
    .object({ fixed_price: amount })
    .optional()
    .transform((scheme) => ({ fixed_price: scheme?.fixed_price ?? money(0, 'USD'), version: 1 })),
});
export const cycles = z.array(cycle).min(1).max(12);
const plan = z.object({
  product_id: z.string(),
  name: z.string().min(1).max(127),
  description: z.string().min(1).max(127).optional(),
  status: z.enum(['CREATED', 'ACTIVE']).default('ACTIVE'),
  billing_cycles: cycles,
  payment_preferences: z
    .object({
      auto_bill_outstanding: z.boolean().default(true),
      setup_fee: amount.nullable().default(null),
      setup_fee_failure_action: z.enum(['CONTINUE', 'CANCEL']).default('CANCEL'),
      payment_failure_threshold: z.int().min(0).max(999).default(0),
    })
    .prefault({}),
});
const product = z.object({
  id: z.string().min(6).max(50).optional(),
  name: z.string().min(1).max(127),
  type: z.enum(['PHYSICAL', 'DIGITAL', 'SERVICE']).default('SERVICE'),
});
const operations = z.array(z.object({ op: z.string(), path: z.string(), value: z.unknown() }));
const prices = z.object({
  pricing_schemes: z.array(
    z.object({ billing_cycle_sequence: z.int(), pricing_scheme: z.object({ fixed_price: amount }) }),
  ),
});

export const catalogRoutes: Route[] = [
  route('POST', '/v1/catalogs/products', product, (call, { body }) => {
    const id = body.id ?? `PROD-${code()}`;
    if (call.store.get('product', id))
      throw unprocessable('DUPLICATE_RESOURCE_IDENTIFIER', 'A product of this id exists.');
    const row = call.store.put('product', { ...body, id, create_time: call.time() });
    call.emit('CATALOG.PRODUCT.CREATED', 'product', 'A product was created.', row);
    return created({ ...row, links: [call.link('self', `/v1/catalogs/products/${id}`)] });
  }),
  route('GET', '/v1/catalogs/products/:id', nothing, (call, { id }) => {
    const row = call.store.get('product', id);
    if (row === undefined) throw missing('product');
    return ok(row);
  }),
  route('GET', '/v1/catalogs/products', nothing, (call) => ok({ products: [...call.store.all('product')] })),

  route('POST', '/v1/billing/plans', plan, (call, { body }) => {
    if (!call.store.get('product', body.product_id)) throw missing('product');
    const time = call.time();
    const row = call.store.put('plan', { ...body, id: `P-${code(24)}`, create_time: time, update_time: time });
    call.emit('BILLING.PLAN.CREATED', 'plan', 'A billing plan was created.', row);
    return created(shown(call, row));
  }),
  route('GET', '/v1/billing/plans/:id', nothing, (call, { id }) => ok(shown(call, planFor(call, id)))),
  route('GET', '/v1/billing/plans', nothing, (call, { query }) => {
    const of = query.get('product_id');
    const plans = [...call.store.all('plan')].filter((row) => of === null || row.product_id === of);
    return ok({ plans: plans.map((row) => shown(call, row)), total_items: plans.length });
  }),
  route('PATCH', '/v1/billing/plans/:id', operations, (call, { id, body }) => {
    const row = planFor(call, id);
    const name = body.find(({ path }) => path === '/name')?.value;
    call.store.put('plan', { ...row, ...(typeof name === 'string' && { name }), update_time: call.time() });
    return done;
  }),
  ...(['activate', 'deactivate'] as const).map((what) =>
    route('POST', `/v1/billing/plans/:id/${what}`, nothing, (call, { id }) => {
      const status = what === 'activate' ? 'ACTIVE' : 'INACTIVE';
      const row = call.store.put('plan', { ...planFor(call, id), status, update_time: call.time() });
      call.emit(`BILLING.PLAN.${what.toUpperCase()}D`, 'plan', `A billing plan was ${what}d.`, row);
      return done;
    }),
  ),
  route('POST', '/v1/billing/plans/:id/update-pricing-schemes', prices, (call, { id, body }) => {
    const row = planFor(call, id);
    const billing_cycles = row.billing_cycles.map((each) => {
      const change = body.pricing_schemes.find((scheme) => scheme.billing_cycle_sequence === each.sequence);
      const version = each.pricing_scheme.version + 1;
      return change ? { ...each, pricing_scheme: { fixed_price: change.pricing_scheme.fixed_price, version } } : each;
    });
    const changed = call.store.put('plan', { ...row, billing_cycles, update_time: call.time() });
    call.emit('BILLING.PLAN.PRICING-CHANGE.ACTIVATED', 'plan', 'A pricing change was activated.', changed);
    return done;
  }),
];

export function planFor(call: Call, id: string): Plan {
  const row = call.store.get('plan', id);
  if (row === undefined) throw missing('plan');
  return row;
}

const shown = (call: Call, row: Plan): object => ({
  ...row,
  links: [call.link('self', `/v1/billing/plans/${row.id}`)],
});
