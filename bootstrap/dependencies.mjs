/** Installs the npm packages where they are missing or not those of package-lock.json; otherwise does nothing, offline. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { ROOT } from './places.mjs';

/**
 * @param {{ root?: string, log?: (line: string) => void, install?: (root: string) => Promise<void> }} [options]
 */
export async function ensureDependencies({ root = ROOT, log = console.log, install = installWithNpm } = {}) {
  if (staleDependencies(root) === null) return;
  await withLock(
    join(root, '.hydra', 'install.lock'),
    async () => {
      const reason = staleDependencies(root);
      if (reason === null) return; // the other start has done it
      log(`installing the npm packages (${reason})`);
      await install(root);
      writeFileSync(stampOf(root), digestOfLock(root));
    },
    (holder) => log(`another start (process ${holder.pid}) is installing the npm packages; waiting for it`),
  );
}

/**
 * @param {string} root
 * @returns {string | null} why the packages must be installed; null where they need not
 */
export function staleDependencies(root) {
  if (!existsSync(join(root, 'node_modules'))) return 'node_modules is missing';
  const stamp = stampOf(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digestOfLock(root)) return null;
  const reason = differenceFromLock(root);
  if (reason === null) writeFileSync(stamp, digestOfLock(root)); // somebody ran npm by hand: remember that it is right
  return reason;
}

const stampOf = (root) => join(root, 'node_modules', '.hydra-lock-digest');

const digestOfLock = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex');

/** npm notes in node_modules what it put there. */
function differenceFromLock(root) {
  const noted = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(noted)) return 'npm did not finish here';
  const present = JSON.parse(readFileSync(noted, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  for (const [path, { version, optional, devOptional }] of Object.entries(wanted)) {
    if (path === '' || present[path]?.version === version) continue;
    if (!present[path] && (optional || devOptional)) continue; // another platform's
    return `${path.replace(/^node_modules\//, '')} should be ${version}, and is ${present[path]?.version ?? 'missing'}`;
  }
  return null;
}

/**
 * No package of ours needs its install scripts, so nobody's run. `npm ci` refuses a lock file that was written on another
 * platform and lacks this one's packages (https://github.com/npm/cli/issues/4828); `npm install` completes it for itself.
 */
async function installWithNpm(root) {
  const common = [
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--include=dev',
    '--include=optional',
  ];
  if ((await npm(['ci', ...common], root)) === 0) return;
  console.error('npm ci failed; trying npm install');
  const code = await npm(['install', '--no-save', ...common], root);
  if (code === 0) return;
  throw new Error(
    `npm could not install the packages (exit ${code}). It needs the npm registry once, or npm's filled cache; with both out of reach, copy node_modules from a machine that has it.`,
  );
}

/** With the npm that runs us, if any; else the one on the PATH. */
async function npm(args, root) {
  const own = process.env.npm_execpath?.endsWith('.js') ? process.env.npm_execpath : null;
  const [command, first] = own ? [process.execPath, [own]] : ['npm', []];
  const child = spawn(command, [...first, ...args], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32' && !own,
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}
