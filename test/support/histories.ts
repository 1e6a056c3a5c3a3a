/**
 * Histories of journeys, kept so that today's code must still replay yesterday's runs. `HYDRA_RECORD=1 npm test` writes
 * them anew: only when a change of the workflow's commands is meant, and then beside a `patched()` for the old ones.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';

const folder = new URL('../histories/', import.meta.url);
const { History } = proto.temporal.api.history.v1;

export async function keepHistory(name: string, handle: WorkflowHandle): Promise<void> {
  if (process.env.HYDRA_RECORD !== '1') return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.pb`, folder), History.encode(await handle.fetchHistory()).finish());
}

export const keptHistories = () =>
  readdirSync(folder).map((file) => ({
    workflowId: file.replace(/\.pb$/, ''),
    history: History.decode(readFileSync(new URL(file, folder))),
  }));
