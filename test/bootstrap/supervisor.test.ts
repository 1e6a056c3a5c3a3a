import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { beganAt } from '../../bootstrap/processes.mjs';
import { createSupervisor, errorIn } from '../../bootstrap/supervisor.mjs';

let logs: string;
let lines: string[];
beforeEach(() => {
  logs = mkdtempSync(join(tmpdir(), 'hydra-supervisor-'));
  lines = [];
});
afterEach(() => rmSync(logs, { recursive: true }));

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const part = (name: string, env: Record<string, string> = {}, more: object = {}) => ({
  name,
  args: [fixture('part.mjs')],
  cwd: logs,
  env: { ...process.env, ...env },
  ...more,
});
const gone = (...pids: number[]) => vi.waitFor(() => expect(pids.map(beganAt)).toEqual(pids.map(() => null)), 20_000);

function supervise() {
  const supervisor = createSupervisor({ line: (text: string) => lines.push(text), logs, backOffMs: 1 });
  onTestFinished(() => supervisor.stop());
  return supervisor;
}

test('a wish to stop ends every part, the last started first', async () => {
  const supervisor = supervise();
  const stopped: string[] = [];
  for (const name of ['database', 'server']) {
    supervisor.keep(name, { pid: -1, exited: new Promise(() => {}), stop: async () => void stopped.push(name) });
  }
  const { pid } = await supervisor.start(part('api'));
  await supervisor.stop();
  expect(beganAt(Number(pid))).toBeNull();
  expect(stopped).toEqual(['server', 'database']);
  expect(await supervisor.ended).toBeNull();
});

test('a part that does not listen is made to stop', async () => {
  const supervisor = supervise();
  const { pid } = await supervisor.start(part('deaf', { DEAF: '1' }, { graceMs: 50 }));
  await supervisor.stop();
  expect(beganAt(Number(pid))).toBeNull();
});

test('a part that crashes is started again, and another time only up to its limit', async () => {
  const supervisor = supervise();
  await supervisor.start(part('worker', { CRASH: 'after' }, { restarts: 2 }));
  expect(await supervisor.ended).toBe('worker');
  expect(lines.filter((line) => line.includes('starting it again'))).toHaveLength(2);
  expect(lines.at(-1)).toContain('worker ended with exit 4; see');
});

test('a server that is lost ends everything', async () => {
  const supervisor = supervise();
  supervisor.keep('postgres', { pid: -1, exited: Promise.resolve(1), stop: async () => {} });
  expect(await supervisor.ended).toBe('postgres');
  expect(lines[0]).toContain('postgres ended unexpectedly (exit 1)');
});

test('a part that dies before it serves is an error that shows its last words', async () => {
  const start = supervise().start(part('api', { CRASH: 'before', SAY: '{"level":50,"msg":"PORT is not a number"}' }));
  await expect(start).rejects.toThrow(/api ended with exit 3; see .*api\.log\n {4}PORT is not a number/);
  expect(lines).toContain('api: PORT is not a number');
  expect(readFileSync(join(logs, 'api.log'), 'utf8')).toContain('PORT is not a number');
});

test('a part that never serves is given up', async () => {
  const supervisor = supervise();
  const start = supervisor.start({ ...part('idle'), args: ['-e', 'setInterval(() => {}, 60_000)'], readyMs: 50 });
  await expect(start).rejects.toThrow('idle did not come up');
});

describe('a keeper in a process of its own', () => {
  test.each(['SIGINT', 'SIGKILL'] as const)('leaves no part behind when it gets %s', async (signal) => {
    const keeper = spawn(process.execPath, [fixture('keeper.mjs'), logs]);
    const pids = await new Promise<number[]>((resolve) =>
      keeper.stdout.once('data', (data) => resolve(JSON.parse(data))),
    );
    expect(pids.map(beganAt)).not.toContain(null);
    keeper.kill(signal);
    await gone(...pids);
  });

  test('stops the others after a crash of one', async () => {
    const keeper = spawn(process.execPath, [fixture('keeper.mjs'), logs]);
    let output = '';
    const [first, second] = await new Promise<number[]>((resolve) => {
      keeper.stdout.once('data', (data) => resolve(JSON.parse(data)));
    });
    keeper.stdout.on('data', (data) => {
      output += data;
    });
    process.kill(first!, 'SIGKILL');
    await new Promise((resolve) => keeper.once('close', resolve));
    expect(output).toContain('ended: first');
    await gone(first!, second!);
  });
});

test.each([
  ['{"level":50,"msg":"charge failed","err":{"message":"timeout"}}', false, 'charge failed: timeout'],
  ['{"level":30,"msg":"no error here"}', false, null],
  ['TypeError: x is not a function', true, 'TypeError: x is not a function'],
  ['(node:1) ExperimentalWarning: SQLite', true, null],
  ['an error, but on stdout', false, null],
])('of %s the terminal shows what a person must know', (text, isStderr, shown) => {
  expect(errorIn(text, isStderr)).toBe(shown);
});
