/** Test clocks: they lead the subscriptions of their customers through time. Live mode has none. */
import { z } from 'zod';
import { ADVANCE_CLOCK_WORKFLOW, clockWorkflowIdOf, type Journey, workflowIdOf } from '../../../workflows/messages.ts';
import { bringTo } from '../../clock/fast-forward.ts';
import { auditDeed } from '../../db/audit.ts';
import { type ClockRow, createClock, joinClock, listClocks, readClock, sendClock, stayClock } from '../../db/clocks.ts';
import { lockClockOf } from '../../db/customer-list.ts';
import { type DueRow, dueOnClock } from '../../db/subscriptions.ts';
import { inTenant, type Trx } from '../../db/tenant.ts';
import type { ClockId, CustomerId } from '../../domain/ids.ts';
import { nextDue } from '../../domain/next-due.ts';
import type { Instant } from '../../domain/time.ts';
import { newId } from '../../ids.ts';
import { trying } from '../../temporal/ask-subscription.ts';
import { addDuration } from '../duration.ts';
import { listBody, pageOf } from '../paging.ts';
import { badField, notFound, Problem } from '../problem.ts';
import { ADMINS, type Call, created, ok, READERS, route } from '../route.ts';
import { clock, clockAdvance, clockCreate, clockCustomer, clockId, clockNext, listOf, page } from '../schemas.ts';
import { showClock } from '../show.ts';

const reading = { tag: 'Clocks', who: READERS, grant: 'clocks:read' } as const;
const writing = { tag: 'Clocks', who: ADMINS, grant: 'clocks:write' } as const;
const params = z.strictObject({ id: clockId });
/** Further than that nobody has a calendar for, and each year costs a second. */
const FURTHEST_YEARS = 30;

function testOnly({ scope, parts }: Call): void {
  if (scope.mode === 'live') throw new Problem(403, 'clocks_are_test_only', 'live time is the wall’s');
  if (!parts.temporal.clientOf('test')) {
    throw new Problem(409, 'mode_not_configured', 'clocks need a Temporal namespace for test mode');
  }
}

async function clockOf(call: Call, id: ClockId): Promise<ClockRow> {
  const row = await inTenant(call.parts.db, call.scope, (trx) => readClock(trx, id));
  if (!row) throw notFound('clock');
  return row;
}

const list = route({
  ...reading,
  method: 'get',
  path: '/api/admin/clocks',
  summary: 'List clocks',
  query: page,
  answers: { 200: { about: 'The newest first.', schema: listOf(clock, 'Clock') } },
  async handle(call) {
    testOnly(call);
    const slice = await inTenant(call.parts.db, call.scope, (trx) => listClocks(trx, pageOf(call.query, 'id')));
    return ok(listBody(slice, showClock));
  },
});

const get = route({
  ...reading,
  method: 'get',
  path: '/api/admin/clocks/:id',
  summary: 'Read a clock',
  params,
  answers: { 200: { about: 'Where it stands.', schema: clock } },
  async handle(call) {
    testOnly(call);
    return ok(showClock(await clockOf(call, call.params.id)));
  },
});

const create = route({
  ...writing,
  method: 'post',
  path: '/api/admin/clocks',
  summary: 'Create a clock',
  about: 'It stands at the present until it is advanced.',
  body: clockCreate,
  answers: { 201: { about: 'Created.', schema: clock } },
  async handle(call) {
    testOnly(call);
    const fresh = { id: newId('clk'), name: call.body.name ?? null, now: new Date() };
    const row = await inTenant(call.parts.db, call.scope, async (trx) => {
      await auditDeed(trx, call, 'clock.created', fresh.id);
      return createClock(trx, call.scope, fresh);
    });
    return created(showClock(row));
  },
});

const join = route({
  ...writing,
  method: 'post',
  path: '/api/admin/clocks/:id/customers',
  summary: 'Put a customer on a clock',
  about: 'What the customer has already is brought to the clock’s time; what is subscribed later begins at it.',
  params,
  body: clockCustomer,
  answers: { 200: { about: 'The clock.', schema: clock } },
  async handle(call) {
    testOnly(call);
    const row = await clockOf(call, call.params.id);
    if (row.state === 'advancing') throw new Problem(409, 'clock_advancing', 'the clock is on its way');
    const subscriptions = await inTenant(call.parts.db, call.scope, async (trx) => {
      await refuseOther(trx, row.id, call.body.customerId);
      await auditDeed(trx, call, 'clock.joined', row.id, { customer: call.body.customerId });
      return joinClock(trx, row.id, call.body.customerId);
    });
    for (const id of subscriptions) {
      await orProblem(call, async (client) => {
        await bringTo(client, workflowIdOf(call.scope.tenant, id), row.now.getTime());
      });
    }
    return ok(showClock(row));
  },
});

async function refuseOther(trx: Trx, id: ClockId, customer: CustomerId): Promise<void> {
  const row = await lockClockOf(trx, customer);
  if (!row) throw notFound('customer');
  if (row.clock !== null && row.clock !== id) {
    throw new Problem(409, 'customer_on_clock', `the customer lives by ${row.clock}: time has no way back`);
  }
}

const advance = route({
  ...writing,
  method: 'post',
  path: '/api/admin/clocks/:id/advance',
  summary: 'Advance a clock',
  about: 'By a duration, to a time, or to whatever is due next. Read the clock until it is `ready` again.',
  params,
  body: clockAdvance,
  answers: { 202: { about: 'On its way.', schema: clock } },
  async handle(call) {
    testOnly(call);
    const before = await clockOf(call, call.params.id);
    if (before.target && before.state === 'advancing') {
      // Should its journey never have begun, it does now; one that is under way is left alone.
      await start(call, journeyTo(call, before.id, before.target.getTime()), 'USE_EXISTING');
      throw new Problem(409, 'clock_advancing', 'the clock is on its way', { retryAfterSeconds: 1 });
    }
    const target = await targetOf(call, before);
    const sent = await inTenant(call.parts.db, call.scope, async (trx) => {
      await auditDeed(trx, call, 'clock.advanced', before.id, { to: new Date(target).toISOString() });
      return sendClock(trx, before.id, new Date(target));
    });
    if (!sent) throw new Problem(409, 'clock_advancing', 'the clock is on its way', { retryAfterSeconds: 1 });
    try {
      // The last journey may still be closing while the clock is ready already.
      await start(call, journeyTo(call, before.id, target), 'TERMINATE_EXISTING');
    } catch (error) {
      await inTenant(call.parts.db, call.scope, (trx) => stayClock(trx, before));
      throw error;
    }
    return {
      status: 202,
      body: showClock(sent),
      headers: { location: `/api/admin/clocks/${before.id}`, 'retry-after': '1' },
    };
  },
});

async function targetOf(call: Call<unknown, unknown, z.output<typeof clockAdvance>>, row: ClockRow): Promise<Instant> {
  const { body } = call;
  const now = row.now.getTime();
  if ('next' in body) {
    const next = (await dues(call, row.id)).at(0);
    if (!next) throw new Problem(409, 'nothing_due', 'nothing is due on this clock');
    return Math.max(next.at, now + 1);
  }
  const path = 'by' in body ? 'by' : 'to';
  const target = 'by' in body ? addDuration(now, body.by) : Date.parse(body.to);
  if (target === null) throw badField(path, 'an ISO 8601 duration such as P30D or PT12H');
  if (target <= now) throw badField(path, 'lies before the clock’s own time: time has no way back');
  if (target > Date.now() + FURTHEST_YEARS * 366 * 86_400_000) {
    throw badField(path, `further than ${FURTHEST_YEARS} years from today`);
  }
  return target;
}

const journeyTo = ({ scope }: Call, clock: ClockId, target: Instant): Journey => ({
  tenant: scope.tenant,
  clock,
  target,
});

/** The journey goes on whoever asked for it: a workflow of its own, one at a time a clock. */
const start = (call: Call, journey: Journey, workflowIdConflictPolicy: 'USE_EXISTING' | 'TERMINATE_EXISTING') =>
  orProblem(call, async (client) => {
    await client.workflow.start<(journey: Journey) => Promise<void>>(ADVANCE_CLOCK_WORKFLOW, {
      workflowId: clockWorkflowIdOf(journey.tenant, journey.clock),
      taskQueue: call.parts.temporal.taskQueue,
      args: [journey],
      workflowIdConflictPolicy,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `clock to ${new Date(journey.target).toISOString()}`,
    });
  });

type Client = Parameters<Parameters<typeof trying>[3]>[0];

async function orProblem(call: Call, work: (client: Client) => Promise<void>): Promise<void> {
  const { temporal, patienceMs } = call.parts;
  const answer = await trying(temporal, 'test', patienceMs.command, async (client) => {
    await work(client);
    return { outcome: 'applied', version: 0 };
  });
  if (answer.outcome !== 'applied') {
    throw new Problem(503, 'temporal_unavailable', 'clocks can’t be moved just now', { retryAfterSeconds: 5 });
  }
}

const next = route({
  ...reading,
  method: 'get',
  path: '/api/admin/clocks/:id/next',
  summary: 'What will happen next on a clock',
  params,
  answers: { 200: { about: 'The earliest first.', schema: clockNext } },
  async handle(call) {
    testOnly(call);
    const row = await clockOf(call, call.params.id);
    const due = await dues(call, row.id);
    const shown = due.map(({ at, ...rest }) => ({ ...rest, at: new Date(at).toISOString() }));
    return ok({ at: shown[0]?.at ?? null, due: shown });
  },
});

async function dues(call: Call, id: ClockId) {
  const rows = await inTenant(call.parts.db, call.scope, (trx) => dueOnClock(trx, id));
  return rows.map(({ id: subscriptionId, nextDueAt, document }: DueRow) => ({
    subscriptionId,
    type: nextDue(document)?.type ?? 'unknown',
    at: nextDueAt,
  }));
}

export const clockRoutes = [list, get, create, join, advance, next];
