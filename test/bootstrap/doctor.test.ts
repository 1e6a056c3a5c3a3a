import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, inject, onTestFinished, test } from 'vitest';
import { checksOf, doctor } from '../../bootstrap/doctor.mjs';
import { createTerminal } from '../../bootstrap/terminal.mjs';

const empty = () => {
  const folder = mkdtempSync(join(tmpdir(), 'hydra-doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

/** What the doctor finds in a world that is fine but for the given. */
async function examine(world: Parameters<typeof checksOf>[0], only: string) {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  }) as NodeJS.WriteStream;
  const checks = checksOf({ env: {}, ...world });
  const code = await doctor({
    json: true,
    checks: { [only]: checks[only]! },
    terminal: createTerminal({ stream, env: {} }),
  });
  return { code, ...JSON.parse(text).findings[0] };
}

test.each([
  ['Node', () => ({ node: '20.18.0' }), /too old/, /install Node/],
  ['dependencies', () => ({ root: empty() }), /missing/, /npm ci/],
  ['Temporal', () => ({ env: { PATH: '' }, cache: empty() }), /no server/, /npm start fetches/],
  ['Temporal', () => ({ env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } }), /ECONNREFUSED/, /TEMPORAL_ADDRESS/],
  ['Postgres', () => ({ env: { DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' } }), /nobody answers/, /DATABASE_URL/],
  [
    'PayPal',
    () => ({ env: { PAYPAL_CLIENT_ID: 'a', PAYPAL_CLIENT_SECRET: 'b', PAYPAL_API_BASE: 'http://127.0.0.1:1' } }),
    /nobody answers/,
    /PAYPAL_CLIENT_ID/,
  ],
  ['disk', () => ({ diskBytes: () => 5e6 }), /0\.0 GB free/, /make room/],
  ['clock', () => ({ wall: () => Date.UTC(1970, 0, 2) }), /1970/, /NTP/],
] as const)('%s: what is wrong is named with what helps', async (only, world, detail, fix) => {
  const found = await examine(world(), only);
  expect(found).toMatchObject({ code: 1, state: 'bad' });
  expect(found.detail).toMatch(detail);
  expect(found.fix).toMatch(fix);
});

test('a clock that jumps is found', async () => {
  let now = Date.UTC(2027, 0, 1);
  const wall = () => {
    now += 3_600_000;
    return now;
  };
  expect(await examine({ wall }, 'clock')).toMatchObject({ code: 1, detail: expect.stringContaining('jumped') });
});

test('a busy port hinders nothing', async () => {
  const found = await examine({ free: async (port: number) => port !== 3000 }, 'ports');
  expect(found).toMatchObject({ code: 0, state: 'note', detail: 'busy: 3000 (the API)' });
});

test('real servers are found well', async () => {
  const env = { DATABASE_URL: inject('pgUrl'), TEMPORAL_ADDRESS: inject('temporalAddress') };
  for (const only of ['Temporal', 'Postgres', 'clock']) expect(await examine({ env }, only)).toMatchObject({ code: 0 });
});
