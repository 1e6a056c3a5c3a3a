import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodyOf } from '../../src/cli/clock.ts';
import { keepFindings } from '../../src/db/discrepancies.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { startApiOnEngine } from '../api/on-engine.ts';
import { type Api, publishPrices } from '../api/support.ts';
import type { Engine } from '../support/engine.ts';

let engine: Engine;
let api: Api;
let env: NodeJS.ProcessEnv;
let subscription: string;
/** Somewhere without a demo of its own. */
const folder = mkdtempSync(join(tmpdir(), 'cli-'));
beforeAll(async () => {
  ({ engine, api } = await startApiOnEngine());
  await publishPrices(api);
  const { ask } = await api.customer();
  const { body } = await ask('POST', '/api/billing/subscribe', { planId: 'basic', paymentMethodId: 'pm_card_visa' });
  subscription = body.subscription.id;
  env = {
    ...{ PATH: process.env.PATH, NO_COLOR: '1', DATABASE_URL: engine.databaseUrl },
    ...{ HYDRA_API: api.url, HYDRA_TOKEN: await api.token('owner') },
  };
});
afterAll(async () => {
  await api?.stop();
  rmSync(folder, { recursive: true });
});

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const tsx = import.meta.resolve('tsx');

function hydra(
  args: string[],
  over: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['--import', tsx, main, ...args], { cwd: folder, env: { ...env, ...over } });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

test('reconcile says that all sides agree, and fails as long as a person is awaited', async () => {
  const { code, out } = await hydra(['reconcile']);
  expect(out).toMatch(/^All sides agree: \d+ movements, 1 workflows; /);
  expect(code).toBe(0);
  await inTenant(api.db, { tenant: api.tenant, mode: 'test' }, (trx) => {
    const finding = { kind: 'payment_unknown_here', subject: 'pi_9', subscription: null, ours: null } as const;
    return keepFindings(trx, { looked: [], findings: [{ ...finding, theirs: { amount: 777 } }], at: new Date() });
  });
  const again = await hydra(['reconcile', '--since', '2026-01-01T00:00:00Z', '--json']);
  expect(again.code).toBe(1);
  expect(JSON.parse(again.out)).toMatchObject({
    state: 'done',
    discrepancies: [{ subject: 'pi_9', theirs: { amount: 777 }, ours: null }],
  });
});

test('why tells the causes', async () => {
  const { code, out } = await hydra(['why', subscription]);
  expect(code).toBe(0);
  expect(out).toContain(`${subscription} is active since`);
  expect(out).toContain('incomplete → active');
  expect(out).toMatch(/in the books: .*payment_received/);
});

test('a subscription without a clock gets one, and is led by it', async () => {
  const { code, out, err } = await hydra(['clock', 'advance', subscription, '32d', '--json']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const { clock, subscription: after } = JSON.parse(out);
  expect(clock.state).toBe('ready');
  expect(after).toMatchObject({ id: subscription, state: 'active', clockId: clock.id });
  expect(Date.parse(after.currentPeriod.start)).toBeGreaterThan(Date.now());
  const next = await hydra(['clock', 'advance', clock.id, 'next', '--json']);
  expect(Date.parse(JSON.parse(next.out).now)).toBeGreaterThan(Date.parse(clock.now));
});

test('the books are verified, and a difference is an error', async () => {
  const good = await hydra(['ledger', 'verify']);
  expect(good).toMatchObject({ code: 0, out: expect.stringContaining('The books balance') });
  await engine.db.updateTable('ledger_balances').set({ amount: 1 }).execute();
  const bad = await hydra(['ledger', 'verify', '--full', '--json']);
  expect(bad.code).toBe(1);
  expect(JSON.parse(bad.out).differences.length).toBeGreaterThan(0);
});

test('events are shown', async () => {
  expect((await hydra(['events', 'tail', '--once'])).code).toBe(0);
});

test('events are told again, one or all that fit', async () => {
  const none = await hydra(['events', 'resend', '--state', 'dead', '--since', '2027-01-01T00:00:00Z', '--json']);
  expect([none.code, JSON.parse(none.out)]).toEqual([0, { replayed: 0, more: false }]);
  expect(await hydra(['events', 'resend', 'evt_nobody'])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/no such event/),
  });
  expect(await hydra(['events', 'resend'])).toMatchObject({ code: 1, err: expect.stringMatching(/Which\?/) });
});

describe('what is wrong is said in a sentence, with an exit of its own', () => {
  test.concurrent.each<[string, string[], NodeJS.ProcessEnv, RegExp]>([
    ['a subscription that isn’t there', ['why', 'sub_1'], {}, /no such subscription \(not_found, request req_/],
    ['no API', ['why', 'sub_1'], { HYDRA_API: 'http://127.0.0.1:1' }, /127\.0\.0\.1:1 does not answer/],
    ['no address', ['why', 'sub_1'], { HYDRA_API: '', HYDRA_TOKEN: '' }, /No API is known/],
    ['a wrong token', ['why', 'sub_1'], { HYDRA_TOKEN: 'x' }, /token_invalid/],
    ['a span that is none', ['clock', 'advance', 'clk_1', 'soon'], {}, /not_found/],
    ['an unknown command', ['dance'], {}, /unknown command/],
  ])('%s', async (_what, args, over, sentence) => {
    const { code, err } = await hydra(args, over);
    expect(code).toBe(1);
    expect(err).toMatch(sentence);
    expect(err).not.toMatch(/\n\s+at /);
  });

  test('--help helps', async () => {
    expect(await hydra(['clock', 'advance', '--help'])).toMatchObject({ code: 0, out: expect.stringContaining('30d') });
  });
});

test.each([
  ['30d', { by: 'P30D' }],
  ['12h', { by: 'PT12H' }],
  ['6mo', { by: 'P6M' }],
  ['P1Y', { by: 'P1Y' }],
  ['next', { next: true }],
])('%s is what the API is told', (text, body) => {
  expect(bodyOf(text)).toEqual(body);
});
