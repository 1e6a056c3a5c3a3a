#!/usr/bin/env node
/** The command line. What must work before anything is installed is here; the rest is in src/cli. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { demo } from '../bootstrap/demo.mjs';
import { ensureDependencies } from '../bootstrap/dependencies.mjs';
import { doctor } from '../bootstrap/doctor.mjs';
import { runningEnvironment } from '../bootstrap/environment.mjs';
import { deploymentSecrets } from '../bootstrap/secrets.mjs';
import { program } from '../bootstrap/stack.mjs';
import { up } from '../bootstrap/up.mjs';

const HELP = `hydra: a subscription billing engine that you run yourself

  hydra up [--fresh]            everything, with embedded Postgres and Temporal; --fresh forgets all data
  hydra doctor [--json]         what is wrong with this machine, and what helps
  hydra secrets [folder]        makes the secrets of docker-compose.yml, once (default folder: secrets)

  hydra api | worker | relay | simulator | migrate
                                one process, from the environment

  hydra demo [--here]           a year of three customers, in seconds; --here in the books of what is running
  hydra clock create | advance SUB|CLK 30d
  hydra catalog diff | push     what a catalog kept as code changes, and brings it in
  hydra ledger verify           recomputes the books
  hydra reconcile               compares processor, books and workflows
  hydra privacy scan            looks for card numbers and secrets in all that is stored
  hydra why SUB                 why a subscription is in its state
  hydra <command> --help        more about one command
`;

const PROCESSES = ['api', 'worker', 'relay', 'simulator', 'migrate'];
const [command, ...rest] = process.argv.slice(2);

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function main() {
  switch (command) {
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      console.log(HELP);
      return 0;
    case 'up':
      return up(parse({ fresh: { type: 'boolean', default: false } }));
    case 'doctor':
      return doctor(parse({ json: { type: 'boolean', default: false } }));
    case 'demo':
      return demo(parse({ here: { type: 'boolean', default: false } }));
    case 'secrets':
      return secrets(rest[0] ?? 'secrets');
    default:
      return PROCESSES.includes(command) ? run(`processes/${command}`, rest) : run('cli/main', [command, ...rest]);
  }
}

function parse(options) {
  const { values } = parseArgs({ args: rest, options: { ...options, help: { type: 'boolean', short: 'h' } } });
  if (!values.help) return values;
  console.log(HELP);
  process.exit(0);
}

function secrets(folder) {
  const { made, kept } = deploymentSecrets(folder);
  console.log(
    `${folder}: made ${made.length} files${kept.length ? `, kept ${kept.length}` : ''}. Keep a copy apart from your backups.`,
  );
  return 0;
}

/** In the environment of a running `hydra up`, where there is one and the shell's own says nothing else. */
async function run(path, args) {
  if (process.env.NODE_ENV !== 'production') await ensureDependencies({ log: console.error });
  const child = spawn(process.execPath, [...program(path), ...args], {
    stdio: 'inherit',
    env: { ...runningEnvironment(), ...process.env },
  });
  process.on('SIGINT', () => {}); // the terminal sends it to the child as well, who answers it
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ? 128 + constants.signals[signal] : code));
  });
}
