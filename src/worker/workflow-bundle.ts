/**
 * The workflows' code as the sandbox loads it: made when the product is built, or from the sources. The latter takes
 * seconds, so it is kept under a name made of everything that goes into it.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const built = fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));
const cache = new URL('../../node_modules/.cache/hydra/', import.meta.url);
const quiet = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error, log() {} };

async function bundle(): Promise<string> {
  const own = extname(fileURLToPath(import.meta.url)); // .ts from the sources, .js from the build
  const workflowsPath = fileURLToPath(new URL(`../../workflows/index${own}`, import.meta.url));
  return (await bundleWorkflowCode({ workflowsPath, logger: quiet })).code;
}

/** Everything that workflows may import, by the rule that `npm run imports` checks, and what turns it into a bundle. */
async function nameOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['workflows/', 'src/domain/']) {
    const base = new URL(`../../${folder}`, import.meta.url);
    for (const file of (await readdir(base)).sort()) hash.update(file).update(await readFile(new URL(file, base)));
  }
  hash.update(await readFile(new URL('../../package-lock.json', import.meta.url)));
  return `workflows-${hash.digest('hex').slice(0, 32)}.js`;
}

/** The file to load. */
export async function workflowBundle(given?: string): Promise<{ codePath: string }> {
  if (given) return { codePath: given };
  if (existsSync(built)) return { codePath: built };
  const file = fileURLToPath(new URL(await nameOfSources(), cache));
  if (!existsSync(file)) {
    await mkdir(cache, { recursive: true });
    const half = `${file}.${process.pid}`;
    await writeFile(half, await bundle());
    await rename(half, file); // whole or not at all: another process may be looking
  }
  return { codePath: file };
}

/** The last step of the build. */
if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(built, await bundle());
