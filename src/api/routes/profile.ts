/** What a customer sees and changes of themselves: what their invoices say, and how they are spoken to. */
import type { z } from 'zod';
import { auditDeed } from '../../db/audit.ts';
import { buyersOf } from '../../db/buyers.ts';
import { updateCustomer } from '../../db/customers.ts';
import { readSeller } from '../../db/sellers.ts';
import { inTenant } from '../../db/tenant.ts';
import { readTenant } from '../../db/tenants.ts';
import { notFound } from '../problem.ts';
import { AGENTS, type Call, ok, route } from '../route.ts';
import { profile, profileUpdate } from '../schemas/profile.ts';
import { checkTaxId, keepWithTaxId } from '../tax-id.ts';
import { actingCustomer } from './subscribe.ts';

const common = {
  path: '/api/billing/profile',
  tag: 'Customers',
  who: ['customer', ...AGENTS],
  actsOnCustomer: true,
} as const;

const get = route({
  ...common,
  method: 'get',
  summary: 'Read one’s own profile',
  grant: 'customers:read',
  answers: { 200: { about: 'As invoices name it from now on.', schema: profile } },
  handle: async (call) => ok(await shown(call)),
});

const update = route({
  ...common,
  method: 'patch',
  summary: 'Change one’s own profile',
  about: 'What is left out stays; null takes away. Invoices that were issued keep what they say.',
  grant: 'customers:write',
  body: profileUpdate,
  answers: { 200: { about: 'Changed.', schema: profile } },
  async handle(call: Call<unknown, unknown, z.output<typeof profileUpdate>>) {
    const { parts, scope } = call;
    const { address, taxId, ...change } = call.body;
    const { id, country } = await whose(call);
    const checked =
      typeof taxId === 'string'
        ? await checkTaxId(parts.taxes.taxIds, taxId, address === undefined ? country : (address?.country ?? null))
        : taxId;
    await inTenant(parts.db, scope, async (trx) => {
      const { customer } = await updateCustomer(trx, parts.keys, scope, id, change, Date.now());
      if (!customer) throw notFound('customer');
      const bought = {
        ...(change.name === undefined ? {} : { name: change.name }),
        ...(address === undefined ? {} : { address }),
      };
      await keepWithTaxId(trx, parts.keys, scope, id, bought, checked);
      await auditDeed(trx, call, 'customer.changed', id, { changed: Object.keys(call.body).join(', ') });
    });
    return ok(await shown(call));
  },
});

async function whose(call: Call) {
  const { id } = await actingCustomer(call);
  const buyer = await inTenant(call.parts.db, call.scope, (trx) => buyersOf(trx, call.parts.keys, [id]));
  return { id, country: buyer.get(id)?.address?.country ?? null };
}

async function shown(call: Call) {
  const { parts, scope } = call;
  const { id: customerId, name, email, locale, timeZone, currency } = await actingCustomer(call);
  const { buyer, seller } = await inTenant(parts.db, scope, async (trx) => ({
    buyer: (await buyersOf(trx, parts.keys, [customerId])).get(customerId),
    seller: await readSeller(trx),
  }));
  return {
    ...{ customerId, name, email, locale, timeZone, currency },
    address: buyer?.address ?? null,
    taxId: buyer?.taxId ?? null,
    taxIdState: buyer?.taxIdState ?? null,
    seller: seller?.seller.legalName ?? (await readTenant(parts.db, scope))?.name ?? '',
  };
}

export const profileRoutes = [get, update];
