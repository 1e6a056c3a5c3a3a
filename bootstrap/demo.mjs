/** `hydra demo`: a year of three customers, on a passing product that leaves nothing; or on the one that is running here. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies } from './dependencies.mjs';
import { isUp } from './environment.mjs';
import { DATA, ROOT } from './places.mjs';
import { startStack } from './stack.mjs';
import { createSupervisor } from './supervisor.mjs';
import { createTerminal } from './terminal.mjs';

/**
 * @param {{ here?: boolean }} [options] `here`: in the books of what is running, to be looked at afterwards
 * @returns {Promise<number>} the exit code
 */
export async function demo({ here = false } = {}) {
  if (here && !isUp()) throw new Error('Nothing is running here: npm start first, or leave out --here.');
  await ensureDependencies({ log: console.error });
  const terminal = createTerminal({ stream: process.stderr }); // what is printed is the year alone, the same each time
  const data = mkdtempSync(join(tmpdir(), 'hydra-demo-'));
  const supervisor = createSupervisor({ line: terminal.line, logs: join(data, 'logs') });
  supervisor.guard.removeAtEnd(data);
  const stop = () => void supervisor.stop();
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, stop);
  try {
    const work = liveTheYear({ here, supervisor, terminal, data });
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

async function liveTheYear({ here, supervisor, terminal, data }) {
  const addresses = here
    ? JSON.parse(readFileSync(join(DATA, 'demo.json'), 'utf8'))
    : (await startStack({ data, supervisor, terminal, passing: true })).demo;
  const env = { ...process.env, HYDRA_DEMO: JSON.stringify(addresses) };
  const year = fileURLToPath(new URL('demo-year.mjs', import.meta.url));
  const args = ['--import', import.meta.resolve('tsx'), year];
  return terminal.during('a year of three customers', () => supervisor.runOnce({ name: 'year', args, cwd: ROOT, env }));
}
