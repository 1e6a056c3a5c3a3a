/** Server-sent events: one's own alone, in order, and nothing missed by who comes back. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { announce } from '../../src/db/outbox.ts';
import { inTenant } from '../../src/db/tenant.ts';
import type { EventType } from '../../src/domain/event-types.ts';
import { until } from '../support/engine.ts';
import { type Api, startApiAlone } from './support.ts';

let api: Api;
beforeAll(async () => {
  api = await startApiAlone();
});
afterAll(() => api?.stop());

type Heard = { id: string; type: string; customerId: string; data: Record<string, unknown> };

async function listen(path: string, token: string, headers: Record<string, string> = {}) {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const response = await fetch(api.url + path, {
    headers: { authorization: `Bearer ${token}`, ...headers },
    signal: stop.signal,
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const heard: Heard[] = [];
  const ids: string[] = [];
  let isOpen = false;
  void (async () => {
    let rest = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      isOpen = true;
      const parts = (rest + chunk).split('\n\n');
      rest = parts.pop()!;
      for (const part of parts.filter((each) => each.startsWith('id: '))) {
        const [id, , data] = part.split('\n');
        ids.push(id!.slice(4));
        heard.push(JSON.parse(data!.slice(6)));
      }
    }
  })().catch(() => {}); // stopped
  await until(
    async () => isOpen,
    (open) => open,
    'it listens',
  );
  return { heard, ids, stop: () => stop.abort() };
}

async function happens(customer: string | null, type: EventType, n: number, mode: 'test' | 'live' = 'test') {
  const scope = { tenant: api.tenant, mode };
  await inTenant(api.db, scope, (trx) =>
    trx
      .insertInto('outbox')
      .values({
        ...{ tenant_id: scope.tenant, mode, customer_id: customer as `cus_${string}` | null, type, at: new Date() },
        payload: JSON.stringify({ n }),
      })
      .execute(),
  );
  await announce(api.db, 100);
}

/** Until somebody is heard it isn't known that they listen: so something is said until they do. */
async function heardBy(streams: { heard: Heard[] }[], customer: string) {
  await until(
    async () => {
      await happens(customer, 'access.changed', 0);
      return streams.every(({ heard }) => heard.length > 0);
    },
    (all) => all,
    'all are heard',
  );
}
const numbers = (heard: readonly Heard[]) => heard.map(({ data }) => data.n).filter((n) => n !== 0);

test('a customer hears of themselves, an operator of all, and neither of another mode or of what is the house’s', async () => {
  const [mine, theirs] = [await api.customer(), await api.customer()];
  const own = await listen('/api/billing/events', await api.token('owner'), { 'hydra-customer': mine.id });
  const all = await listen('/api/admin/events/stream', await api.token('owner'));
  const some = await listen('/api/admin/events/stream?types=invoice.paid,access.changed', await api.token('owner'));
  await heardBy([own, all, some], mine.id);
  await happens(theirs.id, 'invoice.paid', 1);
  await happens(mine.id, 'invoice.issued', 2, 'live');
  await happens(mine.id, 'event.dead', 3);
  await happens(null, 'endpoint.paused', 4);
  await happens(mine.id, 'invoice.paid', 5);
  await until(
    async () => [own, all, some].map(({ heard }) => numbers(heard)),
    (seen) => seen.every((each) => each.includes(5)),
    'told',
  );
  expect(numbers(own.heard)).toEqual([5]);
  expect(numbers(all.heard)).toEqual([1, 3, 4, 5]);
  expect(numbers(some.heard)).toEqual([1, 5]);
  expect(own.heard.every(({ customerId }) => customerId === mine.id)).toBe(true);
  expect(own.ids).toEqual(own.heard.map(({ id }) => id));
});

test('who comes back is told what they missed, once and in order', async () => {
  const { id, ask } = await api.customer();
  const token = await api.token('owner');
  const first = await listen('/api/billing/events', token, { 'hydra-customer': id });
  await heardBy([first], id);
  await happens(id, 'invoice.issued', 1);
  await until(
    async () => numbers(first.heard),
    (seen) => seen.length === 1,
    'told',
  );
  first.stop();
  for (const n of [2, 3, 4]) await happens(id, 'invoice.paid', n);
  const last = first.ids.at(-1)!;
  const again = await listen('/api/billing/events', token, { 'hydra-customer': id, 'last-event-id': last });
  await until(
    async () => numbers(again.heard),
    (seen) => seen.length === 3,
    'what was missed',
  );
  await happens(id, 'invoice.paid', 5);
  await until(
    async () => numbers(again.heard),
    (seen) => seen.length === 4,
    'what is new',
  );
  expect(numbers(again.heard)).toEqual([2, 3, 4, 5]);
  expect((await ask('GET', '/api/admin/events/stream')).status).toBe(403);
  expect((await api.owner('GET', '/api/billing/events')).body.code).toBe('customer_required');
  expect((await api.owner('GET', '/api/admin/events/stream?types=nothing')).status).toBe(400);
});
