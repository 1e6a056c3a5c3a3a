/**
 * `npm test [-- vitest's arguments]`: brings what the tests stand on, runs them, and closes with one line that a program
 * can read: `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies } from './dependencies.mjs';
import { ROOT } from './places.mjs';
import { watchStarter } from './processes.mjs';
import { findTemporal } from './temporal-find.mjs';

try {
  await ensureDependencies();
  await findTemporal({ log: console.log });
  process.exitCode = await runVitest(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  console.log('\n0 passed, 1 failed');
  process.exitCode = 1;
}

async function runVitest(args) {
  const reporters = args.some((arg) => arg.startsWith('--reporter')) ? [] : ['--reporter=default'];
  const counter = `--reporter=${join(ROOT, 'test', 'support', 'counts.ts')}`;
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, counter, ...args], {
    cwd: ROOT,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  // Ctrl-C reaches vitest by itself and it tidies up; we only wait for it. A signal for us alone is passed on.
  process.on('SIGINT', () => {});
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal));
  watchStarter(() => child.kill('SIGTERM'));
  let counts = null;
  child.on('message', (message) => {
    counts = message;
  });
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve([code, signal]));
  });
  if (counts === null) console.error(`vitest ended before it had counted (${signal ?? `exit ${code}`})`);
  // No green line above a red exit: whatever failed outside of the tests counts as one.
  const failed = counts === null ? 1 : Math.max(counts.failed, code === 0 ? 0 : 1);
  if (counts?.flaky.length) console.log(`\nPassed at the second try only:\n  ${counts.flaky.join('\n  ')}`);
  console.log(`\n${counts?.passed ?? 0} passed, ${failed} failed`);
  return signal ? 128 + constants.signals[signal] : code;
}
