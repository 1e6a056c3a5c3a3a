/** The portal on real parts: an engine, its doors, one browser, and customers who are signed in. */
import type { FrameLocator, Page } from 'playwright-core';
import Stripe from 'stripe';
import { inject } from 'vitest';
import { type Ask, publishPrices, startApi } from '../api/support.ts';
import { startDoorstep } from '../support/doorstep.ts';
import { startEngine } from '../support/engine.ts';
import { builtPages, startBrowser, type Visit, visit } from './browser.ts';

/** Of Stripe's published test numbers. */
export const CARDS = { good: '4242424242424242', asks: '4000002760003184', declined: '4000000000000341' };

export type Guest = Visit & { id: string; ask: Ask; leave(): Promise<void> };
export type World = Awaited<ReturnType<typeof startWorld>>;

export async function startWorld() {
  const [engine, browser] = await Promise.all([startEngine(), startBrowser()]);
  const { db, processors, taskQueue, keys, simulator } = engine;
  const dashboard = await builtPages(simulator.url);
  const parts = { db, processors, taskQueue, keys, dashboard, temporalAddress: inject('temporalAddress') };
  const [api, doorstep] = await Promise.all([startApi(parts), startDoorstep(engine)]);
  const stripe = new Stripe('sk_test_simulated', {
    ...{ host: '127.0.0.1', port: simulator.port, protocol: 'http', telemetry: false },
  });
  const { secret } = await stripe.webhookEndpoints.create({ url: doorstep.url, enabled_events: ['*'] });
  doorstep.trust(secret ?? '');
  await publishPrices(api);
  const hosts = [api.url, simulator.url];
  let count = 0;

  return {
    api,
    engine,
    hosts,
    /** A customer in a browser of their own, signed in by a link, at that page. */
    async guest({
      path = '',
      body,
      ...over
    }: { path?: string; body?: object } & Partial<Parameters<typeof visit>[1]> = {}): Promise<Guest> {
      const subject = `guest-${++count}`;
      const { body: made } = await api.owner('POST', '/api/customers', {
        ...{ name: 'Ada Example', email: `guest${count}@example.com`, subjects: [subject], ...body },
      });
      const token = await api.token('customer', { sub: subject });
      const visited = await visit(browser, { hosts, ...over });
      await visited.page.goto(`${api.url}/portal${path}#token=${token}`);
      return { ...visited, id: made.id, ask: api.as(token), leave: () => visited.context.close() };
    },
    /** Somebody of the tenant's, signed in to the console. */
    async operator(over: Partial<Parameters<typeof visit>[1]> = {}): Promise<Visit> {
      const visited = await visit(browser, { hosts, ...over });
      await visited.page.goto(`${api.url}/console#token=${await api.token('owner')}`);
      await visited.page.getByRole('heading', { level: 1 }).waitFor();
      return visited;
    },
    async subscribed(guest: { ask: Ask }, body: object = {}) {
      const { body: answer } = await guest.ask('POST', '/api/billing/subscribe', {
        ...{ planId: 'basic', paymentMethodId: 'pm_card_visa', ...body },
      });
      if (!answer.subscription) throw new Error(JSON.stringify(answer));
      return answer.subscription as { id: string };
    },
    async stop() {
      await browser.close();
      await doorstep.stop();
      await api.stop();
      await engine.stop();
    },
  };
}

export const cardFrame = (page: Page): FrameLocator => page.frameLocator('.card-fields iframe');

/** Types a card into the processor's frame, and saves it. */
export async function addCard(page: Page, number: string): Promise<void> {
  const frame = cardFrame(page);
  await frame.getByLabel('Card number').fill(number);
  await frame.getByLabel('Expires').fill('12/44');
  await frame.getByLabel('Security code').fill('123');
  await page.getByRole('button', { name: 'Save card' }).click();
}

/** What the bank's page asks, answered. */
export const confirmAtBank = (page: Page): Promise<void> =>
  page.frameLocator('iframe[title="3-D Secure"]').getByRole('button', { name: 'Complete' }).click();
