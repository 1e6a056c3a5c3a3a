/** What somebody changes is written down, with who it was and which request; and read again by those who may. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, publishPrices, startApiAlone } from './support.ts';

let api: Api;
beforeAll(async () => {
  api = await startApiAlone();
});
afterAll(() => api?.stop());

const log = async (query = '') => (await api.owner('GET', `/api/admin/audit?limit=100${query}`)).body.data;

test.each<[string, () => Promise<{ headers: Headers; body: { id?: string } }>]>([
  ['customer.created', () => api.owner('POST', '/api/customers', { name: 'Ada' })],
  [
    'customer.changed',
    async () => {
      const { id } = await api.customer();
      return api.owner('PATCH', `/api/customers/${id}`, { locale: 'de' });
    },
  ],
  ['key.created', () => api.owner('POST', '/api/admin/keys', { name: 'k', scopes: ['*'] })],
  [
    'key.revoked',
    async () => {
      const { body } = await api.owner('POST', '/api/admin/keys', { name: 'k', scopes: ['*'] });
      return api.owner('DELETE', `/api/admin/keys/${body.key.id}`);
    },
  ],
  ['endpoint.created', () => api.owner('POST', '/api/admin/endpoints', { url: 'https://example.com/' })],
  ['clock.created', () => api.owner('POST', '/api/admin/clocks', {})],
])('%s', async (action, act) => {
  const { headers, body } = await act();
  const [entry] = await log(`&action=${action}`);
  expect(entry).toMatchObject({
    ...{ action, requestId: headers.get('x-request-id'), sealed: null },
    actor: { by: 'principal', ref: expect.stringMatching(/^user\//) },
  });
  if (body.id && action !== 'key.created') expect(entry.subject).toBe(body.id);
});

test('it is found by who, what, whom and when, and by nobody of another tenant or without the right', async () => {
  await publishPrices(api);
  const all = await log();
  const [newest] = all;
  expect(await log(`&subject=${newest.subject}`)).toContainEqual(newest);
  expect(await log(`&actor=${newest.actor.ref}`)).toContainEqual(newest);
  expect(await log('&actor=user/nobody')).toEqual([]);
  expect(await log(`&since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
  const stranger = api.as(await api.token('owner', { mode: 'live' }));
  expect((await stranger('GET', '/api/admin/audit')).body.data).toEqual([]);
  const { ask } = await api.customer();
  expect((await ask('GET', '/api/admin/audit')).status).toBe(403);
});
