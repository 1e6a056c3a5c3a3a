/** Pages of the processor's, where a customer begins a subscription, or sees to methods and invoices. */
import type { z } from 'zod';
import { LINK_LIVES_MS, signPortalLink } from '../../auth/portal-links.ts';
import { processorCustomerOf } from '../../customers/processor-customer.ts';
import { createPortalLink } from '../../db/sessions.ts';
import { inTenant } from '../../db/tenant.ts';
import type { CustomerId, SubscriptionId } from '../../domain/ids.ts';
import type { Processor } from '../../domain/subscription.ts';
import { newId } from '../../ids.ts';
import { offerFor } from '../catalog.ts';
import { collectorFor, mustCarry } from '../collected.ts';
import { settle } from '../command.ts';
import { AGENTS, type Call, created, route } from '../route.ts';
import { checkoutBody, checkoutSession, portalBody, portalSession } from '../schemas/pages.ts';
import { actingCustomer, begin, draftOf, trialFor } from './subscribe.ts';

const common = {
  method: 'post',
  tag: 'Subscriptions',
  who: ['customer', ...AGENTS],
  grant: 'subscriptions:write',
  actsOnCustomer: true,
} as const;

const checkout = route({
  ...common,
  path: '/api/checkout/sessions',
  summary: 'Begin a subscription on the processor’s page',
  about:
    'The processor collects it. It is `incomplete` until the customer has paid there, and canceled when the page’s time is over.',
  body: checkoutBody,
  answers: { 201: { about: 'Send the customer there.', schema: checkoutSession } },
  async handle(call: Call<unknown, unknown, z.output<typeof checkoutBody>>) {
    const { planId, quantity = 1, successUrl, cancelUrl, processor = 'stripe' } = call.body;
    const customer = await actingCustomer(call);
    const collector = await collectorFor(call, processor);
    const { plan, terms } = await offerFor(call, customer.id, { planId, currency: customer.currency, addOns: [] });
    mustCarry(collector, terms, quantity);
    const trial = trialFor(call, plan);
    const id = await call.bind(newId('sub'));
    const draft = draftOf(call, id, customer, { processor, collection: 'processor' });
    const answer = await begin(call, id, draft, {
      ...{ type: 'subscribe', terms, quantity, paymentMethod: null, checkout: true },
      ...trial,
    });
    const done = await settle(call, id, 'subscribe', answer);
    if (done.outcome === 'late') return done.reply;
    const whose = { ...call.scope, customer: customer.id, processor };
    const { customer: theirs } = await processorCustomerOf(call.parts, whose);
    const page = await collector.openCheckout({
      ...{ ...call.scope, subscription: id, customer: theirs, terms, quantity, trialDays: trial.trialDays },
      ...{ successUrl, cancelUrl, key: 'checkout' },
    });
    return created({ id: page.id, subscriptionId: id, processor });
  },
  async complete(call, body) {
    const { processor, ...session } = body as { id: string; subscriptionId: SubscriptionId; processor: Processor };
    return { ...session, url: (await (await collectorFor(call, processor)).readCheckout(session.id))?.url ?? null };
  },
});

const portal = route({
  ...common,
  path: '/api/portal/sessions',
  summary: 'Send a customer to the billing portal',
  about:
    'Ours, or with `processor` that one’s. The address is good for 15 minutes and for one browser, and is not kept: a repeat of the request gives none.',
  body: portalBody,
  answers: { 201: { about: 'Send the customer there.', schema: portalSession } },
  async handle(call: Call<unknown, unknown, z.output<typeof portalBody>>) {
    const { returnUrl, processor } = call.body;
    const { id } = await actingCustomer(call);
    if (!processor) return ownPortal(call, id, returnUrl);
    const collector = await collectorFor(call, processor);
    const { customer } = await processorCustomerOf(call.parts, { ...call.scope, customer: id, processor });
    const page = await collector.openPortal({ customer, returnUrl, key: call.request });
    // It is good for a few minutes, and kept nowhere: a repeat asks for another.
    return created({ id: page.id }, { url: page.url });
  },
});

async function ownPortal({ parts, scope, principal }: Call, customer: CustomerId, returnUrl: string) {
  const id = newId('pls');
  const at = new Date();
  const expiresAt = new Date(at.getTime() + LINK_LIVES_MS);
  await inTenant(parts.db, scope, (trx) =>
    createPortalLink(trx, scope, { id, customer, by: principal.ref, at, expiresAt }),
  );
  const token = signPortalLink(parts.links.key, { ...scope, id });
  const url = new URL('/portal', parts.links.publicUrl);
  // Behind the sign that browsers keep to themselves: no server’s log ever has it.
  url.hash = new URLSearchParams({ token, return: returnUrl }).toString();
  return created({ id }, { url: url.href });
}

export const pageRoutes = [checkout, portal];
