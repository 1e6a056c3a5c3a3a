/** Events in, and what they come to. */
import { countingMeters } from '../../db/meters.ts';
import { readSubscription } from '../../db/subscriptions.ts';
import { inTenant } from '../../db/tenant.ts';
import { readUsage, totalUsage } from '../../db/usage-read.ts';
import { usageSteps } from '../../db/usage-steps.ts';
import { withdrawEvents } from '../../db/usage-withdraw.ts';
import { decimalText } from '../../domain/decimal.ts';
import { type Meter, versionAt } from '../../domain/meter.ts';
import { isAccepted } from '../../domain/subscription.ts';
import { DAY } from '../../domain/time.ts';
import { grainNames } from '../../domain/usage-window.ts';
import { nowOf } from '../catalog.ts';
import { badField, notFound, Problem } from '../problem.ts';
import { ok, READERS, route } from '../route.ts';
import { usageEvents, usageQuery, usageResults, usageShown, usageWithdraw, usageWithdrawn } from '../schemas/usage.ts';

const tag = 'Usage';
const MOST_STEPS = 1_500;

/** In production the door before this takes them, in the same way. */
const take = route({
  method: 'post',
  path: '/api/usage/events',
  tag,
  summary: 'Report usage',
  about:
    'Up to 1,000 events or 1 MB. Each is answered for itself, in order; what is accepted is durable. An event is named by ' +
    '`source` and `id`, so the same batch may be sent again: what was taken is a `duplicate`, and counts once. With ' +
    'another content it is a `conflict`. 429 has a `Retry-After`, and nothing of that request was taken.',
  who: ['admin', 'owner', 'service'],
  grant: 'usage:write',
  pure: true,
  large: true,
  body: usageEvents,
  answers: { 200: { about: 'An outcome for each.', schema: usageResults } },
  async handle({ parts, scope, body }) {
    const results = parts.usage(scope, body.events);
    if (!results) throw new Problem(429, 'too_much_waiting', 'too many events are waiting', { retryAfterSeconds: 1 });
    return ok({ results: await results });
  },
});

const withdraw = route({
  method: 'post',
  path: '/api/usage/events/withdraw',
  tag,
  summary: 'Take events back',
  about:
    'As if they had never been. What was billed of them is corrected on the next invoice. A wrong event is corrected by ' +
    'taking it back and sending another.',
  who: ['admin', 'owner', 'service'],
  grant: 'usage:write',
  body: usageWithdraw,
  answers: { 200: { about: 'An outcome for each.', schema: usageWithdrawn } },
  async handle({ parts, scope, principal, body }) {
    const named = body.events.map(({ id, source = '' }) => ({ id, source }));
    const outcomes = await withdrawEvents(parts.db, scope, named, { by: principal.ref, at: new Date() });
    return ok({ results: named.map(({ id }, i) => ({ id, outcome: outcomes[i]! })) });
  },
});

const show = route({
  method: 'get',
  path: '/api/billing/usage',
  tag,
  summary: 'What was used',
  about: 'By meter and dimension, in a range of at most 400 days: without one, of the last thirty days.',
  who: ['customer', ...READERS],
  grant: 'usage:read',
  actsOnCustomer: true,
  query: usageQuery,
  answers: { 200: { about: 'Counted a moment ago.', schema: usageShown } },
  async handle({ parts, scope, customer, query }) {
    if (!customer) throw new Problem(400, 'customer_required', 'name the customer in the header Hydra-Customer');
    return inTenant(parts.db, scope, async (trx) => {
      const now = await nowOf(trx, customer);
      const range = query.subscriptionId ? await running(query.subscriptionId) : { from: now - 30 * DAY, to: now };
      const from = query.from ? Date.parse(query.from) : range.from;
      const to = query.to ? Date.parse(query.to) : range.to;
      if (to <= from) throw badField('to', 'lies after from');
      if (to - from > 400 * DAY) throw badField('to', 'at most 400 days after from');
      const grain = query.grain && grainNames[query.grain];
      if (grain && (to - from) / grain > MOST_STEPS) throw badField('grain', `at most ${MOST_STEPS} steps`);
      const all = await countingMeters(trx, 'ever');
      const keys = query.meter ? [query.meter] : [...new Set(all.map(({ key }) => key))].sort();
      const data = [];
      for (const key of keys) {
        const meter = versionAt(all, key, from);
        if (!meter) throw notFound('meter');
        const steps = grain && (await usageSteps(trx, meter, customer, { from, to }, grain));
        const parts = await readUsage(trx, meter, customer, { from, to });
        data.push({
          ...{ meter: key, name: meter.document.name, unit: meter.document.unit ?? null },
          quantity: decimalText(await totalUsage(trx, meter, customer, { from, to })),
          dimensions: meter.document.groupBy?.length ? parts.map((part) => showPart(meter, part)) : [],
          ...(steps && { series: steps.map(({ at, quantity }) => ({ at: iso(at), quantity: decimalText(quantity) })) }),
        });
      }
      return ok({ from: iso(from), to: iso(to), data });

      async function running(id: NonNullable<typeof query.subscriptionId>) {
        const row = await readSubscription(trx, id, customer);
        if (!row) throw notFound('subscription');
        const { document } = row;
        return isAccepted(document)
          ? { from: document.period.start, to: document.period.end }
          : { from: now - 30 * DAY, to: now };
      }
    });
  },
});

const iso = (at: number): string => new Date(at).toISOString();

function showPart({ document: { groupBy = [] } }: Meter, { dims, quantity }: { dims: string; quantity: bigint }) {
  const said = JSON.parse(dims) as string[];
  return {
    dimensions: Object.fromEntries(groupBy.map((name, i) => [name, said[i]!])),
    quantity: decimalText(quantity),
  };
}

export const usageRoutes = [take, withdraw, show];
