/** Cards and the like, saved in the customer's browser by the processor's own code: we only see opaque ids. */
import { z } from 'zod';
import { theirMethod } from '../../customers/method-reference.ts';
import { processorCustomerOf } from '../../customers/processor-customer.ts';
import { auditDeed } from '../../db/audit.ts';
import { customerExists } from '../../db/customer-list.ts';
import {
  forgetPaymentMethod,
  listPaymentMethods,
  makeDefault,
  type PaymentMethodRow,
  readPaymentMethod,
} from '../../db/payment-methods.ts';
import { listSubscriptions } from '../../db/subscriptions.ts';
import { inTenant } from '../../db/tenant.ts';
import type { CustomerId } from '../../domain/ids.ts';
import { isAccepted } from '../../domain/subscription.ts';
import { askSubscription } from '../../temporal/ask-subscription.ts';
import { settle } from '../command.ts';
import { methodOfSetup, usableMethod } from '../methods.ts';
import { badField, notFound, Problem } from '../problem.ts';
import { AGENTS, type Call, created, ok, READERS, type Reply, route } from '../route.ts';
import { listOf, paymentMethod, paymentMethodBody, paymentMethodId, setup } from '../schemas.ts';
import { showPaymentMethod } from '../show.ts';

const tag = 'Payment methods';
const writing = { tag, who: ['customer', ...AGENTS], grant: 'payment_methods:write', actsOnCustomer: true } as const;
const params = z.strictObject({ id: paymentMethodId });

async function customerOf({ parts, scope, customer }: Call): Promise<CustomerId> {
  if (!customer) throw badField('Hydra-Customer', 'name the customer in this header', 'customer_required');
  if (!(await inTenant(parts.db, scope, (trx) => customerExists(trx, customer)))) throw notFound('customer');
  return customer;
}

const list = route({
  tag,
  who: ['customer', ...READERS],
  grant: 'payment_methods:read',
  actsOnCustomer: true,
  method: 'get',
  path: '/api/billing/payment-methods',
  summary: 'List payment methods',
  answers: { 200: { about: 'The default first.', schema: listOf(paymentMethod, 'PaymentMethod') } },
  async handle(call) {
    const customer = await customerOf(call);
    const rows = await inTenant(call.parts.db, call.scope, (trx) => listPaymentMethods(trx, customer));
    return ok({ data: rows.map(showPaymentMethod), nextCursor: null });
  },
});

const add = route({
  ...writing,
  method: 'post',
  path: '/api/billing/payment-methods',
  summary: 'Save a payment method',
  about:
    'Without an id it answers with what the browser saves one by: a client secret, or with PayPal the address of its page. With the id of what was made there, a method or an agreed set-up, it is attached.',
  body: paymentMethodBody,
  answers: { 201: { about: 'Saved, or to be saved.', schema: z.union([paymentMethod, setup]) } },
  async handle(call) {
    const customer = await customerOf(call);
    const { paymentMethodId: id, setupId, returnUrl, processor = 'stripe' } = call.body;
    if (setupId) return added(call, customer, await methodOfSetup(call, customer, setupId, processor));
    if (!id) {
      const { savesMethods } = (await call.parts.processors.of({ ...call.scope, processor })).processor.capabilities;
      if (savesMethods === 'on_its_page' && !returnUrl) {
        throw badField('returnUrl', `say where the customer comes back to from ${processor}’s page`);
      }
      return created({});
    }
    return added(call, customer, await usableMethod(call, customer, id, processor));
  },
  /** The same key gives the same set-up, so a repeat gets the same secret without its being kept here. */
  async complete(call, body) {
    if (call.body.paymentMethodId || call.body.setupId) return body;
    const { db, processors } = call.parts;
    const { processor = 'stripe', returnUrl = null } = call.body;
    const ref = { ...call.scope, customer: await customerOf(call), processor };
    const { account, customer } = await processorCustomerOf({ db, processors }, ref);
    const { id, clientSecret, approveUrl } = await account.processor.createSetup({
      customer,
      key: call.request,
      returnUrl,
    });
    return {
      setup: { id, ...(clientSecret !== null && { clientSecret }), ...(approveUrl !== null && { approveUrl }) },
      publishableKey: account.publishableKey,
    };
  },
});

async function added(
  call: Call,
  customer: CustomerId,
  method: Parameters<typeof showPaymentMethod>[0],
): Promise<Reply> {
  await inTenant(call.parts.db, call.scope, (trx) =>
    auditDeed(trx, call, 'payment_method.added', customer, { method: method.id }),
  );
  return created(showPaymentMethod(method));
}

const remove = route({
  ...writing,
  method: 'delete',
  path: '/api/billing/payment-methods/:id',
  summary: 'Remove a payment method',
  params,
  answers: { 204: { about: 'It is gone.' } },
  async handle(call) {
    const { db, processors, keys } = call.parts;
    const customer = await customerOf(call);
    const row = await inTenant(db, call.scope, (trx) => readPaymentMethod(trx, customer, call.params.id));
    if (!row) throw notFound('payment method');
    const using = (await living(call, customer)).filter(
      ({ document }) => isAccepted(document) && document.paymentMethod === row.id,
    );
    if (using.length > 0) {
      throw new Problem(409, 'payment_method_in_use', `${using.map(({ id }) => id).join(', ')} would have none`);
    }
    const { processor } = await processors.of({ ...call.scope, processor: row.processor });
    await processor.detach(theirMethod(keys.ring, row));
    await inTenant(db, call.scope, async (trx) => {
      await forgetPaymentMethod(trx, call.scope, { ...row, customer, at: new Date() });
      await auditDeed(trx, call, 'payment_method.removed', customer, { method: row.id });
    });
    return { status: 204 };
  },
});

const choose = route({
  ...writing,
  method: 'post',
  path: '/api/billing/payment-methods/:id/default',
  summary: 'Make it the default',
  about: 'The customer’s subscriptions use it from now on; what is overdue is tried with it.',
  params,
  answers: { 200: { about: 'The default.', schema: paymentMethod } },
  async handle(call) {
    const customer = await customerOf(call);
    const row = await inTenant(call.parts.db, call.scope, async (trx) => {
      const chosen = await makeDefault(trx, customer, call.params.id);
      if (!chosen) throw notFound('payment method');
      await auditDeed(trx, call, 'payment_method.default', customer, { method: chosen.id });
      return chosen;
    });
    await useEverywhere(call, customer, row);
    return ok(showPaymentMethod(row));
  },
});

/** A subscription that ends meanwhile needs no method; anything else that goes wrong is told, and can be repeated. */
async function useEverywhere(call: Call, customer: CustomerId, { id, processor }: PaymentMethodRow): Promise<void> {
  for (const { id: subscription, document } of await living(call, customer)) {
    if (!isAccepted(document) || document.paymentMethod === id || document.processor !== processor) continue;
    const answer = await askSubscription({
      temporal: call.parts.temporal,
      target: { ...call.scope, subscription },
      asked: {
        id: `${call.request}/${subscription}`,
        command: { type: 'use_payment_method', paymentMethod: id },
        origin: { by: 'principal', ref: call.principal.ref },
      },
      patienceMs: call.parts.patienceMs.command,
    });
    if (answer.outcome === 'refused' || answer.outcome === 'no_workflow') {
      call.log.info({ subscriptionId: subscription, outcome: answer.outcome }, 'keeps its payment method');
    } else await settle(call, subscription, 'use_payment_method', answer);
  }
}

async function living(call: Call, customer: CustomerId) {
  const { rows } = await inTenant(call.parts.db, call.scope, (trx) =>
    listSubscriptions(trx, { customer }, { limit: 100, after: null }),
  );
  return rows.filter(({ state }) => state !== 'canceled' && state !== 'draft');
}

export const paymentMethodRoutes = [list, add, remove, choose];
