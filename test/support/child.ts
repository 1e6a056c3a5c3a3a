/** A process of the product as `hydra up` starts it, for tests that kill one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type Child = {
  readonly pid: number;
  readonly ended: Promise<NodeJS.Signals | number | null>;
  kill(signal: NodeJS.Signals): Promise<void>;
};

export type ChildName = 'worker' | 'relay' | 'api';

const root = fileURLToPath(new URL('../..', import.meta.url));
const key = randomBytes(32).toString('base64');
/** Keys that every process needs to start, and that these tests don't look at. */
const KEYS = {
  AUTH_JWT_SECRET: randomBytes(32).toString('base64'),
  ENCRYPTION_KEYS: `k1:${key}`,
  INBOX_KEYS: `k1:${key}`,
  ...Object.fromEntries(
    ['BLIND_INDEX', 'ANCHOR', 'LICENSE_SIGNING', 'AUDIT_SIGNING', 'LINK_SIGNING'].map((name) => [`${name}_KEY`, key]),
  ),
};

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function launch(program: string, env: Record<string, string>, stdout: 'inherit' | 'pipe'): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', `src/${program}.ts`], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LOG_LEVEL: 'error', ...KEYS, ...env },
    stdio: ['ignore', stdout, 'inherit', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Runs a program to its end and answers what it printed. */
export async function runChild(program: string, env: Record<string, string>): Promise<string> {
  const child = launch(program, env, 'pipe');
  let printed = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return printed;
}

/** Resolves when it serves, or when it ended before that. */
export async function startChild(name: ChildName, env: Record<string, string>): Promise<Child> {
  const child = launch(`processes/${name}`, env, 'inherit');
  const ended = new Promise<NodeJS.Signals | number | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
  await Promise.race([once(child, 'message'), ended]);
  return {
    pid: child.pid!,
    ended,
    kill: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
}
