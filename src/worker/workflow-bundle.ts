/** The workflows' code as the sandbox loads it: made when the product is built, or now, from the sources. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundleOption } from '@temporalio/worker';

const built = fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));
const quiet = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error, log() {} };

async function bundle(): Promise<string> {
  const own = extname(fileURLToPath(import.meta.url)); // .ts from the sources, .js from the build
  const workflowsPath = fileURLToPath(new URL(`../../workflows/index${own}`, import.meta.url));
  return (await bundleWorkflowCode({ workflowsPath, logger: quiet })).code;
}

export async function workflowBundle(codePath: string | undefined): Promise<WorkflowBundleOption> {
  if (codePath) return { codePath };
  return existsSync(built) ? { codePath: built } : { code: await bundle() };
}

/** The last step of the build. */
if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(built, await bundle());
