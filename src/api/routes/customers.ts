import { z } from 'zod';
import { readClock } from '../../db/clocks.ts';
import { listCustomers } from '../../db/customer-list.ts';
import {
  type Customer,
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
import { notFound, Problem } from '../problem.ts';
import { ADMINS, type Call, created, ok, READERS, route } from '../route.ts';
import { customer, customerCreate, customerId, customerUpdate, listOf, page, text } from '../schemas.ts';
import { showCustomer } from '../show.ts';

const tag = 'Customers';
const reading = { tag, who: READERS, grant: 'customers:read' } as const;
const writing = { tag, who: ADMINS, grant: 'customers:write' } as const;
const params = z.strictObject({ id: customerId });

const shown = async (trx: Trx, customers: readonly Customer[]) => {
  const subjects = await subjectsOf(
    trx,
    customers.map(({ id }) => id),
  );
  return (each: Customer) => showCustomer(each, subjects.get(each.id) ?? []);
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
          return ok({ data: found.map(await shown(trx, found)), nextCursor: null });
        }
        const slice = await listCustomers(trx, parts.keys, pageOf(paging, 'id'));
        return ok(listBody(slice, await shown(trx, slice.rows)));
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
        return ok((await shown(trx, [found]))(found));
      }),
  });

const externalIdTaken = () => new Problem(409, 'external_id_taken', 'another customer has this external id');

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
  handle: (call) =>
    inTenant(call.parts.db, call.scope, async (trx) => {
      const { subjects, clockId, ...fields } = call.body;
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
        createdAt: Date.now(),
      });
      if (written.outcome !== 'written') throw externalIdTaken();
      await map(trx, call, written.customer.id, subjects);
      return created({ id: written.customer.id });
    }),
  /** Names and e-mails are read anew for each answer: the record of the request may not hold them. */
  complete: (call, body) =>
    inTenant(call.parts.db, call.scope, async (trx) => {
      const made = await readCustomer(trx, call.parts.keys, (body as { id: CustomerId }).id);
      if (!made) throw notFound('customer');
      return (await shown(trx, [made]))(made);
    }),
});

async function clockFor(trx: Trx, { scope }: Call, id: Parameters<typeof readClock>[1]): Promise<void> {
  if (scope.mode === 'live') throw new Problem(403, 'clocks_are_test_only', 'live customers live by the wall’s clock');
  if (!(await readClock(trx, id))) throw new Problem(422, 'unknown_clock', 'no such clock');
}

const update = route({
  ...writing,
  method: 'patch',
  path: '/api/customers/:id',
  summary: 'Change a customer',
  about:
    'What is left out stays; null takes away. A time zone holds for new subscriptions, and from the next boundary.',
  params,
  body: customerUpdate,
  answers: { 200: { about: 'Changed.', schema: customer } },
  handle: (call) =>
    inTenant(call.parts.db, call.scope, async (trx) => {
      const { subjects, ...change } = call.body;
      const { id } = call.params;
      const written = await updateCustomer(trx, call.parts.keys, call.scope, id, change, Date.now());
      if (written.customer === null) throw written.outcome === 'not_found' ? notFound('customer') : externalIdTaken();
      await map(trx, call, id, subjects);
      return ok((await shown(trx, [written.customer]))(written.customer));
    }),
});

export const customerRoutes = [
  list('/api/customers'),
  create,
  get('/api/customers/:id'),
  update,
  list('/api/admin/customers'),
  get('/api/admin/customers/:id'),
];
