/** The simulator's own switches, under /_sim/. JSON in and out, no keys: it listens on the loopback. */
import { z } from 'zod';
import { newId } from '../ids.ts';
import { isInterruption } from '../stripe/behaviour.ts';
import { renewed } from '../stripe/methods.ts';
import { authenticated, settled } from '../stripe/payments.ts';
import { settleRefund } from '../stripe/refunds.ts';
import { retryRules } from '../stripe/retry-rules.ts';
import { setupAuthenticated } from '../stripe/setup-intents.ts';
import type { Controlled } from './controlled.ts';
import { habit, times } from './habit.ts';
import { tally } from './state.ts';

export type ControlAnswer = { status: number; body: unknown };

const ok = (body: unknown): ControlAnswer => ({ status: 200, body });
const refuse = (status: number, message: string): ControlAnswer => ({ status, body: { error: message } });

type Handle = (sim: Controlled, input: { id: string; body: unknown; query: URLSearchParams }) => ControlAnswer;

const outcome = z.object({ outcome: z.enum(['complete', 'fail']) });
const trouble = z.object({
  customer: z.string().nullable().default(null),
  payment_method: z.string().nullable().default(null),
  /** `POST /v1/subscriptions*`: trouble with these calls, instead of with payments. */
  endpoint: z
    .string()
    .regex(/^(GET|POST|DELETE) \/v1\//)
    .nullable()
    .default(null),
  times: times.default(1),
});
const retries = z.strictObject({
  retryDays: z.array(z.int().positive()).optional(),
  ending: z.enum(['cancel', 'unpaid', 'leave']).optional(),
});
const mode = z.strictObject({
  paused: z.boolean().optional(),
  reorder: z.boolean().optional(),
  dropNext: z.int().nonnegative().optional(),
  duplicateNext: z.int().nonnegative().optional(),
  delayMs: z.int().nonnegative().optional(),
});
const forging = z.strictObject({
  how: z.enum(['body', 'signature', 'past', 'future']).default('signature'),
  times: z.int().nonnegative().default(1),
});
const ahead = z.union([z.object({ seconds: z.int().positive() }), z.object({ to: z.int().positive() })]);

const routes: readonly (readonly [method: 'GET' | 'POST' | 'DELETE', path: RegExp, handle: Handle])[] = [
  ['GET', /^\/_sim\/quiet$/, (sim) => quiet(sim)],
  ['POST', /^\/_sim\/quiet$/, (sim) => quiet(sim)],
  ['GET', /^\/_sim\/state$/, (sim, { query }) => ok(tally(sim, query.get('metadata') ?? 'invoice'))],

  ['GET', /^\/_sim\/troubles$/, ({ engine }) => ok(troubles(engine))],
  [
    'POST',
    /^\/_sim\/troubles$/,
    ({ engine }, { body }) => {
      const { customer, payment_method, endpoint, times: left } = trouble.parse(body);
      const id = newId('trouble');
      const met = habit.parse(body);
      if (endpoint !== null) {
        if (!isInterruption(met)) return refuse(400, `an endpoint has no ${met.kind}`);
        return ok(engine.act(({ store }) => store.put('sim.endpoint', { id, endpoint, habit: met, left })));
      }
      const row = { id, habit: met, left, customer, payment_method };
      return ok(engine.act(({ store }) => store.put('sim.trouble', row)));
    },
  ],
  [
    'DELETE',
    /^\/_sim\/troubles$/,
    ({ engine }) => {
      engine.act(({ store }) => {
        for (const { id } of [...store.all('sim.trouble')]) store.remove('sim.trouble', id);
        for (const { id } of [...store.all('sim.endpoint')]) store.remove('sim.endpoint', id);
      });
      return ok(troubles(engine));
    },
  ],
  [
    'POST',
    /^\/_sim\/payment_methods\/([^/]+)$/,
    ({ engine }, { id, body }) => {
      const nature = engine.world.store.get('sim.method', id);
      if (nature === undefined) return refuse(404, `no payment method ${id}`);
      const left = z.object({ times: times.default(null) }).parse(body).times;
      const { setUp, spent } = nature;
      return ok(
        engine.act(({ store }) => store.put('sim.method', { id, habit: habit.parse(body), left, setUp, spent })),
      );
    },
  ],
  [
    'POST',
    /^\/_sim\/payment_methods\/([^/]+)\/renew$/,
    ({ engine }, { id }) => {
      const method = engine.world.store.get('payment_method', id);
      return method === undefined
        ? refuse(404, `no payment method ${id}`)
        : ok(engine.act((call) => renewed(call, method)));
    },
  ],
  [
    'POST',
    /^\/_sim\/(?:payment_intents|setup_intents)\/([^/]+)\/authenticate$/,
    (sim, { id, body }) => authenticate(sim, id, body),
  ],
  [
    'POST',
    /^\/_sim\/payment_intents\/([^/]+)\/settle$/,
    ({ engine }, { id, body }) => {
      const intent = engine.world.store.get('payment_intent', id);
      if (intent?.status !== 'processing') return refuse(404, `no processing payment intent ${id}`);
      const { code } = z.object({ code: z.string().nullable().default(null) }).parse(body);
      return ok(engine.act((call) => settled(call, intent, code)));
    },
  ],
  [
    'POST',
    /^\/_sim\/refunds\/([^/]+)\/settle$/,
    ({ engine }, { id, body }) => {
      const refund = engine.world.store.get('refund', id);
      if (refund === undefined || refund.status === 'failed')
        return refuse(404, `no refund ${id} that could still end`);
      const { status } = z.object({ status: z.enum(['succeeded', 'failed']) }).parse(body);
      engine.act((call) => settleRefund(call, id, status));
      return ok(engine.world.store.get('refund', id));
    },
  ],

  [
    'GET',
    /^\/_sim\/deliveries$/,
    ({ engine, dispatcher }, { query }) => {
      const status = query.get('status');
      const deliveries = [...engine.world.store.newestFirst('sim.delivery')].filter(
        (row) => status === null || row.status === status,
      );
      const typed = deliveries.map((row) => ({ ...row, type: engine.world.store.get('event', row.event)?.type }));
      return ok({ mode: dispatcher.mode, deliveries: typed });
    },
  ],
  [
    'POST',
    /^\/_sim\/deliveries\/([^/]+)\/replay$/,
    ({ dispatcher }, { id }) => {
      const delivery = dispatcher.replay(id);
      return delivery === undefined ? refuse(404, `no delivery ${id}`) : ok(delivery);
    },
  ],
  [
    'POST',
    /^\/_sim\/deliveries\/forge$/,
    ({ engine }, { body }) => {
      const { how, times: next } = forging.parse(body);
      return ok(engine.act(({ store }) => store.put('sim.forge', { id: 'forge', how, next })));
    },
  ],
  ['POST', /^\/_sim\/deliveries\/pause$/, ({ dispatcher }) => ok(dispatcher.setMode({ paused: true }))],
  ['POST', /^\/_sim\/deliveries\/resume$/, ({ dispatcher }) => ok(dispatcher.setMode({ paused: false }))],
  ['POST', /^\/_sim\/deliveries\/mode$/, ({ dispatcher }, { body }) => ok(dispatcher.setMode(mode.parse(body)))],

  [
    'POST',
    /^\/_sim\/advance$/,
    ({ engine }, { body }) => {
      const asked = ahead.parse(body);
      engine.advance('to' in asked ? asked.to : engine.time + asked.seconds);
      return ok({ now: Math.floor(engine.time) });
    },
  ],
  [
    'POST',
    /^\/_sim\/retries$/,
    ({ engine }, { body }) => {
      const rules = retries.parse(body);
      return ok(engine.act((call) => call.store.put('sim.retries', { ...retryRules(call), ...rules })));
    },
  ],
  [
    'POST',
    /^\/_sim\/idempotency_keys\/forget$/,
    ({ engine }) => {
      const forgotten = engine.act(({ store }) => {
        const keys = [...store.all('sim.key')];
        for (const { id } of keys) store.remove('sim.key', id);
        return keys.length;
      });
      return ok({ forgotten });
    },
  ],
];

export function control(sim: Controlled, method: string, url: URL, text: string): ControlAnswer {
  for (const [verb, path, handle] of routes) {
    const match = verb === method ? path.exec(url.pathname) : null;
    if (match === null) continue;
    const body = parseJson(text);
    if (body === undefined) return refuse(400, 'the body is not JSON');
    try {
      return handle(sim, { id: match[1] ?? '', body, query: url.searchParams });
    } catch (error) {
      if (error instanceof z.ZodError) return refuse(400, z.prettifyError(error));
      throw error;
    }
  }
  return refuse(404, `no switch ${method} ${url.pathname}`);
}

export function authenticate({ engine }: Controlled, id: string, body: unknown): ControlAnswer {
  const { outcome: result } = outcome.parse(body);
  const { store } = engine.world;
  const intent = store.get('payment_intent', id) ?? store.get('setup_intent', id);
  if (intent === undefined) return refuse(404, `no intent ${id}`);
  if (intent.status !== 'requires_action') return refuse(409, `${id} awaits nobody: it is ${intent.status}`);
  return ok(
    engine.act((call) =>
      intent.object === 'payment_intent'
        ? authenticated(call, intent, result)
        : setupAuthenticated(call, intent, result),
    ),
  );
}

const troubles = ({ world: { store } }: Controlled['engine']) => ({
  troubles: [...store.all('sim.trouble'), ...store.all('sim.endpoint')],
});

function quiet({ dispatcher, isBusy, pendingElsewhere }: Controlled): ControlAnswer {
  const pendingDeliveries = dispatcher.pending + pendingElsewhere();
  return ok({ quiet: pendingDeliveries === 0 && !isBusy(), pendingDeliveries });
}

/** An empty body is an empty object; what isn't JSON is undefined. */
function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
