import { expect, test } from 'vitest';
import { decodeForm } from '../../src/simulator/form.ts';
import { clientsOf, customerWith, failure, start } from './support.ts';

test('forms are trees of strings', () => {
  expect(decodeForm('a=1&items[0][price]=x&items[1][price]=y&expand[]=p&expand[]=q&email=')).toEqual({
    a: '1',
    items: { 0: { price: 'x' }, 1: { price: 'y' } },
    expand: { 0: 'p', 1: 'q' },
    email: '',
  });
  expect(decodeForm('__proto__[polluted]=1').polluted).toBeUndefined();
});

test.each([
  ['an unknown route', 'GET', '/v1/unicorns', undefined, 404, undefined],
  ['a path that is none', 'GET', '/v1/customers/%zz', undefined, 404, 'resource_missing'],
  ['an unknown object', 'GET', '/v1/customers/cus_nobody', undefined, 404, 'resource_missing'],
  ['an unknown parameter', 'POST', '/v1/customers', 'nmae=Ada', 400, 'parameter_unknown'],
  ['an unknown inner parameter', 'POST', '/v1/customers', 'address[town]=Ulm', 400, 'parameter_unknown'],
  ['a missing parameter', 'POST', '/v1/payment_intents', 'currency=usd', 400, 'parameter_missing'],
  ['a fraction of a cent', 'POST', '/v1/payment_intents', 'amount=1.5&currency=usd', 400, 'parameter_invalid_integer'],
  ['too little', 'POST', '/v1/payment_intents', 'amount=10&currency=usd', 400, 'amount_too_small'],
  ['an unknown reference', 'POST', '/v1/setup_intents', 'customer=cus_nobody', 400, 'resource_missing'],
  ['an empty value', 'POST', '/v1/payment_methods/pm_card_visa/attach', 'customer=', 400, 'parameter_invalid_empty'],
  ['no such expansion', 'POST', '/v1/customers', 'expand[0]=unicorn', 400, undefined],
  ['a page too long', 'GET', '/v1/customers?limit=101', undefined, 400, undefined],
])('%s is refused in Stripe’s shape', async (_name, method, path, body, status, code) => {
  const { url } = await start();
  const response = await fetch(url + path, { method, body, headers: { authorization: 'Bearer sk_test_x' } });
  expect(response.status).toBe(status);
  const { error } = (await response.json()) as { error: object };
  expect(error).toMatchObject({ type: 'invalid_request_error', message: expect.any(String), ...(code && { code }) });
  expect(response.headers.get('request-id')).toMatch(/^req_/);
});

test('without a key, with a wrong one or a live one, nothing is said', async () => {
  const { url, port } = await start();
  expect((await fetch(`${url}/v1/customers`)).status).toBe(401);
  for (const key of ['nonsense', 'sk_live_x', 'pk_test_x']) {
    const error = await failure(clientsOf(port, key).stripe.customers.list());
    expect(error.type).toBe('StripeAuthenticationError');
    expect(error.message).not.toContain(key);
  }
});

test('lists are paged, newest first, and the client walks them', async () => {
  const { stripe } = await start();
  const made: string[] = [];
  for (let index = 0; index < 7; index++) made.push((await stripe.customers.create()).id);
  const seen: string[] = [];
  for await (const { id } of stripe.customers.list({ limit: 3 })) seen.push(id);
  expect(seen).toEqual(made.toReversed());
  const back = await stripe.customers.list({ ending_before: seen[4], limit: 2 });
  expect([back.data.map(({ id }) => id), back.has_more]).toEqual([seen.slice(2, 4), true]);
});

test('an update says what was before; an empty value unsets; metadata is merged', async () => {
  const { stripe } = await start();
  const { id } = await stripe.customers.create({ name: 'Ada', email: 'ada@example.com', metadata: { a: '1', b: '2' } });
  const after = await stripe.customers.update(id, { email: '', metadata: { b: '', c: '3' } });
  expect(after).toMatchObject({ name: 'Ada', email: null, metadata: { a: '1', c: '3' } });
  const { data } = await stripe.events.list({ type: 'customer.updated' });
  expect(data[0]?.data.previous_attributes).toEqual({ email: 'ada@example.com', metadata: { b: '2', c: null } });
});

test('methods are listed by customer, and one can be the default', async () => {
  const sim = await start();
  const { customer, payment_method } = await customerWith(sim);
  const invoice_settings = { default_payment_method: payment_method };
  const expand = ['invoice_settings.default_payment_method'];
  const updated = await sim.stripe.customers.update(customer, { invoice_settings, expand });
  expect(updated.invoice_settings.default_payment_method).toMatchObject({
    id: payment_method,
    card: { last4: '4242' },
  });
  const listed = await sim.stripe.customers.listPaymentMethods(customer, { type: 'card', expand: ['data.customer'] });
  expect(listed.data).toMatchObject([{ id: payment_method, customer: { id: customer } }]);
});

test('the page shows what there is, escaped', async () => {
  const sim = await start();
  await sim.stripe.customers.create({ name: '<script>alert(1)</script>' });
  const page = await (await fetch(sim.url)).text();
  expect(page).toContain('&lt;script&gt;alert(1)');
  expect(page).not.toContain('<script>');
});

test('each object has a page, with what was told of it', async () => {
  const sim = await start();
  const { id } = await sim.stripe.customers.create({ name: '<i>Ada' });
  expect(await (await fetch(sim.url)).text()).toContain(`<a href="/sim/object/${id}">`);
  const page = await (await fetch(`${sim.url}/sim/object/${id}`)).text();
  expect(page).toContain('&lt;i&gt;Ada');
  expect(page).toContain('customer.created');
  expect((await fetch(`${sim.url}/sim/object/cus_nobody`)).status).toBe(404);
});

test('objects are found again by what was noted on them', async () => {
  const { stripe } = await start();
  const { id } = await stripe.customers.create({ email: 'ada@example.com', metadata: { ours: '1' } });
  await stripe.customers.create({ email: 'bob@example.com', metadata: { ours: '2' } });
  const found = async (query: string) => (await stripe.customers.search({ query })).data.map((each) => each.id);
  expect(await found("metadata['ours']:'1' AND email~'ADA'")).toEqual([id]);
  expect(await found("-metadata['ours']:'2'")).toEqual([id]);
  expect((await failure(stripe.customers.search({ query: 'anything' }))).param).toBe('query');
});
