/** Policies in versions: checked field by field, published once, and never changed after that. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { policyInForce } from '../../src/db/dunning-policies.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { type Api, publishPrices, startApiAlone } from './support.ts';

let api: Api;
beforeAll(async () => {
  api = await startApiAlone();
  await publishPrices(api);
});
afterAll(() => api?.stop());

const document = (over: object = {}) => ({
  ...{ name: 'default', localHour: 8, retries: { soft: { days: [2, 4] } }, fallbacks: true, end: 'cancel' },
  ...{ access: { graceDays: 3, restrictedDays: 10 }, ...over },
});
const drafted = async (over: object = {}) => {
  const { status, body } = await api.owner('POST', '/api/admin/dunning-policies', document(over));
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
};
const published = async (over: object = {}) => {
  const { id } = await drafted(over);
  const { status, body } = await api.owner('POST', `/api/admin/dunning-policies/${id}/publish`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
};
const held = (plan: string, customer: Parameters<typeof policyInForce>[1]['customer']) =>
  inTenant(api.db, { tenant: api.tenant, mode: 'test' }, (trx) => policyInForce(trx, { plan, customer }));

test('a version is drafted, published, and stays as it is', async () => {
  const draft = await drafted({ name: 'first' });
  expect(draft).toMatchObject({ name: 'first', version: 1, state: 'draft', intact: true, publishedAt: null });
  const path = `/api/admin/dunning-policies/${draft.id}`;
  expect((await api.owner('POST', `${path}/publish`)).body).toMatchObject({ state: 'published', intact: true });
  expect(await api.owner('POST', `${path}/publish`)).toMatchObject({
    ...{ status: 409, body: { code: 'dunning_policy_published' } },
  });
  expect((await drafted({ name: 'first' })).version).toBe(2);
  expect((await api.owner('GET', '/api/admin/dunning-policies')).body.data[0]).toMatchObject({ version: 2 });
  const change = inTenant(api.db, { tenant: api.tenant, mode: 'test' }, (trx) =>
    trx.updateTable('dunning_policies').set({ name: 'other' }).where('id', '=', draft.id).execute(),
  );
  await expect(change).rejects.toThrow(/is published: update refused/);
  const rows = await inTenant(api.db, { tenant: api.tenant, mode: 'test' }, (trx) =>
    trx.selectFrom('audit_log').select('action').where('subject', '=', draft.id).execute(),
  );
  expect(rows.map(({ action }) => action).sort()).toEqual(['dunning_policy_drafted', 'dunning_policy_published']);
});

test.each<[string, object, number, string]>([
  ['offsets out of order', { retries: { soft: { days: [4, 2] } } }, 422, 'retries.soft.days.1'],
  ['a grace shorter than zero', { access: { graceDays: -1, restrictedDays: 10 } }, 422, 'access.graceDays'],
  ['an unknown class', { retries: { bored: { days: [1] } } }, 400, 'retries.bored'],
  ['an unknown end', { end: 'shout' }, 400, 'end'],
])('%s is refused, by its field', async (_, over, status, path) => {
  const { status: told, body } = await api.owner('POST', '/api/admin/dunning-policies', document(over));
  expect([told, body.errors?.[0]?.path]).toEqual([status, path]);
});

test('a downgrade goes to a plan that is sold', async () => {
  const { id } = await drafted({ name: 'down', end: 'downgrade', baselinePlanId: 'nowhere' });
  const { status, body } = await api.owner('POST', `/api/admin/dunning-policies/${id}/publish`);
  expect([status, body.errors]).toEqual([
    422,
    [{ path: 'baselinePlanId', message: expect.stringContaining('is nowhere, and the plans that are sold are') }],
  ]);
  expect((await api.owner('GET', `/api/admin/dunning-policies/${id}`)).body.state).toBe('draft');
});

test('the plan’s policy, else that of the segment, else the default', async () => {
  const { id: plain } = await api.customer();
  const { id: big } = await api.customer({ segment: 'big' });
  expect(await held('pro', plain)).toBeNull();
  await published();
  await published({ name: 'big', segments: ['big'] });
  const team = await published({ name: 'team', plans: ['team'] });
  expect((await held('pro', plain))?.name).toBe('default');
  expect((await held('pro', big))?.name).toBe('big');
  expect(await held('team', big)).toMatchObject({ name: 'team', id: team.id, version: 1 });
  const { id } = await drafted({ name: 'rival', plans: ['team'] });
  const { body } = await api.owner('POST', `/api/admin/dunning-policies/${id}/publish`);
  expect(body.errors).toEqual([{ path: 'plans.0', message: 'is team, which the policy team is for' }]);
});

test('a backtest holds a policy against others, over made-up failures or its own past', async () => {
  const path = '/api/admin/dunning-policies/backtest';
  const { status, body } = await api.owner('POST', path, { policy: document({ name: 'mine' }), failures: 300 });
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body.failures).toBe(300);
  expect(body.results.map(({ name }: { name: string }) => name).slice(0, 2)).toEqual(['mine', 'default']);
  const past = await api.owner('POST', path, { over: 'past' });
  expect(past.body).toMatchObject({
    failures: 0,
    results: expect.arrayContaining([expect.objectContaining({ lost: 0 })]),
  });
  const wrong = await api.owner('POST', path, { policy: document({ localHour: 25 }) });
  expect([wrong.status, wrong.body.errors[0].path]).toEqual([422, 'localHour']);
});
