/** Metered subscriptions on a clock: from the events over the windows to the invoices, with the real parts in between. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/engine.ts';
import { startApiOnEngine } from './on-engine.ts';
import { type Api, type Ask, publishPrices } from './support.ts';

let api: Api;
beforeAll(async () => {
  ({ api } = await startApiOnEngine());
  for (const meter of [
    { key: 'api_calls', name: 'API calls', eventType: 'api.call', aggregation: 'count', groupBy: ['region'] },
    {
      key: 'storage',
      name: 'Storage',
      eventType: 'stored',
      aggregation: 'sum',
      property: 'bytes',
      per: 1000,
      unit: 'kB',
    },
  ]) {
    const { body: draft, status } = await api.owner('POST', '/api/admin/meters', meter);
    expect(status, JSON.stringify(draft)).toBe(201);
    expect(await api.owner('POST', `/api/admin/meters/${draft.id}/publish`, {})).toMatchObject({ status: 200 });
  }
  const plan = { product: 'cloud', interval: { unit: 'month', count: 1 } };
  const base = { id: 'base', name: 'Base', model: 'flat', unitAmount: '1000' };
  const calls = {
    ...{ id: 'calls', name: 'API calls', meter: 'api_calls', model: 'graduated', included: 2 },
    tiers: [
      { upTo: 3, unitAmount: '100' },
      { upTo: null, unitAmount: '50' },
    ],
  };
  await publishPrices(api, {
    plans: [
      {
        ...{
          ...plan,
          id: 'limited',
          name: 'Limited',
          prices: [{ currency: 'usd', model: 'flat', unitAmount: '1000' }],
        },
        features: [{ id: 'calls', name: 'Calls', type: 'metered', meter: 'api_calls', limit: 5 }],
      },
      { ...plan, id: 'metered', name: 'Metered', prices: [{ currency: 'usd', charges: [base, calls] }] },
      { ...plan, id: 'graced', name: 'Graced', graceHours: 24, prices: [{ currency: 'usd', charges: [base, calls] }] },
      {
        ...{ ...plan, id: 'pure', name: 'Pure' },
        prices: [
          {
            currency: 'usd',
            charges: [
              { id: 'stored', name: 'Storage', meter: 'storage', model: 'per_unit', unitAmount: '0.5', minimum: 10 },
            ],
          },
        ],
      },
    ],
  });
});
afterAll(() => api?.stop());

async function clocked(planId: string, to = '2031-01-01T10:00:00Z') {
  const { body: clock } = await api.owner('POST', '/api/admin/clocks', {});
  const advance = async (where: object) => {
    const { status, body } = await api.owner('POST', `/api/admin/clocks/${clock.id}/advance`, where);
    expect(status, JSON.stringify(body)).toBe(202);
    const shown = await until(
      async () => (await api.owner('GET', `/api/admin/clocks/${clock.id}`)).body,
      ({ state }) => state !== 'advancing',
      'the clock arrives',
      120_000,
    );
    expect(shown.state, shown.reason).toBe('ready');
  };
  await advance({ to });
  const { id, ask } = await api.customer({ clockId: clock.id });
  const { status, body } = await ask('POST', '/api/billing/subscribe', { planId, paymentMethodId: 'pm_card_visa' });
  expect(status, JSON.stringify(body)).toBe(201);
  let count = 0;
  const event = (time: string, data: object = {}, type = 'api.call') => ({
    ...{ id: `${id}-${++count}`, source: 'test', type, subject: id, time, data },
  });
  return { id, ask, advance, event, subscription: body.subscription };
}

const send = async (...events: unknown[]): Promise<{ outcome: string; code?: string; reason?: string }[]> => {
  const { status, body } = await api.owner('POST', '/api/usage/events', { events });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.results;
};
const outcomes = async (...events: object[]) => (await send(...events)).map(({ outcome }) => outcome);

/** Oldest first, each as the amounts of its lines. */
async function invoiced(ask: Ask): Promise<{ state: string; lines: [string, number][] }[]> {
  const { body } = await ask('GET', '/api/billing/invoices');
  const all = await Promise.all(
    body.data.map(({ id }: { id: string }) => ask('GET', `/api/billing/invoices/${id}`).then((answer) => answer.body)),
  );
  return all
    .sort((a, b) => (a.issuedAt < b.issuedAt ? -1 : 1))
    .map(({ state, lines }) => ({
      state,
      lines: lines.map((line: { description: string; amount: { amount: number } }) => [
        line.description,
        line.amount.amount,
      ]),
    }));
}

test('months of metered use have the right invoices, each event once, to the instant of the boundary', async () => {
  const { ask, advance, event, subscription } = await clocked('metered');
  const { end } = subscription.currentPeriod;
  const [last, first] = [new Date(Date.parse(end) - 1).toISOString(), end];
  const some = [event('2031-01-01T10:00:00Z'), event('2031-01-01T10:30:00Z')];
  expect(await outcomes(...some)).toEqual(['accepted', 'accepted']);
  expect(await outcomes(...some, { ...some[0], data: { n: 1 } })).toEqual(['duplicate', 'duplicate', 'conflict']);
  // The clock stands, but time goes on in the workflow: far enough from the end, and not more than an hour.
  await advance({ to: new Date(Date.parse(end) - 50 * 60_000).toISOString() });
  // 2 are included, 3 cost 1.00, whatever is more 0.50. The boundary itself belongs to the next period.
  expect(await outcomes(event('2031-01-15T00:00:00Z'), event(last), event(first))).toEqual(Array(3).fill('accepted'));
  await advance({ to: new Date(Date.parse(end) + 86_400_000).toISOString() });
  await outcomes(...Array.from({ length: 6 }, (_, i) => event(`2031-02-02T0${i}:00:00Z`)));
  await advance({ by: 'P31D' });
  expect(await invoiced(ask)).toEqual([
    { state: 'paid', lines: [['Metered', 1000]] },
    {
      state: 'paid',
      lines: [
        ['Metered', 1000],
        ['Metered: API calls', 200],
      ],
    },
    {
      state: 'paid',
      lines: [
        ['Metered', 1000],
        ['Metered: API calls', 400],
      ],
    },
  ]);
});

test('what comes after the invoice is billed with the next one as a difference, and what was taken back goes back', async () => {
  const { ask, advance, event } = await clocked('metered');
  const early = [event('2031-01-01T10:01:00Z'), event('2031-01-01T10:02:00Z'), event('2031-01-01T10:03:00Z')];
  await outcomes(...early);
  await advance({ to: '2031-02-03T00:00:00Z' });
  await outcomes(event('2031-01-20T00:00:00Z'), event('2031-01-21T00:00:00Z'), event('2031-01-22T00:00:00Z'));
  await advance({ to: '2031-03-03T00:00:00Z' });
  const { body } = await api.owner('POST', '/api/usage/events/withdraw', {
    events: [{ id: (early[0] as { id: string }).id, source: 'test' }],
  });
  expect(body.results).toMatchObject([{ outcome: 'too_late' }]);
  const invoices = await invoiced(ask);
  expect(invoices.map(({ lines }) => lines)).toEqual([
    [['Metered', 1000]],
    [
      ['Metered', 1000],
      ['Metered: API calls', 100],
    ],
    [
      ['Metered', 1000],
      ['Metered: API calls', 0],
      ['Metered: API calls: correction of 2031-01-01 to 2031-02-01', 250],
    ],
  ]);
});

test('inside its grace a late event moves the draft', async () => {
  const { ask, advance, event } = await clocked('graced');
  await outcomes(...Array.from({ length: 3 }, (_, i) => event(`2031-01-01T10:0${i}:00Z`)));
  await advance({ to: '2031-02-01T12:00:00Z' });
  await outcomes(event('2031-01-31T10:00:00Z'));
  await advance({ to: '2031-02-02T12:00:00Z' });
  expect((await invoiced(ask)).at(-1)).toEqual({
    state: 'paid',
    lines: [
      ['Graced', 1000],
      ['Graced: API calls', 200],
    ],
  });
});

test('a plan of usage alone: nothing at first, then by what was used, and at the end what is left', async () => {
  const { ask, advance, event, subscription } = await clocked('pure');
  expect(await invoiced(ask)).toEqual([]);
  await outcomes(
    event('2031-01-01T10:30:00Z', { bytes: 100_000 }, 'stored'),
    event('2031-01-01T10:31:00Z', { bytes: 1_500 }, 'stored'),
  );
  await advance({ to: '2031-02-01T12:00:00Z' });
  await outcomes(event('2031-02-01T12:00:00Z', { bytes: 800_000 }, 'stored'));
  await advance({ to: '2031-02-15T10:00:00Z' });
  const { status } = await ask('POST', '/api/billing/cancel', { subscriptionId: subscription.id, at: 'now' });
  expect(status).toBe(200);
  expect((await invoiced(ask)).map(({ lines }) => lines)).toEqual([[['Pure: Storage', 51]], [['Pure: Storage', 400]]]);
});

test('usage is shown by meter, dimension and step', async () => {
  const { id, ask, event } = await clocked('metered');
  await outcomes(
    event('2031-01-01T09:10:00Z', { region: 'eu' }),
    event('2031-01-01T09:20:00Z', { region: 'us' }),
    event('2031-01-01T10:20:00Z', { region: 'eu' }),
  );
  const range = 'from=2031-01-01T09:00:00Z&to=2031-01-01T11:00:00Z';
  const { body } = await ask('GET', `/api/billing/usage?meter=api_calls&grain=hour&${range}`);
  expect(body.data).toEqual([
    {
      ...{ meter: 'api_calls', name: 'API calls', unit: null, quantity: '3' },
      dimensions: [
        { dimensions: { region: 'eu' }, quantity: '2' },
        { dimensions: { region: 'us' }, quantity: '1' },
      ],
      series: [
        { at: '2031-01-01T09:00:00.000Z', quantity: '2' },
        { at: '2031-01-01T10:00:00.000Z', quantity: '1' },
      ],
    },
  ]);
  const { body: seen } = await api.owner('GET', `/api/billing/usage?meter=api_calls&${range}`, undefined, {
    'hydra-customer': id,
  });
  expect(seen.data[0].quantity).toBe('3');
});

test('a limit is told of at 80 and at 100 percent, once, and switches the feature off until the next period', async () => {
  const { id, ask, advance, event } = await clocked('limited');
  const feature = async () => (await ask('GET', '/api/billing/entitlements')).body.features[0];
  const told = async () => {
    const rows = await api.db
      .selectFrom('outbox')
      .select('payload')
      .where('customer_id', '=', id)
      .where('type', '=', 'usage.threshold_reached')
      .execute();
    return rows.map(({ payload }) => (payload as unknown as { threshold: number }).threshold).sort((a, b) => a - b);
  };
  const calls = (count: number) => outcomes(...Array.from({ length: count }, () => event('2031-01-01T10:00:00Z')));
  await calls(3);
  expect(await feature()).toMatchObject({ enabled: true, used: 3, remaining: 2 });
  await calls(1);
  await until(told, (seen) => seen.length === 1, '80 percent is told');
  await calls(2);
  await until(told, (seen) => seen.length === 2, '100 percent is told');
  expect(await told()).toEqual([80, 100]);
  expect(await feature()).toMatchObject({ enabled: false, used: 6, remaining: 0 });
  await advance({ to: '2031-02-02T10:00:00Z' });
  expect(await feature()).toMatchObject({ enabled: true, used: 0, remaining: 5 });
});

test('what is wrong with one event is told of that one', async () => {
  const { id, event } = await clocked('metered');
  const good = event('2031-01-01T10:00:00Z');
  const bad = (over: object) => ({ ...event('2031-01-01T10:00:00Z', { bytes: 1 }, 'stored'), ...over });
  const results = await send(
    good,
    bad({ type: 'unheard.of' }),
    bad({ data: { bytes: -1 } }),
    bad({ data: { bytes: '12' } }),
    bad({ data: { bytes: 1, much: 'x'.repeat(100 * 1024) } }),
    bad({ subject: 'nobody' }),
    bad({ time: '2031-01-01T11:30:00Z' }),
    bad({ time: '2030-11-01T00:00:00Z' }),
    bad({ time: 'yesterday' }),
    bad({ data: { bytes: 1, card: '4242 4242 4242 4242' } }),
    bad({ data: { bytes: 1, text: 'a\u0000b' } }),
    'no event',
    { ...good, time: '2031-01-01T10:00:01Z' },
  );
  expect(results.map(({ outcome, code }) => code ?? outcome)).toEqual([
    ...[
      'accepted',
      'unknown_meter',
      'bad_value',
      'bad_value',
      'data_too_large',
      'unknown_subject',
      'too_early',
      'too_late',
    ],
    ...['malformed', 'sensitive_data', 'malformed', 'malformed', 'conflict'],
  ]);
  for (const { outcome, reason } of results.slice(1)) expect(reason, outcome).toMatch(/\w{3}/);
  expect(id).toMatch(/^cus_/);
});

test('a price names a meter that counts', async () => {
  const charges = [{ id: 'x', name: 'X', meter: 'unheard_of', model: 'per_unit', unitAmount: '1' }];
  const plan = { id: 'x', product: 'x', name: 'X', interval: { unit: 'month', count: 1 } };
  const { body: draft } = await api.owner('POST', '/api/admin/price-books', {
    plans: [{ ...plan, prices: [{ currency: 'usd', charges }] }],
  });
  const { status, body } = await api.owner('POST', `/api/admin/price-books/${draft.id}/publish`, {});
  expect([status, body.code, body.errors[0].path]).toEqual([
    422,
    'price_book_invalid',
    'plans.0.prices.0.charges.0.meter',
  ]);
});

test('a meter is drafted, looked at, published, and then stays as it is', async () => {
  const wanted = { key: 'seats', name: 'Seats', eventType: 'seat', aggregation: 'unique' };
  expect(await api.owner('POST', '/api/admin/meters', wanted)).toMatchObject({
    status: 422,
    body: { code: 'meter_invalid' },
  });
  const { body: draft } = await api.owner('POST', '/api/admin/meters', { ...wanted, property: 'user' });
  const sample = ['ada', 'bob', 'ada', undefined].map((user, i) => ({
    ...{ id: `s${i}`, type: 'seat', subject: 'acme', time: '2031-01-01T10:00:00Z', data: { user } },
  }));
  const { body: seen } = await api.owner('POST', `/api/admin/meters/${draft.id}/preview`, { events: sample });
  expect(seen).toMatchObject({ events: 4, counted: 3, leftOut: 0, quantity: '2', rejected: [{ events: 1 }] });
  expect(await api.owner('POST', `/api/admin/meters/${draft.id}/publish`, {})).toMatchObject({
    body: { state: 'published' },
  });
  const { key: _, ...document } = { ...wanted, property: 'name' };
  expect(await api.owner('PATCH', `/api/admin/meters/${draft.id}`, document)).toMatchObject({ status: 409 });
  expect(await api.owner('POST', '/api/admin/meters', { ...wanted, property: 'name' })).toMatchObject({
    body: { version: 2, state: 'draft' },
  });
});
