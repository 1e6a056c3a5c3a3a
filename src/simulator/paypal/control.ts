/** The switches of PayPal's side, under /_sim/paypal/. JSON in and out, no keys: it listens on the loopback. */
import { z } from 'zod';
import { newId } from '../ids.ts';
import type { Dispatcher } from '../webhooks/dispatcher.ts';
import { approve } from './approve.ts';
import type { Call } from './call.ts';
import { openDispute } from './disputes.ts';
import type { Engine } from './engine.ts';
import { Refused } from './errors.ts';
import { captureFor, settleCapture } from './orders.ts';
import { pkiOf } from './pki.ts';
import { settleRefund } from './refunds.ts';
import { trouble } from './troubles.ts';
import { removePaymentToken } from './vault.ts';

export type PaypalControlled = { engine: Engine; dispatcher: Dispatcher };
type Handle = (sim: PaypalControlled, input: { id: string; body: unknown }) => unknown;

const mode = z.strictObject({
  paused: z.boolean().optional(),
  reorder: z.boolean().optional(),
  dropNext: z.int().nonnegative().optional(),
  duplicateNext: z.int().nonnegative().optional(),
  delayMs: z.int().nonnegative().optional(),
});
const count = z.object({ times: z.int().nonnegative().default(1) });
const ahead = z.union([z.object({ seconds: z.int().positive() }), z.object({ to: z.iso.datetime({ offset: true }) })]);

const acting =
  (work: (call: Call, input: { id: string; body: unknown }) => unknown): Handle =>
  ({ engine }, input) =>
    engine.act((call) => work(call, input));

const routes: readonly (readonly [method: 'GET' | 'POST' | 'DELETE', path: RegExp, handle: Handle])[] = [
  ['GET', /^state$/, ({ engine, dispatcher }) => tally(engine, dispatcher)],
  [
    'POST',
    /^advance$/,
    ({ engine }, { body }) => {
      const asked = ahead.parse(body);
      engine.advance('to' in asked ? Date.parse(asked.to) : engine.time + asked.seconds * 1000);
      return { now: new Date(engine.time).toISOString() };
    },
  ],
  [
    'POST',
    /^troubles$/,
    acting(({ store }, { body }) => store.put('sim.trouble', { id: newId('trouble'), ...trouble.parse(body) })),
  ],
  [
    'DELETE',
    /^troubles$/,
    acting(({ store }) => {
      for (const { id } of [...store.all('sim.trouble')]) store.remove('sim.trouble', id);
      return { troubles: [] };
    }),
  ],
  [
    'POST',
    /^approve$/,
    acting((call, { body }) => {
      const { token, outcome } = z
        .object({ token: z.string(), outcome: z.enum(['approve', 'cancel']).default('approve') })
        .parse(body);
      return { back: approve(call, token, outcome) };
    }),
  ],
  [
    'POST',
    /^captures\/([^/]+)\/settle$/,
    acting((call, { id, body }) => {
      const { status } = z.object({ status: z.enum(['COMPLETED', 'DECLINED']).default('COMPLETED') }).parse(body);
      return settleCapture(call, captureFor(call, id), status);
    }),
  ],
  [
    'POST',
    /^captures\/([^/]+)\/dispute$/,
    acting((call, { id, body }) => {
      const { reason, stage } = z
        .object({
          reason: z.string().default('UNAUTHORISED'),
          stage: z.enum(['INQUIRY', 'CHARGEBACK']).default('CHARGEBACK'),
        })
        .parse(body);
      return openDispute(call, captureFor(call, id), reason, stage);
    }),
  ],
  [
    'POST',
    /^refunds\/([^/]+)\/settle$/,
    acting((call, { id, body }) => {
      const { status } = z.object({ status: z.enum(['COMPLETED', 'FAILED']).default('COMPLETED') }).parse(body);
      return settleRefund(call, id, status);
    }),
  ],
  [
    'POST',
    /^payment_tokens\/([^/]+)\/remove$/,
    acting((call, { id }) => {
      removePaymentToken(call, id);
      return { removed: id };
    }),
  ],
  [
    'POST',
    /^request_ids\/forget$/,
    acting(({ store }) => {
      const keys = [...store.all('sim.key')];
      for (const { id } of keys) store.remove('sim.key', id);
      return { forgotten: keys.length };
    }),
  ],
  [
    'POST',
    /^tokens\/revoke$/,
    acting(({ store, world }) => store.put('sim.revoked', { id: 'tokens', at: world.now() + 1 })),
  ],
  [
    'GET',
    /^deliveries$/,
    ({ engine, dispatcher }) => {
      const { store } = engine.world;
      const deliveries = [...store.newestFirst('sim.delivery')];
      return {
        mode: dispatcher.mode,
        deliveries: deliveries.map((row) => ({ ...row, type: store.get('event', row.event)?.event_type })),
      };
    },
  ],
  ['POST', /^deliveries\/pause$/, ({ dispatcher }) => dispatcher.setMode({ paused: true })],
  ['POST', /^deliveries\/resume$/, ({ dispatcher }) => dispatcher.setMode({ paused: false })],
  ['POST', /^deliveries\/mode$/, ({ dispatcher }, { body }) => dispatcher.setMode(mode.parse(body))],
  [
    'POST',
    /^deliveries\/forge$/,
    acting(({ store }, { body }) => store.put('sim.forge', { id: 'forge', next: count.parse(body).times })),
  ],
  ['POST', /^deliveries\/([^/]+)\/replay$/, ({ dispatcher }, { id }) => dispatcher.replay(id) ?? null],
];

/** `path` is what comes after /_sim/paypal/. */
export function paypalControl(
  sim: PaypalControlled,
  method: string,
  path: string,
  text: string,
): { status: number; body: unknown } {
  for (const [verb, pattern, handle] of routes) {
    const match = verb === method ? pattern.exec(path) : null;
    if (match === null) continue;
    try {
      const body: unknown = text.trim() === '' ? {} : JSON.parse(text);
      const result = handle(sim, { id: match[1] ?? '', body });
      return result === null
        ? { status: 404, body: { error: 'there is no such thing' } }
        : { status: 200, body: result };
    } catch (error) {
      if (error instanceof z.ZodError) return { status: 400, body: { error: z.prettifyError(error) } };
      if (error instanceof SyntaxError) return { status: 400, body: { error: 'the body is not JSON' } };
      if (error instanceof Refused) return { status: error.status, body: { error: error.body } };
      throw error;
    }
  }
  return { status: 404, body: { error: `no switch ${method} ${path}` } };
}

export const rootsOf = ({ engine }: PaypalControlled): string => engine.act((call) => pkiOf(call).roots);

/** What tests count: how often money moved for each mark of the caller's. */
function tally(engine: Engine, dispatcher: Dispatcher): object {
  const { store } = engine.world;
  const byMark: Record<string, { completed: number; amount: string[] }> = {};
  const captures: Record<string, number> = {};
  for (const { status, custom_id, amount } of store.all('capture')) {
    captures[status] = (captures[status] ?? 0) + 1;
    if (custom_id === undefined || ['DECLINED', 'FAILED', 'PENDING'].includes(status)) continue;
    byMark[custom_id] ??= { completed: 0, amount: [] };
    byMark[custom_id].completed++;
    byMark[custom_id].amount.push(amount.value);
  }
  return {
    now: new Date(engine.time).toISOString(),
    captures,
    byMark,
    refunds: [...store.all('refund')].length,
    sales: [...store.all('sale')].length,
    pendingDeliveries: dispatcher.pending,
  };
}
