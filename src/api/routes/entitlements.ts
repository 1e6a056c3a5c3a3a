/** What a customer may use, for itself and for the program that it uses; and what an operator agrees with one alone. */
import { z } from 'zod';
import { customerExists } from '../../db/customer-list.ts';
import {
  listOverrides,
  type OverrideRow,
  readEntitlements,
  removeOverride,
  setOverride,
} from '../../db/entitlements.ts';
import { inTenant } from '../../db/tenant.ts';
import { usedOf, usesOf } from '../../db/usage-alerts.ts';
import type { CustomerId } from '../../domain/ids.ts';
import { badField, notFound } from '../problem.ts';
import { ADMINS, AGENTS, type Call, ok, READERS, route } from '../route.ts';
import { entitlements, override, overrideBody } from '../schemas/entitlements.ts';
import { featureId } from '../schemas/sale.ts';
import { customerId, listOf } from '../schemas.ts';

const tag = 'Entitlements';
const reading = { tag, method: 'get', grant: 'entitlements:read' } as const;
const answers = { 200: { about: 'Each feature that a plan or an agreement names.', schema: entitlements } };

const own = route({
  ...reading,
  path: '/api/billing/entitlements',
  summary: 'What one may use',
  about: 'By the time of the customer’s test clock, where it lives by one.',
  who: ['customer', ...AGENTS],
  actsOnCustomer: true,
  answers,
  handle(call) {
    if (!call.customer) throw badField('Hydra-Customer', 'name the customer in this header', 'customer_required');
    return answerFor(call, call.customer);
  },
});

const ofCustomer = route({
  ...reading,
  path: '/api/entitlements/:customerId',
  summary: 'What a customer may use',
  about: 'For the program that the customer uses: one read, with no cache in between.',
  who: READERS,
  params: z.strictObject({ customerId }),
  answers,
  handle: (call) => answerFor(call, call.params.customerId),
});

async function answerFor({ parts, scope }: Call, customer: CustomerId) {
  const found = await inTenant(parts.db, scope, async (trx) =>
    readEntitlements(trx, customer, Date.now(), usedOf(await usesOf(trx, customer))),
  );
  if (!found) throw notFound('customer');
  const { tier, access, features } = found;
  const until = access.until === null ? null : new Date(access.until).toISOString();
  return ok({ customerId: customer, tier, access: { level: access.level, until }, features });
}

const admin = '/api/admin/customers/:id/entitlements';
const ofOne = z.strictObject({ id: customerId, feature: featureId });

const list = route({
  ...reading,
  path: admin,
  summary: 'What was agreed with a customer',
  who: READERS,
  params: z.strictObject({ id: customerId }),
  answers: { 200: { about: 'Overrides, past ones included.', schema: listOf(override, 'EntitlementOverride') } },
  handle: ({ parts, scope, params: { id } }) =>
    inTenant(parts.db, scope, async (trx) => {
      if (!(await customerExists(trx, id))) throw notFound('customer');
      return ok({ data: (await listOverrides(trx, id)).map(show), nextCursor: null });
    }),
});

const set = route({
  tag,
  method: 'put',
  path: `${admin}/:feature`,
  summary: 'Agree a feature with a customer',
  about: 'Instead of what the plan says, until `until`. It gives no access that the subscription has not.',
  who: ADMINS,
  grant: 'entitlements:write',
  params: ofOne,
  body: overrideBody,
  answers: { 200: { about: 'It holds, and is in the audit log.', schema: override } },
  handle: ({ parts, scope, principal, params: { id, feature }, body }) =>
    inTenant(parts.db, scope, async (trx) => {
      if (!(await customerExists(trx, id))) throw notFound('customer');
      const value =
        'enabled' in body
          ? ({ type: 'boolean', enabled: body.enabled } as const)
          : ({ type: 'limit', limit: body.limit } as const);
      const until = body.until === undefined ? null : new Date(body.until);
      const deed = { customer: id, feature, reason: body.reason, by: principal.ref, at: new Date() };
      return ok(show(await setOverride(trx, scope, { ...deed, value, until })));
    }),
});

const remove = route({
  tag,
  method: 'delete',
  path: `${admin}/:feature`,
  summary: 'End what was agreed about a feature',
  who: ADMINS,
  grant: 'entitlements:write',
  params: ofOne,
  answers: { 200: { about: 'The plan says it again.', schema: override } },
  handle: ({ parts, scope, principal, params: { id, feature } }) =>
    inTenant(parts.db, scope, async (trx) => {
      const deed = { customer: id, feature, reason: 'ended', by: principal.ref, at: new Date() };
      const removed = await removeOverride(trx, scope, deed);
      if (!removed) throw notFound('override');
      return ok(show(removed));
    }),
});

const show = ({ feature, value, until, reason, set_by, set_at }: OverrideRow) => ({
  feature,
  ...(value.type === 'boolean' ? { enabled: value.enabled } : { limit: value.limit }),
  ...{ until: until?.toISOString() ?? null, reason, setBy: set_by, setAt: set_at.toISOString() },
});

export const entitlementRoutes = [own, ofCustomer, list, set, remove];
