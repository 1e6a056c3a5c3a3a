/** The catalog kept as code: told what it changes, brought in once, refused with file and field. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CliError } from '../../src/cli/api.ts';
import { catalogCommands } from '../../src/cli/catalog.ts';
import { createDatabase, type Db } from '../../src/db/client.ts';
import { demoPriceBook } from '../../src/demo/price-book.ts';
import { type Api, startApi } from '../api/support.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let db: Db;
let api: Api;
let env: NodeJS.ProcessEnv;
const folder = mkdtempSync(join(tmpdir(), 'catalog-'));
const root = fileURLToPath(new URL('../../', import.meta.url));
beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase(database.url, { applicationName: 'test', max: 4 });
  api = await startApi({ db });
  env = { PATH: process.env.PATH, NO_COLOR: '1', HYDRA_API: api.url, HYDRA_TOKEN: await api.token('owner') };
  for (const name of ['HYDRA_API', 'HYDRA_TOKEN'] as const) vi.stubEnv(name, env[name]);
});
afterAll(async () => {
  await api?.stop();
  await db?.destroy();
  await database?.drop();
  rmSync(folder, { recursive: true });
});

type Ran = { code: number | null | undefined; out: string; err: string };

/** In this process, since starting one takes its time. */
async function catalog(...args: string[]): Promise<Ran> {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const program = new Command();
  catalogCommands(program);
  process.exitCode = 0;
  let err = '';
  try {
    await program.parseAsync(['catalog', ...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    err = error.message;
    process.exitCode = 1;
  }
  log.mockRestore();
  const code = Number(process.exitCode);
  process.exitCode = 0;
  // Where there is a CI the output is coloured.
  return { code, out: stripVTControlCharacters(lines.join('\n')), err: stripVTControlCharacters(err) };
}

/** As it is called, from the catalog's own folder. */
function hydra(...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [join(root, 'bin/hydra.mjs'), ...args], { cwd: folder, env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return new Promise((resolve) =>
    child.once('close', (code) => resolve({ code, out: stripVTControlCharacters(out), err })),
  );
}

function kept(file: string, text: string): string {
  writeFileSync(join(folder, file), text);
  return join(folder, file);
}

/** As a company keeps it: TypeScript, in a folder of its own. */
function written(file: string, plans: unknown): string {
  return kept(file, `type Any = object;\nexport default { plans: ${JSON.stringify(plans)} } as Any;\n`);
}
const dearer = demoPriceBook.plans
  .filter(({ id }) => id !== 'team')
  .map((plan) =>
    plan.id === 'pro' ? { ...plan, prices: [{ currency: 'usd', model: 'flat', unitAmount: '5900' }] } : plan,
  );
const count = () => db.selectFrom('price_books').select('id').execute();

test('from the first catalog to the second, each brought in once', async () => {
  const example = join(root, 'examples/billing.config.ts');
  const first = await catalog('diff', example);
  expect(first).toMatchObject({ code: 1, err: '' });
  expect(first.out).toContain('against nothing, as nothing is sold yet');
  expect(first.out).toContain('+ pro is new: Pro, each month, 49.00 USD or 45.00 EUR');
  expect(await count()).toHaveLength(0);

  expect(await catalog('push', example)).toMatchObject({
    code: 0,
    out: expect.stringContaining('Drafted as version 1'),
  });
  expect(await catalog('push', example)).toMatchObject({
    ...{ code: 0, out: expect.stringMatching(/Nothing to do: version 1 .* is draft/) },
  });
  const published = await catalog('push', example, '--publish', '--json');
  expect(JSON.parse(published.out)).toMatchObject({
    outcome: 'published',
    priceBook: { version: 1, state: 'published' },
  });
  expect(await catalog('diff', example)).toMatchObject({ code: 0, out: expect.stringContaining('No differences.') });

  const file = written('billing.config.ts', dearer);
  const changed = await hydra('catalog', 'diff', '--json');
  expect(changed.code).toBe(1);
  const { changes, against } = JSON.parse(changed.out);
  expect(against).toMatchObject({ version: 1, state: 'published' });
  expect(changes.map((change: { words: string }) => change.words)).toEqual([
    'pro costs 59.00 USD instead of 49.00 USD',
    'pro is no longer sold in EUR: it was 45.00 EUR',
    'team is no longer sold',
  ]);
  const nextYear = new Date(Date.now() + 365 * 86_400_000).toISOString();
  for (const outcome of ['published', 'unchanged']) {
    const { code, out } = await catalog('push', file, '--publish', '--effective-at', nextYear, '--json');
    expect({ code, ...JSON.parse(out) }).toMatchObject({
      ...{ code: 0, outcome, priceBook: { version: 2, effectiveAt: nextYear } },
    });
  }
  expect(await count()).toHaveLength(2);
  expect((await catalog('diff', file, '--against', against.id)).code).toBe(1);
});

describe('what can’t be brought in is said with its file and its field', () => {
  const [plan] = demoPriceBook.plans;
  test.each<[string, () => string[], RegExp]>([
    ['no file', () => ['diff', 'none.ts'], /none\.ts: there is no such file/],
    [
      'a price below zero',
      () => [
        'push',
        written('negative.config.ts', [{ ...plan, prices: [{ currency: 'usd', model: 'flat', unitAmount: '-5' }] }]),
      ],
      /negative\.config\.ts can’t be sold on:\n {2}plans\.0 \(basic\)\.prices\.0 \(usd\)\.unitAmount is -5, and the least is 0/,
    ],
    [
      'a field that nobody knows',
      () => ['diff', written('unknown.config.ts', [{ ...plan, colour: 'red' }])],
      /unknown\.config\.ts can’t be sold on:\n {2}plans\.0 \(basic\)\.colour is not known here/,
    ],
    [
      'a number where a decimal belongs',
      () => [
        'push',
        written('number.config.ts', [{ ...plan, prices: [{ currency: 'usd', model: 'flat', unitAmount: 19 }] }]),
      ],
      /plans\.0 \(basic\)\.prices\.0 \(usd\)\.unitAmount Invalid input/,
    ],
    [
      'no default export',
      () => ['diff', kept('empty.config.ts', 'export const plans = [];\n')],
      /empty\.config\.ts could not be loaded: it has no default export/,
    ],
    [
      'a file that is no program',
      () => ['diff', kept('broken.config.ts', 'export default {{;\n')],
      /broken\.config\.ts could not be loaded: /,
    ],
    [
      'the helper where the package is not',
      () => {
        cpSync(join(root, 'examples/billing.config.ts'), join(folder, 'helper.config.ts'));
        return ['diff', join(folder, 'helper.config.ts')];
      },
      /Install hydra-billing beside it, or export the plain object/,
    ],
    [
      'a date without publishing',
      () => ['push', written('date.config.ts', [plan]), '--effective-at', '2030-01-01T00:00:00Z'],
      /--effective-at goes with --publish/,
    ],
    [
      'a date that is over',
      () => ['push', written('past.config.ts', [plan]), '--publish', '--effective-at', '2020-01-01T00:00:00Z'],
      /effective_date_past/,
    ],
  ])('%s', async (_what, args, sentence) => {
    const { code, out, err } = await catalog(...args());
    expect(code).toBe(1);
    expect(out + err).toMatch(sentence);
    expect(out + err).not.toMatch(/\n\s+at /);
  });
});
