/** A subscription is born: terms from the price book, a workflow, and the first payment. */
import type { z } from 'zod';
import { workflowIdOf } from '../../../workflows/messages.ts';
import { bringTo } from '../../clock/fast-forward.ts';
import { clockedNow } from '../../db/clocks.ts';
import { type Customer, readCustomer } from '../../db/customers.ts';
import { bindSeat, seatAt } from '../../db/licences.ts';
import { methodFor as methodAtHand } from '../../db/payment-methods.ts';
import { readSubscription } from '../../db/subscriptions.ts';
import { inTenant } from '../../db/tenant.ts';
import { type CustomerId, invoiceId, type PaymentMethodId, type SubscriptionId } from '../../domain/ids.ts';
import type { Command } from '../../domain/input.ts';
import { type Plan, periodPrice, type Terms } from '../../domain/price-book.ts';
import type { CollectionMode, Draft, Processor } from '../../domain/subscription.ts';
import { HOUR, type Instant } from '../../domain/time.ts';
import { newId } from '../../ids.ts';
import { hashOfAnchor } from '../../security/anchor.ts';
import { type AskOutcome, askSubscription, startAndAsk, startDraft, trying } from '../../temporal/ask-subscription.ts';
import { offerFor } from '../catalog.ts';
import { answered, collectorFor, firstPayment, mustCarry, withFirstSecret } from '../collected.ts';
import { askedBy, settle } from '../command.ts';
import { redeemed } from '../discounts.ts';
import { usableMethod } from '../methods.ts';
import { awaitPayment, withClientSecret } from '../payments.ts';
import { badField, notFound } from '../problem.ts';
import { AGENTS, type Call, created, route } from '../route.ts';
import { collectFrom } from '../schemas/collect.ts';
import { subscribeBody, subscribed } from '../schemas.ts';
import { type ShownPayment, showPayment, showSubscription } from '../show.ts';
import { seatFor } from './licences.ts';

const DRAFT_EXPIRES_AFTER = HOUR;
type Body = z.output<typeof subscribeBody>;

export const subscribe = route({
  method: 'post',
  path: '/api/billing/subscribe',
  tag: 'Subscriptions',
  summary: 'Begin a subscription',
  about:
    'Answers when the first payment is settled or waits for the customer. `requires_action` comes with a client secret for the processor’s own code in the browser.',
  who: ['customer', ...AGENTS],
  grant: 'subscriptions:write',
  actsOnCustomer: true,
  body: subscribeBody,
  answers: { 201: { about: 'It exists.', schema: subscribed } },
  async handle(call: Call<unknown, unknown, Body>) {
    const customer = await actingCustomer(call);
    const processor: Processor = call.body.processor ?? 'stripe';
    const { plan, terms } = await offerFor(call, customer.id, {
      planId: call.body.planId,
      currency: customer.currency,
      addOns: call.body.addOns ?? [],
    });
    const { collection = 'engine', quantity = 1 } = call.body;
    await mustBeFree(call, customer.id);
    if (collection === 'processor') mustCarry(await collectorFor(call, processor), terms, quantity);
    const collect = collectFrom(call.body);
    const command: Command = {
      type: 'subscribe',
      terms,
      quantity,
      paymentMethod: await methodFor(call, customer.id, processor),
      ...(await discountsFor(call, customer.id, terms)),
      ...(collect && { collect }),
      ...trialFor(call, plan),
      ...(call.body.anchorDay !== undefined && { anchorDay: call.body.anchorDay }),
    };
    const id = await call.bind(newId('sub'));
    const answer = await begin(call, id, draftOf(call, id, customer, { processor, collection }), command);
    const done = await settle(call, id, 'subscribe', answer);
    await bindMachine(call, customer.id, id);
    if (done.outcome === 'late') return done.reply;
    if (collection === 'processor') {
      const row = await answered(call, id);
      return created({ subscription: showSubscription(row), payment: firstPayment(row) });
    }
    const attempt = await awaitPayment(call, invoiceId(id, 1), 0);
    const row = await inTenant(call.parts.db, call.scope, (trx) => readSubscription(trx, id, null));
    if (!row) throw notFound('subscription');
    return created({ subscription: showSubscription(row), payment: attempt && showPayment(attempt) });
  },
  async complete(call, body) {
    const { subscription, payment } = body as {
      subscription: { id: SubscriptionId; processor: Processor; collection: CollectionMode };
      payment: ShownPayment | null;
    };
    if (!payment) return body;
    if (subscription.collection === 'processor') {
      return { subscription, payment: await withFirstSecret(call, subscription, payment) };
    }
    return {
      subscription,
      payment: await withClientSecret(call, invoiceId(subscription.id, 1), subscription.processor, payment),
    };
  },
});

/** Asked before anything begins: a machine that is another customer's. */
async function mustBeFree({ parts, scope, body }: Call<unknown, unknown, Body>, customer: CustomerId): Promise<void> {
  if (body.hardwareAnchor === undefined) return;
  const anchor = hashOfAnchor(parts.licences.anchorKey, body.hardwareAnchor);
  const seat = await inTenant(parts.db, scope, (trx) => seatAt(trx, anchor));
  if (seat && seat.customer_id !== customer) {
    throw badField(
      'hardwareAnchor',
      'is a machine that holds a seat of another customer',
      'license_other_customer',
      409,
    );
  }
}

async function bindMachine(
  { parts, scope, body: { hardwareAnchor: anchor } }: Call<unknown, unknown, Body>,
  customer: CustomerId,
  subscription: SubscriptionId,
): Promise<void> {
  if (anchor === undefined) return;
  await inTenant(parts.db, scope, (trx) =>
    bindSeat(trx, scope, { customer, subscription }, seatFor(parts, trx, scope, { anchor })),
  );
}

async function discountsFor(call: Call<unknown, unknown, Body>, customer: CustomerId, terms: Terms) {
  const { promotionCode, quantity = 1 } = call.body;
  if (promotionCode === undefined) return {};
  const { planId: plan, currency } = terms;
  const buyer = { customer, plan, currency, price: periodPrice(terms, quantity) };
  return { discounts: [await redeemed(call, { promotionCode }, buyer)] };
}

/** What is asked for, or what the plan gives. Of a trial that the plan speaks of, customers can't have more than it says. */
export function trialFor(
  { body: { trialDays: asked }, principal }: Call<unknown, unknown, { trialDays?: number | undefined }>,
  { trial, trialDays = 0 }: Plan,
): Pick<Extract<Command, { type: 'subscribe' }>, 'trialDays' | 'trial'> {
  if (asked !== undefined && trial && asked > trial.days && principal.caller === 'customer') {
    throw badField('trialDays', `is ${asked}, and the plan offers ${trial.days}`, 'trial_not_offered');
  }
  return {
    trialDays: asked ?? trial?.days ?? trialDays,
    trial: {
      paymentMethod: trial?.paymentMethod ?? 'optional',
      atEnd: trial?.atEnd ?? 'charge',
      reminderDays: trial?.reminderDays ?? null,
      perCustomer: trial?.perCustomer ?? 'once',
      isAsked: asked !== undefined,
    },
  };
}

export async function actingCustomer({ parts, scope, customer }: Call): Promise<Customer> {
  if (!customer) throw badField('Hydra-Customer', 'name the customer in this header', 'customer_required');
  const found = await inTenant(parts.db, scope, (trx) => readCustomer(trx, parts.keys, customer));
  if (!found) throw notFound('customer');
  return found;
}

async function methodFor(
  call: Call<unknown, unknown, Body>,
  customer: CustomerId,
  processor: Processor,
): Promise<PaymentMethodId | null> {
  const { paymentMethodId } = call.body;
  if (paymentMethodId) return (await usableMethod(call, customer, paymentMethodId, processor)).id;
  const found = await inTenant(call.parts.db, call.scope, (trx) => methodAtHand(trx, customer, processor));
  return found?.id ?? null;
}

export const draftOf = (
  call: Call,
  id: SubscriptionId,
  customer: Customer,
  { processor, collection }: Pick<Draft, 'processor' | 'collection'>,
): Draft => ({
  state: 'draft',
  id,
  tenant: call.scope.tenant,
  mode: call.scope.mode,
  customer: customer.id,
  collection,
  processor,
  timeZone: customer.timeZone,
  currency: customer.currency,
  createdAt: Date.now(),
  version: 0,
  expiresAt: Date.now() + DRAFT_EXPIRES_AFTER,
});

/** On a clock the draft is brought to the clock's time before it is asked: what it then does happens at that time. */
export async function begin(call: Call, id: SubscriptionId, draft: Draft, command: Command): Promise<AskOutcome> {
  const { temporal, patienceMs, db } = call.parts;
  const target = { ...call.scope, subscription: id };
  const clock = await inTenant(db, call.scope, (trx) => clockedNow(trx, draft.customer));
  const asked = askedBy(call, command, clock);
  if (clock === null) return startAndAsk({ temporal, target, asked, draft, patienceMs: patienceMs.command });
  const started = await startDraft(temporal, target, onClock(draft, clock), patienceMs.command);
  if (started.outcome !== 'applied') return started;
  const brought = await trying(temporal, target.mode, patienceMs.command, async (client) => {
    await bringTo(client, workflowIdOf(target.tenant, id), clock);
    return { outcome: 'applied', version: 0 };
  });
  if (brought.outcome !== 'applied') return brought;
  return askSubscription({ temporal, target, asked, patienceMs: patienceMs.command });
}

const onClock = (draft: Draft, clock: Instant): Draft => ({
  ...draft,
  createdAt: clock,
  expiresAt: Math.max(clock, Date.now()) + DRAFT_EXPIRES_AFTER,
});
