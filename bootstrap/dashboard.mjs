/**
 * The pages, built when their sources have changed: each state of these has a folder of its own, named by its hash.
 * Production takes what `npm run build` made.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './places.mjs';

const SOURCES = join(ROOT, 'src', 'dashboard');
const KEPT = 3;

/**
 * @param {{ data: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<string>} the folder of the built pages
 */
export async function builtDashboard({ data, env = process.env }) {
  const made = join(ROOT, 'dist', 'dashboard');
  if (env.NODE_ENV === 'production' && existsSync(made)) return made;
  const all = join(data, 'dashboard');
  const folder = join(all, hashOfSources());
  if (existsSync(folder)) return folder;
  mkdirSync(all, { recursive: true });
  const unfinished = `${folder}.${process.pid}`;
  await build(unfinished);
  // Another process may have been quicker: one is as good as the other.
  if (existsSync(folder)) rmSync(unfinished, { recursive: true, force: true });
  else renameSync(unfinished, folder);
  forgetOthers(all, folder);
  return folder;
}

function hashOfSources() {
  const hash = createHash('sha256');
  const files = readdirSync(SOURCES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const file of [...files.sort(), join(ROOT, 'package-lock.json')]) {
    hash.update(file.slice(ROOT.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

async function build(folder) {
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
  const config = join(SOURCES, 'vite.config.ts');
  const args = [vite, 'build', '--config', config, '--outDir', folder, '--logLevel', 'warn'];
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`the pages can’t be built:\n${said.trim()}`);
}

/** Some are kept: another process may still serve them. */
function forgetOthers(all, folder) {
  const others = readdirSync(all, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^[0-9a-f]{16}$/.test(entry.name) && join(all, entry.name) !== folder)
    .map((entry) => join(all, entry.name));
  for (const old of others.slice(0, Math.max(0, others.length - KEPT))) rmSync(old, { recursive: true, force: true });
}
