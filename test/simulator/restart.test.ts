import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { DAY, JANUARY, shop } from './billing.ts';
import { absent, clientsOf, customerWith, newFile, start } from './support.ts';

test('a restart keeps objects, hidden behaviour and idempotency keys', async () => {
  const dataFile = newFile();
  const first = await start({ dataFile });
  const who = await customerWith(first, 'pm_card_chargeCustomerFail');
  const customer = await first.stripe.customers.create({ name: 'Bob' }, { idempotencyKey: 'k' });
  await first.stop();

  const second = await start({ dataFile });
  expect((await second.stripe.customers.create({ name: 'Bob' }, { idempotencyKey: 'k' })).id).toBe(customer.id);
  await expect(second.stripe.paymentIntents.create({ ...absent, ...who })).rejects.toMatchObject({
    code: 'card_declined',
  });
});

test('the file holds no card number and no security code', async () => {
  const dataFile = newFile();
  const { stripe, stop } = await start({ dataFile });
  const card = { number: '4242 4242 4242 4242', exp_month: 12, exp_year: new Date().getFullYear() + 1, cvc: '987' };
  await stripe.paymentMethods.create({ type: 'card', card }, { idempotencyKey: 'k' });
  await stop();
  const kept = readFileSync(dataFile, 'utf8');
  expect(kept).toContain('"last4":"4242"');
  expect(kept).not.toMatch(/4242[ -]?4242|"cvc"|987"/);
});

test('a torn last line is forgotten, and the file goes on', async () => {
  const dataFile = newFile();
  const first = await start({ dataFile });
  const ada = await first.stripe.customers.create();
  await first.stop();
  appendFileSync(dataFile, '[["customer","cus_torn",{"id":"cus_to');
  const second = await start({ dataFile });
  const bob = await second.stripe.customers.create();
  await second.stop();
  const third = await start({ dataFile });
  const { data } = await third.stripe.customers.list();
  expect(data.map(({ id }) => id)).toEqual([bob.id, ada.id]);
});

test('a file that is mostly history is written anew', async () => {
  const dataFile = newFile();
  const first = await start({ dataFile });
  const { id } = await first.stripe.customers.create();
  await first.stop();
  const line = `${JSON.stringify([['customer', id, { id, object: 'customer', created: 1, metadata: {} }]])}\n`;
  appendFileSync(dataFile, line.repeat(6_000));
  const second = await start({ dataFile });
  expect(await second.stripe.customers.retrieve(id)).toMatchObject({ created: 1 });
  expect(readFileSync(dataFile, 'utf8').split('\n').length).toBeLessThan(10);
});

test('a process that is killed keeps what it answered', async () => {
  const dataFile = newFile();
  const first = await inAProcess(dataFile);
  const who = await customerWith(first);
  const paid = await first.stripe.paymentIntents.create({ ...absent, ...who });
  await first.kill();
  const second = await inAProcess(dataFile);
  expect((await second.stripe.paymentIntents.retrieve(paid.id)).status).toBe('succeeded');
});

/** The simulator as `npm start` runs it. */
async function inAProcess(dataFile: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/processes/simulator.ts'], {
    env: { ...process.env, PORT: '0', SIMULATOR_DATA: dataFile },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  onTestFinished(kill);
  const { url } = await new Promise<{ url: string }>((resolve) =>
    child.once('message', (message) => resolve(message as { url: string })),
  );
  return { kill, ...clientsOf(Number(new URL(url).port)) };
}

test('after a restart a subscription goes on in its time', async () => {
  const dataFile = newFile();
  const first = await shop('pm_card_visa', { dataFile });
  const { id } = await first.stripe.subscriptions.create({
    customer: first.customer,
    items: [{ price: first.monthly }],
  });
  await first.stop();
  const { stripe } = await start({ dataFile });
  await stripe.testHelpers.testClocks.advance(first.clock, { frozen_time: JANUARY + 33 * DAY });
  const { data } = await stripe.invoices.list({ subscription: id });
  expect(data.map(({ status }) => status)).toEqual(['paid', 'paid']);
});
