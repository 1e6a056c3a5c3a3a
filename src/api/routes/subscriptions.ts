/** What a subscription is, and what its owner may ask of it. */
import { z } from 'zod';
import { sharedFacts } from '../../customers/shared-facts.ts';
import { keepRemark } from '../../db/remarks.ts';
import { decisionsBetween, listSubscriptions, type SubscriptionRow } from '../../db/subscriptions.ts';
import { inTenant } from '../../db/tenant.ts';
import { isSame } from '../../domain/canonical.ts';
import { type ChangeRequest, planChange } from '../../domain/change.ts';
import { decide } from '../../domain/decide.ts';
import type { Effect } from '../../domain/effect.ts';
import { forecast } from '../../domain/forecast.ts';
import type { SubscriptionId } from '../../domain/ids.ts';
import type { Command, InputOf } from '../../domain/input.ts';
import type { Invoice } from '../../domain/invoice.ts';
import { chosenAddOns, type Terms } from '../../domain/price-book.ts';
import { isAccepted, type Subscription } from '../../domain/subscription.ts';
import { dayOf } from '../../domain/time.ts';
import { nowOf, offerFor, withOtherAddOns } from '../catalog.ts';
import { quoted } from '../collected.ts';
import { command, subscriptionOf } from '../command.ts';
import { Refused } from '../once.ts';
import { listBody, pageOf } from '../paging.ts';
import { badField, Problem } from '../problem.ts';
import { AGENTS, type Call, FINANCE, ok, READERS, type Reply, route } from '../route.ts';
import {
  cancelBody,
  changeBody,
  changed,
  changePreview,
  commanded,
  forecast as forecastBody,
  listOf,
  ofSubscription,
  page,
  pauseBody,
  subscription,
  subscriptionId,
} from '../schemas.ts';
import { type MadeChange, showChange, showForecast, showSubscription } from '../show.ts';

const tag = 'Subscriptions';
const commanding = { tag, who: ['customer', ...AGENTS], grant: 'subscriptions:write', actsOnCustomer: true } as const;
const reading = { tag, who: ['customer', ...READERS], grant: 'subscriptions:read', actsOnCustomer: true } as const;

const list = route({
  ...reading,
  method: 'get',
  path: '/api/billing/subscriptions',
  summary: 'List subscriptions',
  query: page,
  answers: { 200: { about: 'The newest first.', schema: listOf(subscription, 'Subscription') } },
  async handle({ parts, scope, customer, query }) {
    const slice = await inTenant(parts.db, scope, (trx) => listSubscriptions(trx, { customer }, pageOf(query, 'id')));
    return ok(listBody(slice, showSubscription));
  },
});

const get = route({
  ...reading,
  method: 'get',
  path: '/api/billing/subscriptions/:id',
  summary: 'Read a subscription',
  params: z.strictObject({ id: subscriptionId }),
  answers: { 200: { about: 'As it is.', schema: subscription } },
  async handle(call) {
    return ok(showSubscription(await subscriptionOf(call, call.params.id)));
  },
});

const ahead = route({
  ...reading,
  method: 'get',
  path: '/api/billing/subscriptions/:id/forecast',
  summary: 'What the next twelve months will cost',
  about:
    'If nothing happens but time, and each charge succeeds. From the same rules that will then issue the invoices. ' +
    'Nothing is written.',
  params: z.strictObject({ id: subscriptionId }),
  answers: { 200: { about: 'The invoices, in their order.', schema: forecastBody } },
  async handle(call) {
    const row = await subscriptionOf(call, call.params.id);
    const at = await inTenant(call.parts.db, call.scope, (trx) => nowOf(trx, row.customer_id));
    return ok(showForecast(row, forecast(row.document, at)));
  },
});

const allAhead = route({
  ...reading,
  method: 'get',
  path: '/api/billing/forecast',
  summary: 'What the next twelve months will cost, of all that goes on',
  about: 'Each subscription’s forecast, the newest subscription first; the newest 100.',
  answers: { 200: { about: 'A forecast each.', schema: listOf(forecastBody, 'Forecast') } },
  async handle({ parts, scope, customer }) {
    if (!customer) throw badField('Hydra-Customer', 'name the customer in this header', 'customer_required');
    const data = await inTenant(parts.db, scope, async (trx) => {
      const at = await nowOf(trx, customer);
      const { rows } = await listSubscriptions(trx, { customer }, { limit: 100, after: null });
      return rows
        .filter(({ state }) => state !== 'canceled')
        .map((row) => showForecast(row, forecast(row.document, at)));
    });
    return ok({ data, nextCursor: null });
  },
});

/** Asks, and answers with the subscription as it is afterwards. */
async function ask(call: Call, id: SubscriptionId, given: Command): Promise<Reply> {
  const row = await subscriptionOf(call, id);
  const done = await command(call, row, given);
  return done.outcome === 'late' ? done.reply : ok({ subscription: await shownAfter(call, row) });
}

async function shownAfter(call: Call, { id }: SubscriptionRow) {
  return showSubscription(await subscriptionOf(call, id));
}

const cancel = route({
  ...commanding,
  method: 'post',
  path: '/api/billing/cancel',
  summary: 'Cancel now, at the period’s end, or on a day',
  body: cancelBody,
  answers: { 200: { about: 'Canceled, or going to be.', schema: commanded } },
  async handle(call) {
    const { subscriptionId: id, at: when, credit, creditTo } = call.body;
    if (creditTo && credit !== 'unused') throw badField('creditTo', 'only together with credit: unused');
    mayRefund(call, creditTo);
    const { reason, comment } = inWhoseWords(call.body);
    const row = await subscriptionOf(call, id);
    const done = await command(call, row, {
      ...{ type: 'cancel', when, reason, ...insisting(call) },
      ...(credit === 'unused' && { creditTo: creditTo ?? 'credit' }),
    });
    if (done.outcome === 'late') return done.reply;
    if (comment) {
      const remark = { subscription: id, customer: row.customer_id, action: 'cancel_comment', comment };
      await inTenant(call.parts.db, call.scope, (trx) =>
        keepRemark(trx, call.parts.keys, call.scope, { ...remark, by: call.principal.ref, at: new Date() }),
      );
    }
    return ok({ subscription: await shownAfter(call, row) });
  },
});

/** What binds customers, a term say, does not bind those who run the billing. */
const insisting = ({ principal }: Call): { byOperator?: true } =>
  principal.caller === 'customer' ? {} : { byOperator: true };
/** A customer cancels; whether money goes back is for those to say who answer for it. */
function mayRefund({ principal: { caller } }: Call, creditTo: 'credit' | 'refund' | undefined): void {
  if (creditTo !== 'refund' || FINANCE.some((each) => each === caller)) return;
  throw new Problem(403, 'not_allowed', `refunds are for ${FINANCE.join(', ')}; you are ${caller}`);
}

/** A reason goes into Temporal and the audit log, where nothing personal may be: only a code does. */
export function inWhoseWords({ reason, comment }: { reason?: string; comment?: string }) {
  const isCode = reason === undefined || /^[a-z0-9_-]{1,64}$/.test(reason);
  if (isCode) return { reason: reason ?? null, comment };
  return { reason: 'other', comment: comment ? `${reason}\n${comment}` : reason };
}

const uncancel = route({
  ...commanding,
  method: 'post',
  path: '/api/billing/uncancel',
  summary: 'Take a planned cancellation back',
  body: ofSubscription,
  answers: { 200: { about: 'It goes on.', schema: commanded } },
  handle: (call) => ask(call, call.body.subscriptionId, { type: 'uncancel' }),
});

const pause = route({
  ...commanding,
  method: 'post',
  path: '/api/billing/pause',
  summary: 'Pause',
  body: pauseBody,
  answers: { 200: { about: 'Nothing is charged until it is resumed.', schema: commanded } },
  handle(call) {
    const { subscriptionId: id, resumeAt } = call.body;
    return ask(call, id, { type: 'pause', resumeAt: resumeAt === undefined ? null : Date.parse(resumeAt) });
  },
});

const resume = route({
  ...commanding,
  method: 'post',
  path: '/api/billing/resume',
  summary: 'Resume',
  body: ofSubscription,
  answers: { 200: { about: 'It goes on.', schema: commanded } },
  handle: (call) => ask(call, call.body.subscriptionId, { type: 'resume' }),
});

type ChangeBody = z.output<typeof changeBody>;

/** The same plan keeps the terms that it was sold on; another one is taken from the price book in effect. */
async function requestedChange(
  call: Call<unknown, unknown, ChangeBody>,
  row: SubscriptionRow,
): Promise<Extract<Command, { type: 'change' }>> {
  const { document } = row;
  if (!isAccepted(document)) {
    throw cannotChange(document);
  }
  // A change that waits for the period's end is changed further, not forgotten, unless this one is for now.
  const held = call.body.when === 'now' ? document : (document.pending ?? document);
  const { quantity = held.quantity, when = null, proration = null } = call.body;
  const terms = await wantedTerms(call, row, held.terms);
  return { type: 'change', terms, quantity, when, proration, ...insisting(call) };
}

/** What is held beside the plan goes along to another one, at what it costs there. */
async function wantedTerms(
  call: Call<unknown, unknown, ChangeBody>,
  row: SubscriptionRow,
  held: Terms,
): Promise<Terms> {
  const { planId = held.planId, addOns } = call.body;
  if (planId !== held.planId) {
    const wanted = { planId, currency: held.currency, addOns: addOns ?? chosenAddOns(held) };
    return (await offerFor(call, row.customer_id, wanted)).terms;
  }
  return addOns === undefined ? held : withOtherAddOns(call, held, addOns);
}

const cannotChange = ({ state }: Subscription) =>
  new Refused({ code: `not_while_${state}`, detail: `cannot change: subscription is ${state}` });

const preview = route({
  ...commanding,
  method: 'post',
  path: '/api/billing/change/preview',
  summary: 'What a change would cost',
  about:
    'From the same function that makes the change; where the processor collects, from its own preview. Nothing is written.',
  pure: true,
  body: changeBody,
  answers: { 200: { about: 'The lines of that invoice.', schema: changePreview } },
  async handle(call) {
    const row = await subscriptionOf(call, call.body.subscriptionId);
    const wanted = await requestedChange(call, row);
    if (row.collection === 'processor') return ok(showChange(await quoted(call, row, wanted), row.currency));
    const at = await inTenant(call.parts.db, call.scope, (trx) => nowOf(trx, row.customer_id));
    const state = row.document;
    const shared = await sharedFacts(call.parts, state, {}, at);
    const decision = decide(state, { ...wanted, at, shared, origin: { by: 'principal', ref: call.principal.ref } });
    if (decision.outcome === 'refused') throw new Refused(decision);
    if (!isAccepted(state)) throw cannotChange(state);
    const invoice = decision.outcome === 'applied' ? invoiceIn(decision.effects) : null;
    return ok(showChange({ ...planChange(state, wanted, at), invoice }, state.currency));
  },
});

const change = route({
  ...commanding,
  method: 'post',
  path: '/api/billing/change',
  summary: 'Change the plan, the quantity or the add-ons',
  body: changeBody,
  answers: { 200: { about: 'Changed, or planned for the period’s end.', schema: changed } },
  async handle(call) {
    const before = await subscriptionOf(call, call.body.subscriptionId);
    const wanted = await requestedChange(call, before);
    const quote = before.collection === 'processor' ? await quoted(call, before, wanted) : null;
    const done = await command(call, before, wanted);
    if (done.outcome === 'late') return done.reply;
    const made = quote ?? (await madeChange(call, before, done.version, wanted));
    return ok({
      subscription: await shownAfter(call, before),
      ...showChange(made, before.currency),
      ...(made.invoice && { invoiceId: made.invoice.id }),
    });
  },
});

/** What was decided, found by going through the same decisions again: others may have come in between. */
async function madeChange(
  call: Call,
  before: SubscriptionRow,
  version: number,
  wanted: ChangeRequest,
): Promise<MadeChange> {
  const rows = await inTenant(call.parts.db, call.scope, (trx) =>
    decisionsBetween(trx, before.id, Math.min(before.version, version - 1), version),
  );
  const mine = rows.filter(
    (row) => row.version === version && row.input.type === 'change' && row.input.origin.ref === call.principal.ref,
  );
  // Several of one principal may have become one step: ours is the one that asked for this.
  const ours = mine.find(({ input }) => isSame(asked(input as ChangeRequest), asked(wanted))) ?? mine[0];
  let state: Subscription = before.document;
  for (const row of rows) {
    const { input, effects } = row;
    if (row === ours && input.type === 'change' && isAccepted(state)) {
      const invoice = invoiceIn(effects);
      // Asked again after it was made: the state before it is gone, and the invoice has its lines.
      const plan =
        before.version < version ? planChange(state, wanted, input.at) : recorded(input, invoice, state.timeZone);
      return { ...plan, invoice };
    }
    const decision = decide(state, input);
    if (decision.outcome === 'applied') state = decision.state;
  }
  throw new Error(`version ${version} of ${before.id} holds no change by ${call.principal.ref}`);
}

const asked = ({ terms, quantity, when, proration }: ChangeRequest) => ({ terms, quantity, when, proration });

function recorded({ at, when, proration }: InputOf<'change'>, invoice: Invoice | null, timeZone: string) {
  return {
    ...{ lines: [], day: dayOf(at, timeZone), proration: proration ?? 'invoice_now' },
    when: when ?? (invoice ? 'now' : 'period_end'),
  } as const;
}

const invoiceIn = (effects: readonly Effect[]): Invoice | null =>
  effects.find((effect) => effect.type === 'issue_invoice')?.invoice ?? null;

export const subscriptionRoutes = [list, get, ahead, allAhead, change, preview, cancel, uncancel, pause, resume];
