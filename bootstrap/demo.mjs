/** `hydra demo`: a year of three customers, on what is running here, or on a passing product that leaves nothing. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies } from './dependencies.mjs';
import { isUp } from './environment.mjs';
import { DATA, ROOT } from './places.mjs';
import { startStack } from './stack.mjs';
import { createSupervisor } from './supervisor.mjs';
import { createTerminal } from './terminal.mjs';

/** @returns {Promise<number>} the exit code */
export async function demo() {
  await ensureDependencies({ log: console.error });
  const terminal = createTerminal({ stream: process.stderr }); // what is printed is the year alone, the same each time
  const data = mkdtempSync(join(tmpdir(), 'hydra-demo-'));
  const supervisor = createSupervisor({ line: terminal.line, logs: join(data, 'logs') });
  supervisor.guard.removeAtEnd(data);
  const stop = () => void supervisor.stop();
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, stop);
  try {
    const work = liveTheYear({ supervisor, terminal, data });
    const lost = supervisor.ended.then((name) => {
      throw new Error(name ? `${name} was lost` : 'stopped');
    });
    process.stdout.write(await Promise.race([work, lost]));
    return 0;
  } catch (error) {
    terminal.line(error.message);
    return 1;
  } finally {
    await supervisor.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

async function liveTheYear({ supervisor, terminal, data }) {
  const running = isUp() && existsSync(join(DATA, 'demo.json'));
  const { demo: addresses } = running
    ? { demo: JSON.parse(readFileSync(join(DATA, 'demo.json'), 'utf8')) }
    : await startStack({ data, supervisor, terminal, passing: true });
  const env = { ...process.env, HYDRA_DEMO: JSON.stringify(addresses) };
  const year = fileURLToPath(new URL('demo-year.mjs', import.meta.url));
  const args = ['--import', import.meta.resolve('tsx'), year];
  return terminal.during('a year of three customers', () => supervisor.runOnce({ name: 'year', args, cwd: ROOT, env }));
}
