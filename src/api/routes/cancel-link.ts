/** What the link to the end of a subscription opens without a login: its end when what is paid ends, and a way back. */
import { z } from 'zod';
import { clockedNow } from '../../db/clocks.ts';
import { readCustomer } from '../../db/customers.ts';
import { readMailSettings } from '../../db/mail-settings.ts';
import { readSubscription, type SubscriptionRow } from '../../db/subscriptions.ts';
import { inTenant, type Scope } from '../../db/tenant.ts';
import { readTenant } from '../../db/tenants.ts';
import type { SubscriptionId } from '../../domain/ids.ts';
import type { Command } from '../../domain/input.ts';
import { isAccepted } from '../../domain/subscription.ts';
import { newId } from '../../ids.ts';
import { askSubscription } from '../../temporal/ask-subscription.ts';
import { type OpenCall, openRoute } from '../open-route.ts';
import { notFound, Problem } from '../problem.ts';
import type { Parts } from '../route.ts';
import { cancelLinkDo, cancelLinkShape } from '../schemas/pay-link.ts';
import { openedBy } from './pay-link.ts';

const tag = 'Pay links';
const params = z.strictObject({ token: z.string().max(500) });

type Linked = { scope: Scope; row: SubscriptionRow; locale: string };

export async function subscriptionLinked(parts: Parts, token: string): Promise<Linked> {
  const { subject, tenant, mode } = openedBy(parts, 'cancel', token);
  const scope = { tenant, mode };
  return inTenant(parts.db, scope, async (trx) => {
    const row = await readSubscription(trx, subject as SubscriptionId, null);
    const customer = row && (await readCustomer(trx, parts.keys, row.customer_id));
    if (!row || !customer) throw notFound('subscription');
    return { scope, row, locale: customer.locale };
  });
}

export async function cancelLinkShown(parts: Parts, { scope, row }: Linked) {
  const tenant = await readTenant(parts.db, scope);
  const settings = await inTenant(parts.db, scope, readMailSettings);
  const end = row.cancel_at ?? row.period_end;
  return {
    seller: settings.senderName ?? tenant?.name ?? '',
    accent: settings.accent,
    mode: scope.mode,
    plan: isAccepted(row.document) ? row.document.terms.name : '',
    state: row.state === 'canceled' ? ('over' as const) : row.cancel_at ? ('ending' as const) : ('going' as const),
    endsAt: row.state === 'canceled' ? null : (end?.toISOString() ?? null),
  };
}

const look = openRoute({
  method: 'get',
  path: '/api/cancel/:token',
  tag,
  summary: 'See the subscription that a link is for',
  params,
  answers: { 200: { about: 'Whether it goes on.', schema: cancelLinkShape } },
  handle: async ({ parts, params: { token } }: OpenCall<{ token: string }>) => ({
    status: 200,
    body: await cancelLinkShown(parts, await subscriptionLinked(parts, token)),
  }),
});

const act = openRoute({
  method: 'post',
  path: '/api/cancel/:token',
  tag,
  summary: 'End the subscription that a link is for, or take that back',
  about: 'At the end of what is paid. Nothing is asked, and nothing stands in the way.',
  params,
  body: cancelLinkDo,
  answers: { 200: { about: 'As it is then.', schema: cancelLinkShape } },
  async handle({ parts, params: { token }, body: { what } }: OpenCall<{ token: string }, { what: 'cancel' | 'undo' }>) {
    const linked = await subscriptionLinked(parts, token);
    const { state } = await cancelLinkShown(parts, linked);
    if (state === (what === 'cancel' ? 'going' : 'ending')) {
      const cancel = { type: 'cancel', when: 'period_end', reason: 'mail_link' } as const;
      await ask(parts, linked, what === 'cancel' ? cancel : { type: 'uncancel' });
    }
    return { status: 200, body: await cancelLinkShown(parts, await subscriptionLinked(parts, token)) };
  },
});

async function ask(parts: Parts, { scope, row }: Linked, command: Command): Promise<void> {
  const at = await inTenant(parts.db, scope, (trx) => clockedNow(trx, row.customer_id));
  const answer = await askSubscription({
    temporal: parts.temporal,
    target: { ...scope, subscription: row.id },
    asked: { id: newId('req'), command, origin: { by: 'principal', ref: 'mail-link' }, ...(at === null ? {} : { at }) },
    patienceMs: parts.patienceMs.command,
  });
  if (answer.outcome === 'applied') return;
  if (answer.outcome === 'refused') throw new Problem(409, answer.code, answer.detail);
  throw new Problem(503, 'temporal_unavailable', 'commands can’t be taken just now', { retryAfterSeconds: 5 });
}

export const cancelLinkRoutes = [look, act];
