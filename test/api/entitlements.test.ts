import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, startApiAlone } from './support.ts';

let api: Api;
let ada: Awaited<ReturnType<Api['customer']>>;
beforeAll(async () => {
  api = await startApiAlone();
  ada = await api.customer();
});
afterAll(() => api?.stop());

const overrides = () => `/api/admin/customers/${ada.id}/entitlements`;

test('what one may use is one’s own; a program asks for anybody of its tenant', async () => {
  const nothing = { customerId: ada.id, tier: null, access: { level: 'none', until: null }, features: [] };
  expect((await ada.ask('GET', '/api/billing/entitlements')).body).toEqual(nothing);
  const made = await api.owner('POST', '/api/admin/keys', { name: 'app', scopes: ['entitlements:read'] });
  const service = api.as(made.body.secret);
  expect((await service('GET', `/api/entitlements/${ada.id}`)).body).toEqual(nothing);
  expect(await service('GET', '/api/entitlements/cus_nobody')).toMatchObject({ status: 404 });
  expect(await ada.ask('GET', `/api/entitlements/${ada.id}`)).toMatchObject({ status: 403 });
  expect(await service('PUT', `${overrides()}/beta`, {})).toMatchObject({
    status: 403,
    body: { code: 'scope_missing' },
  });
});

test('a feature is agreed, listed, and ended', async () => {
  const until = '2099-01-01T00:00:00.000Z';
  const set = await api.owner('PUT', `${overrides()}/projects`, { limit: null, until, reason: 'support_agreed' });
  expect(set).toMatchObject({
    status: 200,
    body: { feature: 'projects', limit: null, until, reason: 'support_agreed' },
  });
  await api.owner('PUT', `${overrides()}/beta`, { enabled: true, reason: 'pilot' });
  const { features } = (await ada.ask('GET', '/api/billing/entitlements')).body;
  expect(features).toEqual([
    { feature: 'beta', name: 'beta', source: 'override', type: 'boolean', enabled: false },
    { feature: 'projects', name: 'projects', source: 'override', type: 'limit', enabled: false, limit: null },
  ]);
  expect((await api.owner('GET', overrides())).body.data).toMatchObject([{ feature: 'beta' }, { feature: 'projects' }]);
  expect(await api.owner('DELETE', `${overrides()}/projects`)).toMatchObject({ status: 200 });
  expect(await api.owner('DELETE', `${overrides()}/projects`)).toMatchObject({ status: 404 });
  expect((await api.owner('GET', overrides())).body.data).toHaveLength(1);
});

test.each([
  ['neither', { reason: 'a' }],
  ['both', { enabled: true, limit: 1, reason: 'a' }],
  ['less than nothing', { limit: -1, reason: 'a' }],
  ['no reason', { enabled: true }],
  ['a sentence as the reason', { enabled: true, reason: 'Ada asked for it' }],
])('%s is malformed', async (_what, body) => {
  expect(await api.owner('PUT', `${overrides()}/x`, body)).toMatchObject({
    status: 400,
    body: { code: 'invalid_request' },
  });
});
