import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { inject } from 'vitest';
import { TEST_NAMESPACE } from './namespace.ts';

export { TEST_NAMESPACE };

export type TestTemporal = {
  readonly address: string;
  readonly client: Client;
  /** This file's own, so that no other file's worker takes its tasks. */
  readonly taskQueue: string;
  readonly workflowBundle: { readonly codePath: string };
  close(): Promise<void>;
};

/** A client of the run's server, and what a worker of this file's own needs. */
export async function connectTemporal(namespace = TEST_NAMESPACE): Promise<TestTemporal> {
  const address = inject('temporalAddress');
  const connection = await Connection.connect({ address });
  return {
    address,
    client: new Client({ connection, namespace }),
    taskQueue: `test-${randomUUID()}`,
    workflowBundle: { codePath: inject('workflowBundlePath') },
    close: () => connection.close(),
  };
}
