/** The mailbox over HTTP, a tenant's own words, and links that open nothing. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commit } from '../../src/db/commit.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { mailFor } from '../../src/mail/write.ts';
import { createProcessors } from '../../src/processors/processors.ts';
import { signLink } from '../../src/security/links.ts';
import { createTaxes } from '../../src/tax/taxes.ts';
import { step } from '../db/support.ts';
import { draft, START, subscribe } from '../domain/builders.ts';
import { type Api, startApiAlone } from './support.ts';

const links = { key: randomBytes(32), publicUrl: 'https://billing.example' };
let api: Api;
let invoice: `inv_${string}`;
let customer: Awaited<ReturnType<Api['customer']>>;
beforeAll(async () => {
  api = await startApiAlone({ links });
  customer = await api.customer({ name: 'Grace', email: 'grace@example.com' });
  const scope = { tenant: api.tenant, mode: 'test' } as const;
  invoice = 'inv_mailed_1';
  const begun = step(draft({ id: 'sub_mailed', customer: customer.id, ...scope }), [subscribe(), START]);
  await commit(api.db, begun);
  const paused = {
    subscription: 'sub_mailed',
    version: 1,
    type: 'subscription.paused',
    payload: { resumeAt: null },
  } as const;
  const deps = { db: api.db, keys: api.keys, processors: createProcessors({ stripe: [] }), taxes: createTaxes({}) };
  expect(await mailFor({ ...deps, links, sends: false }, { ...scope, ...paused, at: START })).not.toBeNull();
});
afterAll(() => api?.stop());

describe('the mailbox', () => {
  test('lists and shows what was written, to operators alone', async () => {
    const { body } = await api.owner('GET', `/api/admin/mails?customerId=${customer.id}`);
    expect(body.data).toMatchObject([
      { message: 'paused', state: 'kept', to: 'grace@example.com', subject: 'Pro is paused' },
    ]);
    const { body: mail } = await api.owner('GET', `/api/admin/mails/${body.data[0].id}`);
    expect(mail.html).toContain('Hello Grace');
    expect(mail.text).toContain('Hello Grace');
    expect((await customer.ask('GET', '/api/admin/mails')).status).toBe(403);
    expect((await api.owner('GET', '/api/admin/mails?message=receipt')).body.data).toEqual([]);
  });

  test('nothing of an address is stored in the clear, a suppressed one neither', async () => {
    const email = 'linus@example.com';
    const { status, body } = await api.owner('POST', '/api/admin/mail-suppressions', { email });
    expect(status).toBe(201);
    expect(JSON.stringify(body)).not.toContain('linus');
    const asked = await api.owner(
      'GET',
      `/api/admin/mail-suppressions?email=${encodeURIComponent('Linus@Example.com')}`,
    );
    expect(asked.body.data).toEqual([body]);
    expect((await api.owner('DELETE', `/api/admin/mail-suppressions/${body.id}`)).status).toBe(204);
    expect((await api.owner('GET', '/api/admin/mail-suppressions')).body.data).toEqual([]);
    const rows = await inTenant(api.db, { tenant: api.tenant, mode: 'test' }, (trx) =>
      trx.selectFrom('mails').selectAll().execute(),
    );
    expect(JSON.stringify(rows)).not.toContain('grace@');
  });
});

describe('a tenant’s own words', () => {
  const path = '/api/admin/mail-templates/receipt/en';

  test('hold from now on, and can be given up', async () => {
    const own = { subject: 'Ta, {{invoice}}', body: 'We got {{amount}}.' };
    expect((await api.owner('PUT', path, own)).body).toMatchObject({ ...own, own: true });
    const seen = await api.owner('POST', '/api/admin/mails/preview', { message: 'receipt' });
    expect(seen.body).toMatchObject({ subject: 'Ta, INV-000042', text: expect.stringContaining('We got $30.00.') });
    expect((await api.owner('DELETE', path)).status).toBe(204);
    const { body } = await api.owner('GET', '/api/admin/mail-templates');
    expect(body.data).toHaveLength(85);
    expect(body.data.some(({ own }: { own: boolean }) => own)).toBe(false);
  });

  test.each([
    ['PUT', path, { subject: 'x', body: '{{cardNumber}}' }],
    ['POST', '/api/admin/mails/preview', { message: 'receipt', template: { subject: 'x', body: '{{cardNumber}}' } }],
  ] as const)('%s %s: an unknown variable is refused by its name, and nothing is kept', async (method, at, body) => {
    const { status, body: problem } = await api.owner(method, at, body);
    expect({ status, code: problem.code }).toEqual({ status: 422, code: 'mail_template_invalid' });
    expect(problem.errors[0]).toEqual({ path: 'body', message: expect.stringContaining('{{cardNumber}} is unknown') });
    expect(
      (await api.owner('GET', '/api/admin/mail-templates')).body.data.some(({ own }: { own: boolean }) => own),
    ).toBe(false);
  });

  test('looks: name and colour', async () => {
    const looks = { senderName: 'Acme & Sons', accent: '#FFCC00', replyTo: 'help@example.com', manageUrl: null };
    expect((await api.owner('PUT', '/api/admin/mail-settings', looks)).body).toEqual({ ...looks, accent: '#ffcc00' });
    const { body } = await api.owner('POST', '/api/admin/mails/preview', { message: 'canceled', language: 'de' });
    expect(body.html).toContain('Acme &amp; Sons');
    expect(body.html).toContain('background:#ffcc00;color:#000000');
    expect((await api.owner('PUT', '/api/admin/mail-settings', { accent: 'red' })).status).toBe(400);
  });
});

describe('a link', () => {
  const signed = (over = {}, expiresAt = Date.now() + 60_000): string =>
    signLink(links.key, 'pay', { tenant: api.tenant, mode: 'test', subject: invoice, ...over }, expiresAt);
  const signedBy = (key: Buffer, purpose: 'pay' | 'cancel'): string =>
    signLink(key, purpose, { tenant: api.tenant, mode: 'test', subject: invoice }, Date.now() + 60_000);

  test.each<[string, () => string, number, string]>([
    ['whose time is over', () => signed({}, Date.now() - 1_000), 410, 'link_over'],
    ['of another purpose', () => signedBy(links.key, 'cancel'), 403, 'link_invalid'],
    ['of another key', () => signedBy(randomBytes(32), 'pay'), 403, 'link_invalid'],
    ['of another tenant’s invoice', () => signed({ tenant: 'ten_other' }), 404, 'not_found'],
    ['that is none', () => 'nonsense', 403, 'link_invalid'],
  ])('%s opens nothing, and charges nothing', async (_, token, status, code) => {
    const ask = api.as(null);
    const asked: [string, object?][] = [['GET'], ['POST', {}]];
    for (const [method, body] of asked) {
      const answer = await ask(method, `/api/pay/${token()}`, body);
      expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
      expect(answer.text).not.toContain('clientSecret');
    }
    const page = await ask('GET', `/pay/${token()}`);
    expect(page.status).toBe(status);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.text).not.toContain('<script');
  });

  test('that is good shows the invoice, and nothing of who owes it', async () => {
    const { status, text, headers } = await api.as(null)('GET', `/pay/${signed()}`);
    expect(status).toBe(200);
    expect(text).toContain('$30.00');
    expect(text).not.toMatch(/Grace|grace@/);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });
});
