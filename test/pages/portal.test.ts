/** The customer's pages on real parts: what people do there, by mouse and by keyboard. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/engine.ts';
import { addCard, CARDS, cardFrame, confirmAtBank, type Guest, startWorld, type World } from './world.ts';

/** For what the machine does when it is busy with everything else: nothing here depends on how long it takes. */
const PATIENCE_MS = 90_000;

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 300_000);
afterAll(() => world?.stop(), 120_000);

const inPortal = (path: string): string => `${world.api.url}/portal${path}`;

async function guest(given: Parameters<World['guest']>[0] = {}): Promise<Guest> {
  const made = await world.guest(given);
  made.page.setDefaultTimeout(PATIENCE_MS);
  return made;
}

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name }).waitFor();
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

async function leave({ trouble, leave: close }: Guest): Promise<void> {
  expect(trouble).toEqual([]);
  await close();
}

describe('subscribing', () => {
  test('with a good card leads to a sentence that says what one has', { timeout: 300_000 }, async () => {
    const ada = await guest();
    const { page } = ada;
    await page.getByRole('link', { name: 'See the plans' }).click();
    await page.getByRole('link', { name: 'Choose Basic' }).click();
    await button(page, 'Subscribe').click();
    await addCard(page, CARDS.good);
    await page.getByLabel('Pay with').waitFor();
    await button(page, 'Subscribe').click();
    await heading(page, /^Basic, renews on .+ for \$19\.00$/);
    await leave(ada);
  });

  test('with a card that wants 3-D Secure goes through the bank’s page', { timeout: 300_000 }, async () => {
    const ada = await guest({ path: '/plans/basic' });
    const { page } = ada;
    await button(page, 'Subscribe').click();
    await addCard(page, CARDS.asks);
    await confirmAtBank(page);
    await page.getByLabel('Pay with').waitFor();
    await button(page, 'Subscribe').click();
    await confirmAtBank(page);
    await until(
      async () => (await ada.ask('GET', '/api/billing/subscriptions')).body.data[0]?.state,
      (state) => state === 'active',
      'the payment that the bank has confirmed',
      PATIENCE_MS,
    );
    await page.goto(inPortal('/'));
    await heading(page, /^Basic, renews on/);
    await leave(ada);
  });

  test('with a declined card says so, and another one pays', { timeout: 300_000 }, async () => {
    const ada = await guest({ path: '/plans/basic' });
    const { page } = ada;
    await button(page, 'Subscribe').click();
    await addCard(page, CARDS.declined);
    await page.getByLabel('Pay with').waitFor();
    await button(page, 'Subscribe').click();
    await page.getByText('The card was declined. Try another one.').waitFor();
    await heading(page, 'A payment did not go through');
    await button(page, 'Use another card').click();
    await addCard(page, CARDS.good);
    await heading(page, /^Basic, renews on/);
    expect(await page.getByRole('heading', { name: 'A payment did not go through' }).count()).toBe(0);
    await leave(ada);
  });
});

test('an upgrade’s preview is the invoice that it makes, line by line', { timeout: 300_000 }, async () => {
  const ada = await guest();
  const { id } = await world.subscribed(ada);
  const { page } = ada;
  await page.goto(inPortal(`/subscriptions/${id}/change`));
  await page.getByLabel(/^Business/).check();
  await page.getByLabel('Priority support').check();
  await button(page, 'Change now').waitFor();
  const rows = page.getByRole('table').locator('tbody tr, tfoot tr');
  const previewed = await rows.allInnerTexts();
  await button(page, 'Change now').click();
  await heading(page, /^Business, renews on/);
  const { body } = await ada.ask('GET', '/api/billing/invoices');
  await page.goto(inPortal(`/invoices/${body.data[0].id}`));
  await rows.first().waitFor();
  expect(await rows.allInnerTexts()).toEqual(previewed);
  await leave(ada);
});

test('cancelling says until when one has it, and is undone by one press', { timeout: 300_000 }, async () => {
  const ada = await guest();
  await world.subscribed(ada);
  const { page } = ada;
  await page.goto(inPortal('/cancel'));
  await page.getByLabel('It is too expensive').check();
  await button(page, 'Cancel subscription').click();
  await heading(page, /^Basic, ends on/);
  await button(page, 'Don’t cancel').click();
  await heading(page, /^Basic, renews on/);
  await until(
    async () => (await ada.ask('GET', '/api/billing/subscriptions')).body.data[0].cancelAt,
    (cancelAt) => cancelAt === null,
    'the cancellation taken back',
    PATIENCE_MS,
  );
  await leave(ada);
});

test('what the server refuses is taken back, and said in its words', { timeout: 300_000 }, async () => {
  const ada = await guest();
  const { id } = await world.subscribed(ada);
  const { page } = ada;
  await page.goto(inPortal('/'));
  await button(page, 'Pause').click();
  // In the meantime it was cancelled elsewhere.
  await ada.ask('POST', '/api/billing/cancel', { subscriptionId: id, at: 'now' });
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  await page.getByText(/^Nothing was changed: .*cannot pause/).waitFor();
  await heading(page, /^Basic ended on/);
  await leave(ada);
});

test('past due to paid with the keyboard alone', { timeout: 300_000 }, async () => {
  const ada = await guest();
  await world.subscribed(ada, { paymentMethodId: 'pm_card_chargeCustomerFail' });
  const { page } = ada;
  const { keyboard } = page;
  await page.goto(inPortal('/'));
  await button(page, 'Use another card').waitFor();
  const tabTo = async (name: string) => {
    for (let presses = 0; presses < 60; presses += 1) {
      await keyboard.press('Tab');
      const focused = await page.evaluate('document.activeElement.textContent');
      if (focused === name) return;
    }
    throw new Error(`no Tab leads to ${name}`);
  };
  await tabTo('Use another card');
  await keyboard.press('Enter');
  await cardFrame(page).getByLabel('Card number').focus();
  await keyboard.type(CARDS.good);
  await keyboard.press('Tab');
  await keyboard.type('1244');
  await keyboard.press('Tab');
  await keyboard.type('123');
  await tabTo('Save card');
  await keyboard.press('Enter');
  // What is said in passing is gone after a while: so both are waited for at once.
  await Promise.all([page.getByText('Thank you, the invoice is paid.').waitFor(), heading(page, /^Basic, renews on/)]);
  await keyboard.press('?');
  await heading(page, 'Keyboard shortcuts');
  await keyboard.press('Escape');
  await keyboard.press('g');
  await keyboard.press('i');
  await page.getByRole('heading', { name: 'Invoices', level: 1 }).waitFor();
  await leave(ada);
});

test('a device is activated by a code that is shown once', { timeout: 300_000 }, async () => {
  const ada = await guest({ path: '/devices' });
  await world.subscribed(ada);
  await ada.page.getByText('No device is activated yet.').waitFor();
  await button(ada.page, 'Activate a device').click();
  const code = await ada.page.getByRole('dialog').locator('.mono').textContent();
  const activated = await ada.ask('POST', '/api/licenses/activate', {
    ...{ activationCode: code, anchor: 'a'.repeat(64), deviceName: 'Workshop' },
  });
  expect(activated.status, activated.text).toBe(201);
  await ada.page.goto(inPortal('/devices'));
  await button(ada.page, 'Release Workshop').click();
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Release', exact: true }).click();
  await ada.page.getByText('The seat is free for another device.').waitFor();
  await leave(ada);
});

test('nobody is let in without a link, and signing out closes the door', { timeout: 300_000 }, async () => {
  const ada = await guest();
  const { page } = ada;
  await heading(page, 'Overview');
  await button(page, 'Sign out').click();
  await heading(page, 'You are signed out');
  await page.goto(inPortal('/invoices'));
  await heading(page, 'You are signed out');
  expect(page.url()).not.toContain('token');
  await leave(ada);
});

test('the customer’s own language is spoken, with its money and dates', { timeout: 300_000 }, async () => {
  const greta = await guest({ body: { locale: 'de', currency: 'eur', timeZone: 'Europe/Berlin' } });
  await world.subscribed(greta);
  await greta.page.goto(inPortal('/'));
  await heading(greta.page, /^Basic, verlängert sich am \d+\. \S+ \d{4} für 18,00\s€$/);
  expect(await greta.page.locator('html').getAttribute('lang')).toBe('de');
  await leave(greta);
});

describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
  test('no page has anything that axe finds wrong, nor asks anybody else', { timeout: 600_000 }, async () => {
    const ada = await guest({ colorScheme });
    const { page } = ada;
    const { id } = await world.subscribed(ada, { planId: 'business', quantity: 8, addOns: [{ id: 'backup' }] });
    const { body } = await ada.ask('GET', '/api/billing/invoices');
    const invoice = body.data[0].id;
    const pages = [
      ...[
        '/',
        '/plans',
        '/plans/team',
        '/invoices',
        '/payment-methods',
        '/update-card',
        '/details',
        '/devices',
        '/nowhere',
      ],
      ...[`/subscriptions/${id}/change`, `/subscriptions/${id}/cancel`, `/invoices/${invoice}`],
    ];
    const found: string[] = [];
    for (const path of pages) {
      await page.goto(inPortal(path));
      await page.waitForLoadState('networkidle', { timeout: PATIENCE_MS });
      // The frame is the processor's own page.
      const { violations } = await new AxeBuilder({ page }).exclude('.card-fields iframe').analyze();
      found.push(...violations.map((each) => `${path}: ${each.id} ${each.nodes.map(({ html }) => html).join(' ')}`));
    }
    expect(found).toEqual([]);
    await leave(ada);
  });
});

test('nothing waits for another answer: all that the overview needs is asked at once', {
  timeout: 300_000,
}, async () => {
  const ada = await guest();
  await world.subscribed(ada);
  await heading(ada.page, 'Overview');
  const seen: { url: string; answered: number }[] = [];
  let answered = 0;
  ada.page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/api/')) seen.push({ url: pathname, answered });
  });
  ada.page.on('response', (response) => {
    if (new URL(response.url()).pathname.startsWith('/api/billing/')) answered += 1;
  });
  // The answers are held back until every question was put.
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await ada.page.route('**/api/**', async (route) => {
    await held;
    await route.continue();
  });
  await ada.page.goto(inPortal('/'), { waitUntil: 'commit' });
  const wanted = ['forecast', 'invoices', 'payment-methods', 'plans', 'profile', 'subscriptions'];
  const isAsked = (name: string) => seen.some(({ url }) => url === `/api/billing/${name}`);
  await until(
    async () => wanted.filter((name) => !isAsked(name)),
    (missing) => missing.length === 0,
    'all questions',
    PATIENCE_MS,
  );
  letGo();
  await heading(ada.page, /^Basic, renews on/);
  expect(seen.filter((each) => each.answered > 0)).toEqual([]);
  await leave(ada);
});
