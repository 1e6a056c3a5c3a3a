import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { cleanFailures } from '../../activities/trouble.ts';
import { alertOfRedactions, createLogger } from '../../src/observability/logger.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { ProcessorTrouble } from '../../src/processors/trouble.ts';
import { redact, redactions, redactWithin } from '../../src/security/redact.ts';

const CARD = '4242 4242 4242 4242';

function logging() {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, log: createLogger({ name: 'test', level: 'info', destination }) };
}

describe('a log line', () => {
  test.each<[string, (log: ReturnType<typeof createLogger>) => void]>([
    ['its words', (log) => log.info(`paid with ${CARD}`)],
    ['its facts', (log) => log.info({ deep: { list: [{ said: CARD }] } }, 'x')],
    ['a number', (log) => log.info({ said: 4242424242424242 }, 'x')],
    ['the name of a fact', (log) => log.info({ [CARD]: 1 }, 'x')],
    ['what a child is bound to', (log) => log.child({ said: CARD }).info('x')],
    ['an error and its cause', (log) => log.error({ err: new Error('x', { cause: new Error(CARD) }) }, 'x')],
  ])('is without it in %s, and says so', (_where, write) => {
    const { lines, log } = logging();
    write(log);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/4242.?4242/);
    expect(JSON.parse(lines[0]!).redacted).toEqual(['card_number']);
  });

  test('stays as it is where there is nothing', () => {
    const { lines, log } = logging();
    log.info({ id: 'sub_01k8x3v7q2m4n6p8r0s2t4v6w8', at: 1795280474123 }, 'fine');
    expect(JSON.parse(lines[0]!)).not.toHaveProperty('redacted');
  });
});

test('it is counted by where, and an operator is told', async () => {
  const { lines, log } = logging();
  alertOfRedactions(log);
  const before = redactions().get('inbox_reason') ?? 0;
  expect(redact(`no such ${CARD}`, 'inbox_reason')).toBe('no such [removed: card_number]');
  expect(redact('no such thing', 'inbox_reason')).toBe('no such thing');
  expect(redactions().get('inbox_reason')).toBe(before + 1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 50, where: 'inbox_reason', kinds: ['card_number'] });
  const metrics = createMetrics({
    backlog: async () => ({
      inboxPending: 0,
      inboxOldestSeconds: 0,
      inboxParked: 0,
      inboxQuarantined: 0,
      inboxDead: 0,
      outboxPending: 0,
      discrepancies: [],
    }),
  });
  expect(await metrics.render()).toContain(`hydra_redactions_total{where="inbox_reason"} ${before + 1}`);
});

test('a processor’s trouble has none in its words', () => {
  const trouble = new ProcessorTrouble('refused', CARD, `stripe answered 402: ${CARD}`);
  expect([trouble.message, trouble.code]).toEqual([
    ...['stripe answered 402: [removed: card_number]', '[removed: card_number]'],
  ]);
});

test('what an activity throws has none in message, stack or cause, and is of the same kind', async () => {
  const cause = new Error(`invalid input syntax: "${CARD}"`);
  const failure = ApplicationFailure.create({ message: `refused: ${CARD}`, type: 'processor_refused', cause });
  const execute = cleanFailures().inbound!.execute!;
  const run = execute({ args: [], headers: {} }, async () => {
    throw failure;
  });
  await expect(run).rejects.toBe(failure);
  expect(failure).toMatchObject({ message: 'refused: [removed: card_number]', type: 'processor_refused' });
  expect(`${failure.message} ${failure.stack} ${cause.message} ${cause.stack}`).not.toMatch(/4242.?4242/);
});

test('a value comes back as it is where it holds nothing, and else without it', () => {
  const clean = { id: 'sub_1', at: 1795280474123, lines: [{ description: 'Pro' }], none: null };
  expect(redactWithin(clean, 'commit')).toBe(clean);
  expect(redactWithin({ ...clean, lines: [{ description: CARD }] }, 'commit')).toEqual({
    ...clean,
    lines: [{ description: '[removed: card_number]' }],
  });
});
