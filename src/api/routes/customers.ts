import { z } from 'zod';
import { auditDeed } from '../../db/audit.ts';
import { buyersOf, taxIdChecksOf } from '../../db/buyers.ts';
import { readClock } from '../../db/clocks.ts';
import { customerExists, listCustomers } from '../../db/customer-list.ts';
import {
  type Customer,
  type CustomerKeys,
  createCustomer,
  findCustomerByExternalId,
  findCustomersByEmail,
  readCustomer,
  updateCustomer,
} from '../../db/customers.ts';
import { mapSubjects, subjectsOf } from '../../db/subjects.ts';
import { inTenant, type Trx } from '../../db/tenant.ts';
import type { CustomerId } from '../../domain/ids.ts';
import { newId } from '../../ids.ts';
import { listBody, pageOf } from '../paging.ts';
import { badField, notFound, Problem } from '../problem.ts';
import { ADMINS, type Call, created, ok, READERS, route } from '../route.ts';
import { taxIdCheck } from '../schemas/parties.ts';
import { customer, customerCreate, customerId, customerUpdate, listOf, page, text } from '../schemas.ts';
import { showCustomer } from '../show.ts';
import { checkTaxId, keepWithTaxId } from '../tax-id.ts';

const tag = 'Customers';
const reading = { tag, who: READERS, grant: 'customers:read' } as const;
const writing = { tag, who: ADMINS, grant: 'customers:write' } as const;
const params = z.strictObject({ id: customerId });

const shown = async (trx: Trx, keys: CustomerKeys, customers: readonly Customer[]) => {
  const ids = customers.map(({ id }) => id);
  const subjects = await subjectsOf(trx, ids);
  const buyers = await buyersOf(trx, keys, ids);
  return (each: Customer) => showCustomer(each, subjects.get(each.id) ?? [], buyers.get(each.id));
};

const query = page.extend({ externalId: text(255).optional(), email: z.string().max(254).optional() });

/** The same list under two addresses: services use the one, the console the other. */
const list = (path: string) =>
  route({
    ...reading,
    method: 'get',
    path,
    summary: 'List customers',
    about: 'Or find one by your own name of it, or those with an e-mail.',
    query,
    answers: { 200: { about: 'The newest first.', schema: listOf(customer, 'Customer') } },
    handle: ({ parts, scope, query: { externalId, email, ...paging } }) =>
      inTenant(parts.db, scope, async (trx) => {
        if (externalId !== undefined || email !== undefined) {
          const found =
            externalId === undefined
              ? await findCustomersByEmail(trx, parts.keys, scope, email!)
              : [await findCustomerByExternalId(trx, parts.keys, externalId)].filter((each) => each !== null);
          return ok({ data: found.map(await shown(trx, parts.keys, found)), nextCursor: null });
        }
        const slice = await listCustomers(trx, parts.keys, pageOf(paging, 'id'));
        return ok(listBody(slice, await shown(trx, parts.keys, slice.rows)));
      }),
  });

const get = (path: string) =>
  route({
    ...reading,
    method: 'get',
    path,
    summary: 'Read a customer',
    params,
    answers: { 200: { about: 'With the users who act for it.', schema: customer } },
    handle: ({ parts, scope, params: { id } }) =>
      inTenant(parts.db, scope, async (trx) => {
        const found = await readCustomer(trx, parts.keys, id);
        if (!found) throw notFound('customer');
        return ok((await shown(trx, parts.keys, [found]))(found));
      }),
  });

const externalIdTaken = () =>
  new Problem(409, 'external_id_taken', 'another customer has this external id', {
    errors: [{ path: 'externalId', message: 'another customer has it' }],
  });

async function map(trx: Trx, { scope }: Call, id: CustomerId, subjects: string[] | undefined): Promise<void> {
  if (subjects === undefined) return;
  const mapped = await mapSubjects(trx, scope, id, subjects, new Date());
  if (mapped.outcome === 'taken') {
    const path = `subjects.${subjects.indexOf(mapped.subject)}`;
    throw new Problem(409, 'subject_taken', 'this user acts for another customer', {
      errors: [{ path, message: 'acts for another customer' }],
    });
  }
}

const create = route({
  ...writing,
  method: 'post',
  path: '/api/customers',
  summary: 'Create a customer',
  body: customerCreate,
  answers: { 201: { about: 'Created.', schema: customer } },
  handle: async (call) => {
    const { subjects, clockId, address = null, taxId = null, taxExempt = false, ...fields } = call.body;
    const checked = taxId === null ? null : await checkTaxId(call.parts.taxes.taxIds, taxId, address?.country ?? null);
    return inTenant(call.parts.db, call.scope, async (trx) => {
      if (clockId) await clockFor(trx, call, clockId);
      const written = await createCustomer(trx, call.parts.keys, call.scope, {
        id: newId('cus'),
        externalId: fields.externalId ?? null,
        name: fields.name ?? null,
        email: fields.email ?? null,
        timeZone: fields.timeZone ?? 'UTC',
        locale: fields.locale ?? 'en',
        currency: fields.currency ?? 'usd',
        clockId: clockId ?? null,
        segment: fields.segment ?? null,
        createdAt: Date.now(),
      });
      if (written.outcome !== 'written') throw externalIdTaken();
      const { id, name } = written.customer;
      await keepWithTaxId(trx, call.parts.keys, call.scope, id, { name, address, taxExempt }, checked);
      await map(trx, call, id, subjects);
      await auditDeed(trx, call, 'customer.created', id);
      return created({ id });
    });
  },
  /** Names and e-mails are read anew for each answer: the record of the request may not hold them. */
  complete: (call, body) =>
    inTenant(call.parts.db, call.scope, async (trx) => {
      const made = await readCustomer(trx, call.parts.keys, (body as { id: CustomerId }).id);
      if (!made) throw notFound('customer');
      return (await shown(trx, call.parts.keys, [made]))(made);
    }),
});

async function clockFor(trx: Trx, { scope }: Call, id: Parameters<typeof readClock>[1]): Promise<void> {
  if (scope.mode === 'live') throw new Problem(403, 'clocks_are_test_only', 'live customers live by the wall’s clock');
  if (!(await readClock(trx, id)))
    throw badField('clockId', `is ${id}, and there is no such clock`, 'unknown_clock', 422);
}

const update = route({
  ...writing,
  method: 'patch',
  path: '/api/customers/:id',
  summary: 'Change a customer',
  about:
    'What is left out stays; null takes away. A time zone holds for new subscriptions, and from the next boundary. A tax id is checked each time that it is sent.',
  params,
  body: customerUpdate,
  answers: { 200: { about: 'Changed.', schema: customer } },
  handle: async (call) => {
    const { subjects, address, taxId, taxExempt, ...change } = call.body;
    const { id } = call.params;
    const checked =
      typeof taxId === 'string'
        ? await checkTaxId(call.parts.taxes.taxIds, taxId, (address ?? (await addressOf(call, id)))?.country ?? null)
        : taxId;
    return inTenant(call.parts.db, call.scope, async (trx) => {
      const written = await updateCustomer(trx, call.parts.keys, call.scope, id, change, Date.now());
      if (written.customer === null) throw written.outcome === 'not_found' ? notFound('customer') : externalIdTaken();
      const bought = {
        ...(change.name === undefined ? {} : { name: change.name }),
        ...(address === undefined ? {} : { address }),
        ...(taxExempt === undefined ? {} : { taxExempt }),
      };
      if (checked !== undefined || Object.keys(bought).length > 0) {
        await keepWithTaxId(trx, call.parts.keys, call.scope, id, bought, checked);
      }
      await map(trx, call, id, subjects);
      await auditDeed(trx, call, 'customer.changed', id, { changed: Object.keys(call.body).join(', ') });
      return ok((await shown(trx, call.parts.keys, [written.customer]))(written.customer));
    });
  },
});

const addressOf = ({ parts, scope }: Call, id: CustomerId) =>
  inTenant(parts.db, scope, async (trx) => (await buyersOf(trx, parts.keys, [id])).get(id)?.address ?? null);

const taxIdChecks = route({
  ...reading,
  method: 'get',
  path: '/api/admin/customers/:id/tax-id-checks',
  summary: 'What was said of a customer’s tax ids',
  about: 'The evidence for a reverse charge: which id was asked about, who answered what, and when. The newest 100.',
  params,
  answers: { 200: { about: 'The newest first.', schema: listOf(taxIdCheck, 'TaxIdCheck') } },
  handle: ({ parts, scope, params: { id } }) =>
    inTenant(parts.db, scope, async (trx) => {
      if (!(await customerExists(trx, id))) throw notFound('customer');
      const checks = await taxIdChecksOf(trx, parts.keys, scope, id);
      const data = checks.map(({ at, ...check }) => ({ ...check, checkedAt: new Date(at).toISOString() }));
      return ok({ data, nextCursor: null });
    }),
});

export const customerRoutes = [
  list('/api/customers'),
  create,
  get('/api/customers/:id'),
  update,
  list('/api/admin/customers'),
  get('/api/admin/customers/:id'),
  taxIdChecks,
];
