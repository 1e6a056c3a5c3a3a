import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Stripe from 'stripe';
import { onTestFinished } from 'vitest';
import { type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';

export type Started = Awaited<ReturnType<typeof start>>;

/** A simulator of this test's own, the official client, and the switches. */
export async function start(options: Partial<SimulatorOptions> = {}) {
  const simulator = await startSimulator({ port: 0, ...options });
  onTestFinished(simulator.stop);
  return { ...simulator, ...clientsOf(simulator.port) };
}

export function clientsOf(port: number, key = 'sk_test_simulator') {
  const stripe = new Stripe(key, { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0, telemetry: false });
  const url = `http://127.0.0.1:${port}`;
  const control = async (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => {
    const response = await fetch(`${url}/_sim/${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
    // biome-ignore lint/suspicious/noExplicitAny: each switch has an answer of its own
    return (await response.json()) as any;
  };
  return { stripe, control };
}

/** A path for a database file of this test's own. */
export function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'journal');
}

export async function customerWith({ stripe }: Pick<Started, 'stripe'>, token = 'pm_card_visa', clock?: string) {
  const customer = await stripe.customers.create({ name: 'Ada', ...(clock && { test_clock: clock }) });
  const method = await stripe.paymentMethods.attach(token, { customer: customer.id });
  return { customer: customer.id, payment_method: method.id };
}

export const due = { amount: 1000, currency: 'usd' };
export const absent = { ...due, confirm: true, off_session: true };

/** An expected failure, with its parts at hand. */
export async function failure(promise: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error;
    throw error;
  }
  throw new Error('it was expected to fail');
}

export const SECRET = 'whsec_of_the_tests';

/** Collects what the simulator tells; `answers` says how each delivery is answered. */
export async function receiver(answers: (nth: number) => number = () => 200) {
  const deliveries: { body: string; signature: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    deliveries.push({ body, signature: String(request.headers['stripe-signature']) });
    response.writeHead(answers(deliveries.length)).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const types = () => deliveries.map(({ body }) => (JSON.parse(body) as Stripe.Event).type as string);
  return { webhook: { url: `http://127.0.0.1:${port}/hook`, secret: SECRET }, deliveries, types };
}

export async function quiet({ control }: Pick<Started, 'control'>): Promise<void> {
  const give = Date.now() + 5_000;
  while (!(await control('GET', 'quiet')).quiet) {
    if (Date.now() > give) throw new Error('the simulator does not come to rest');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
