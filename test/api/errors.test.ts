import { expect, test } from 'vitest';
import { problemOf } from '../../src/api/errors.ts';
import { createDatabase } from '../../src/db/client.ts';
import { NoTaxRate } from '../../src/domain/tax-rules.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { ProcessorTrouble } from '../../src/processors/trouble.ts';
import { TaxServiceUnavailable } from '../../src/tax/ask.ts';

const thrown = async (work: () => Promise<unknown>): Promise<unknown> => {
  try {
    return await work();
  } catch (error) {
    return error;
  }
};

test('a database that is away is not there just now', async () => {
  const db = createDatabase('postgres://nobody:pw@127.0.0.1:1/none', { applicationName: 'test', max: 1 });
  const error = await thrown(() => db.selectFrom('tenants').selectAll().execute());
  await db.destroy();
  expect(problemOf(error)).toMatchObject({ status: 503, code: 'database_unavailable' });
});

test.each([
  ['unreachable', 503, 'processor_unavailable'],
  ['throttled', 503, 'processor_unavailable'],
  ['unauthorized', 409, 'processor_not_ready'],
  ['refused', 422, 'processor_refused'],
] as const)('a processor that is %s', (kind, status, code) => {
  expect(problemOf(new ProcessorTrouble(kind, 'some_code', 'a detail'))).toMatchObject({ status, code });
});

test('a tax service that is away is asked again later, and a rate that nobody knows is stated', () => {
  expect(problemOf(new TaxServiceUnavailable('tax calculator', 'it answered 503'))).toMatchObject({
    ...{ status: 503, code: 'tax_service_unavailable', headers: { 'retry-after': '5' } },
  });
  const unknown = problemOf(new NoTaxRate({ country: 'NO', region: null }, '2027-01-01'));
  expect(unknown).toMatchObject({ status: 422, code: 'tax_rate_unknown' });
  expect(unknown.message).toContain('NO on 2027-01-01');
});

test('what nobody expected tells nothing of itself', () => {
  const problem = problemOf(new Error('password=hunter2 at /srv/app.ts'));
  expect(problem).toMatchObject({ status: 500, code: 'internal_error' });
  expect(JSON.stringify(problem.toJSON('req_1'))).not.toContain('hunter2');
});

test('a log line has neither rows nor credentials', () => {
  const lines: string[] = [];
  const log = createLogger({
    name: 'test',
    level: 'info',
    destination: { write: (line: string) => void lines.push(line) },
  });
  const error = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (email)=(ada@example.com)' });
  log.error(
    { err: error, req: { headers: { authorization: 'Bearer sk_test_x' } }, clientSecret: 'pi_1_secret_2' },
    'x',
  );
  expect(lines.join('')).toContain('"code":"23505"');
  expect(lines.join('')).not.toMatch(/ada@example|sk_test_x|_secret_/);
});
