/**
 * One Postgres with a migrated template, one Temporal server in memory and one bundle of the workflows for a whole run,
 * each only where a selected test asks for it. All of it ends with the run, also when the run is killed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startGuard } from '../../bootstrap/guard.mjs';
import { startPostgres } from '../../bootstrap/postgres.mjs';
import { startTemporal } from '../../bootstrap/temporal.mjs';
import { findTemporal } from '../../bootstrap/temporal-find.mjs';
import { partsUsedBy } from './parts.ts';
import { TEMPLATE } from './template.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The superuser's address of the database `postgres`; empty where no selected test asks for it. */
    pgUrl: string;
    temporalAddress: string;
    workflowBundlePath: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const parts = project.vitest.config.watch ? everything : partsUsedBy([...project.vitest.state.getPaths()]);
  const folder = mkdtempSync(join(tmpdir(), 'hydra-test-'));
  const guard = startGuard();
  guard.removeAtEnd(folder);
  const running: { stop(): Promise<void> }[] = [];

  const startAll = [
    async () => {
      const postgres = parts.has('pgUrl')
        ? await startPostgres({ dataDir: join(folder, 'pg'), durable: false, guard })
        : null;
      if (postgres) running.push(postgres);
      if (postgres) await makeTemplate(postgres.superuserUrl);
      project.provide('pgUrl', postgres?.superuserUrl('postgres') ?? '');
    },
    async () => {
      const namespaces = ['hydra-live', 'hydra-test'];
      const temporal = parts.has('temporalAddress')
        ? await startTemporal({ ...(await findTemporal({ log: console.log })), namespaces, guard })
        : null;
      if (temporal) running.push(temporal);
      project.provide('temporalAddress', temporal?.address ?? '');
    },
    async () => {
      project.provide('workflowBundlePath', parts.has('workflowBundlePath') ? await bundle() : '');
    },
  ];
  const teardown = async () => {
    await Promise.all(running.map((part) => part.stop()));
    rmSync(folder, { recursive: true, force: true });
    guard.release();
  };

  const results = await Promise.allSettled(startAll.map((start) => start()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    await teardown();
    throw failed.reason;
  }
  return teardown;
}

const everything = new Set(['pgUrl', 'temporalAddress', 'workflowBundlePath']);

async function makeTemplate(urlOf: (database: string) => string): Promise<void> {
  const { migrateDatabase } = await import('../../src/db/migrate.ts'); // here, since tests of the pure core don't need it
  const { onServer } = await import('./on-server.ts');
  await onServer(urlOf('postgres'), `create database ${TEMPLATE}`);
  await migrateDatabase(urlOf(TEMPLATE));
  // A template with a session on it cannot be cloned, so nobody may open one.
  await onServer(urlOf('postgres'), `alter database ${TEMPLATE} with is_template true allow_connections false`);
}

async function bundle(): Promise<string> {
  const { workflowBundle } = await import('../../src/worker/workflow-bundle.ts'); // here, for the same reason
  return (await workflowBundle()).codePath;
}
