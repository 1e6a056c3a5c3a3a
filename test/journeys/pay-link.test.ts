/** A renewal that the bank wants confirmed: the mail, its link, the page in a real browser, 3-D Secure, and paid. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startBrowser, visit } from '../pages/browser.ts';
import { until } from '../support/engine.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let browser: Browser;
beforeAll(async () => {
  [product, browser] = await Promise.all([startProduct(inject('workflowBundlePath')), startBrowser()]);
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await product?.stop();
});

async function asked<T>(method: 'GET' | 'POST', path: string, body?: object, customer?: string): Promise<T> {
  const { status, body: answer } = await product.ask(method, path, body, {
    authorization: `Bearer ${product.demo.serviceKey}`,
    ...(customer ? { 'hydra-customer': customer } : {}),
  });
  expect(status, JSON.stringify(answer)).toBeLessThan(300);
  return answer as T;
}

async function advance(clock: string, to: object): Promise<void> {
  await asked('POST', `/api/admin/clocks/${clock}/advance`, to);
  for (;;) {
    const { state, reason } = await asked<{ state: string; reason: string | null }>(
      'GET',
      `/api/admin/clocks/${clock}`,
    );
    expect(state, reason ?? '').not.toBe('blocked');
    if (state === 'ready') return;
    await sleep(20);
  }
}

type Mail = { id: string; state: string; subject: string; html: string; text: string; message: string };

/** The only one of its kind, once it is there. */
async function mailTo(customer: string, message: string): Promise<Mail> {
  const path = `/api/admin/mails?customerId=${customer}&message=${message}`;
  const { data } = await until(
    () => asked<{ data: Mail[] }>('GET', path),
    ({ data }) => data.length > 0,
    `the mail ${message}`,
  );
  expect(data).toHaveLength(1);
  return asked<Mail>('GET', `/api/admin/mails/${data[0]!.id}`);
}

type Subscribed = { subscription: { id: string; state: string } };
const stateOf = async (id: string, customer: string) =>
  (await asked<{ state: string }>('GET', `/api/billing/subscriptions/${id}`, undefined, customer)).state;

/** One whose trial has ended, and whose bank wants the first charge confirmed by a customer who was not there. */
async function refusedRenewal(card: string) {
  const { id: clock } = await asked<{ id: string }>('POST', '/api/admin/clocks', {});
  const who = { name: 'Ada', email: 'ada@example.com', clockId: clock };
  const { id: customer } = await asked<{ id: string }>('POST', '/api/customers', who);
  const begun = { planId: 'pro', paymentMethodId: card, trialDays: 3 };
  const { subscription } = await asked<Subscribed>('POST', '/api/billing/subscribe', begun, customer);
  expect(subscription.state).toBe('trialing');
  await advance(clock, { by: 'P3DT1H' });
  await until(
    () => stateOf(subscription.id, customer),
    (state) => state === 'past_due',
    'past due',
  );
  return { clock, customer, subscription: subscription.id };
}

/** A machine that does other things as well takes its time. */
const PATIENCE_MS = 90_000;
const origins = () => [product.url, new URL(product.simulator.url).origin];
const linkIn = ({ text }: Mail, page: string): string => {
  const [link] = new RegExp(`http\\S+/${page}/\\S+`).exec(text)!;
  return link!;
};

test('off session the bank says no: the mail’s link finishes the same payment, once, and the service goes on', async () => {
  const { customer, subscription } = await refusedRenewal('pm_card_authenticationRequired');
  const mail = await mailTo(customer, 'action_needed');
  expect(mail).toMatchObject({ state: 'kept', subject: expect.stringContaining('confirm your payment') });
  const link = linkIn(mail, 'pay');
  expect(mail.html).toContain(link);

  const { page, trouble, context } = await visit(browser, { hosts: origins() });
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(link);
  await page.getByText('$49.00').waitFor();
  await page.getByRole('button', { name: /•••• 3184/ }).click();
  await page.frameLocator('iframe[title="3-D Secure"]').getByRole('button', { name: 'Complete' }).click();
  await page.getByText('this invoice is paid').waitFor();
  expect(trouble).toEqual([]);
  await until(
    () => stateOf(subscription, customer),
    (state) => state === 'active',
    'active again',
  );
  // The payment that the bank had refused is the one that was made: nothing was asked for twice.
  const { data } = await asked<{ data: { state: string; amountPaid: { amount: number } }[] }>(
    'GET',
    '/api/billing/invoices',
    undefined,
    customer,
  );
  expect(data.map(({ state, amountPaid }) => [state, amountPaid.amount])).toEqual([['paid', 4_900]]);
  const why = await asked<object>('GET', `/api/admin/subscriptions/${subscription}/why`);
  expect(JSON.stringify(why)).not.toContain('"attempt":2');

  await page.goto(link);
  await page.getByText('this invoice is paid').waitFor();
  const receipt = await mailTo(customer, 'receipt');
  expect(receipt.text).toMatch(/INV-\d+\.pdf/);
  await context.close();
}, 240_000);

test('a link that was changed, or is another’s, opens nothing; one that the bank refuses can be paid with another card', async () => {
  const { customer, subscription } = await refusedRenewal('pm_card_authenticationRequired');
  const link = linkIn(await mailTo(customer, 'action_needed'), 'pay');
  const changed = `${link.slice(0, -2)}${link.endsWith('AA') ? 'BB' : 'AA'}`;
  const { page, context } = await visit(browser, { hosts: origins() });
  page.setDefaultTimeout(PATIENCE_MS);
  const refused = await page.goto(changed);
  expect(refused?.status()).toBe(403);
  await page.getByText('This link does not work').waitFor();
  const post = await fetch(changed.replace('/pay/', '/api/pay/'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect({ status: post.status, code: ((await post.json()) as { code: string }).code }).toEqual({
    status: 403,
    code: 'link_invalid',
  });
  const wrongPage = await fetch(link.replace('/pay/', '/cancel/'));
  expect(wrongPage.status).toBe(403);

  const first = await page.goto(link);
  const policy = first!.headers()['content-security-policy']!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  expect(await first!.text()).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  await page.getByRole('button', { name: 'Use another card' }).click();
  const fields = page.frameLocator('#card iframe');
  await fields.getByLabel('Card number').fill('4242 4242 4242 4242');
  await fields.getByLabel('Expires').fill('12 / 34');
  await fields.getByLabel('Security code').fill('123');
  await page.locator('#by-card').getByRole('button').click();
  await page.getByText('this invoice is paid').waitFor();
  await until(
    () => stateOf(subscription, customer),
    (state) => state === 'active',
    'active again',
  );
  await context.close();
}, 240_000);
