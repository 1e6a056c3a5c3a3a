/** `hydra up`: everything from one command, until Ctrl-C. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDependencies } from './dependencies.mjs';
import { tryLock } from './lock.mjs';
import { DATA } from './places.mjs';
import { stopLeftoverPostgres } from './postgres.mjs';
import { watchStarter } from './processes.mjs';
import { startStack } from './stack.mjs';
import { createSupervisor } from './supervisor.mjs';
import { stopLeftoverTemporal } from './temporal.mjs';
import { createTerminal } from './terminal.mjs';

const LOG_BYTES = 10_000_000;
const IMPATIENT_MS = 500;

/**
 * @param {{ fresh?: boolean, data?: string }} [options]
 * @returns {Promise<number>} the exit code
 */
export async function up({ fresh = false, data = DATA } = {}) {
  const terminal = createTerminal();
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const lockFile = join(data, 'up.lock');
  const taken = tryLock(lockFile);
  if ('holder' in taken) {
    const { pid, note } = taken.holder;
    const where = note ? `: API ${note.api}, Temporal UI ${note.temporalUi}` : ', and is still starting';
    terminal.line(
      `Hydra Billing is already running (process ${pid})${where}. Stop it with Ctrl-C there, or \`kill ${pid}\`.`,
    );
    return 1;
  }
  try {
    if (fresh) await forget(data, terminal);
    await ensureDependencies({ log: terminal.line });
    return await run({ data, terminal, lock: taken.lock });
  } catch (error) {
    terminal.line(terminal.red(error.message));
    return 1;
  } finally {
    taken.lock.release();
  }
}

async function run({ data, terminal, lock }) {
  turnLogs(join(data, 'logs'));
  const supervisor = createSupervisor({ line: terminal.line, logs: join(data, 'logs') });
  let wishedAt = 0;
  const wish = () => {
    wishedAt ||= performance.now();
    if (performance.now() - wishedAt > IMPATIENT_MS) return supervisor.kill(); // a second Ctrl-C, not the first one's echo
    if (!supervisor.stopping()) terminal.line('stopping …');
    void supervisor.stop();
  };
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, wish);
  const stopWatching = watchStarter(() => wishedAt === 0 && wish());
  const starting = startStack({ data, supervisor, terminal });
  try {
    const lost = await Promise.race([
      starting.then(({ demo }) => {
        lock.note({ api: demo.api, temporalUi: demo.temporalUi });
        terminal.line(banner(demo, terminal));
        return supervisor.ended;
      }),
      supervisor.ended,
    ]);
    return lost === null ? 0 : 1;
  } catch (error) {
    if (wishedAt === 0) terminal.line(terminal.red(error.message));
    return wishedAt === 0 ? 1 : 0;
  } finally {
    await supervisor.stop();
    await starting.catch(() => {}); // its trouble was told above, or comes from our stopping
    if (wishedAt > 0) terminal.line('stopped; the data stays in .hydra');
    stopWatching();
    for (const signal of signals) process.off(signal, wish);
  }
}

/** Begins anew: all data goes, after those who may still write to it. */
async function forget(data, terminal) {
  await stopLeftoverPostgres(join(data, 'postgres'), terminal.line);
  await stopLeftoverTemporal(join(data, 'temporal.db'), terminal.line);
  for (const name of readdirSync(data)) {
    if (name !== 'up.lock') rmSync(join(data, name), { recursive: true, force: true });
  }
}

function turnLogs(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.log'))) {
    const file = join(folder, name);
    if (statSync(file).size > LOG_BYTES) renameSync(file, `${file}.1`);
  }
}

function banner(demo, { bold, cyan, dim }) {
  const bearer = (name) => `"Authorization: Bearer $(node -p "require('./.hydra/demo.json').${name}")"`;
  const rows = [
    ['Dashboard', demo.dashboard],
    ['Console', demo.console],
    ['API', demo.api],
    ['API docs', demo.docs],
    ['Temporal UI', demo.temporalUi ?? `yours, for ${demo.temporalAddress}`],
    ['Simulator', demo.simulator ?? 'none: Stripe itself'],
  ];
  return [
    '',
    bold('Hydra Billing is up.'),
    '',
    ...rows.map(([name, address]) => `  ${name.padEnd(12)} ${cyan(address)}`),
    '',
    `  Demo tenant ${demo.tenant}; its tokens and addresses are in .hydra/demo.json.`,
    '',
    bold('Try'),
    dim('  1. subscribe a customer, and charge her card'),
    `  curl -s -X POST -H ${bearer('customerToken')} -H 'content-type: application/json' -d '{"planId":"basic"}' ${demo.api}/api/billing/subscribe`,
    dim('  2. her invoices'),
    `  curl -s -H ${bearer('customerToken')} ${demo.api}/api/billing/invoices`,
    dim('  3. the books, which balance'),
    `  curl -s -H ${bearer('adminToken')} ${demo.api}/api/admin/ledger/trial-balance`,
    '',
    dim('Ctrl-C stops everything; the data stays. `npm start -- --fresh` begins anew.'),
    '',
  ].join('\n');
}
