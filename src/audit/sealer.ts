/** Seals the audit log as it grows, and has each chain's head signed and kept elsewhere. One at a time; the others look on. */
import type { KeyObject } from 'node:crypto';
import { type Head, sealAudit } from '../db/audit-chain.ts';
import type { Db } from '../db/client.ts';
import { backOff } from '../relay/settings.ts';
import { signCheckpoint } from '../security/checkpoint.ts';
import type { Checkpoints } from './checkpoints.ts';

const sealerSettings = { everyMs: 1_000, atOnce: 5_000, checkpointEveryMs: 60_000 } as const;

export type SealerOptions = {
  db: Db;
  key: KeyObject;
  checkpoints: Checkpoints;
  log: { info(fields: object, message: string): void; error(fields: object, message: string): void };
  settings?: { readonly [Name in keyof typeof sealerSettings]?: number };
};

export type Sealer = {
  /** Seals what there is and writes a checkpoint. */
  sealAll(): Promise<number>;
  start(): void;
  stop(): Promise<void>;
};

export function createSealer({ db, key, checkpoints, log, ...options }: SealerOptions): Sealer {
  const settings = { ...sealerSettings, ...options.settings };
  /** Grown, and in no checkpoint yet. */
  const grown = new Map<string, Head>();
  let checkpointAt = 0;
  let stopping = false;
  let loop: Promise<void> | null = null;
  let wakeUp = () => {};

  async function sealBatch(): Promise<number> {
    const { sealed, heads } = await sealAudit(db, settings.atOnce);
    for (const head of heads) grown.set(`${head.tenant}/${head.mode}`, head);
    return sealed;
  }

  async function checkpoint(): Promise<void> {
    if (grown.size === 0) return;
    const at = new Date();
    const heads = [...grown.values()];
    await checkpoints.add(signCheckpoint(key, { at: at.toISOString(), heads }), at);
    for (const { tenant, mode } of heads) grown.delete(`${tenant}/${mode}`);
    checkpointAt = at.getTime() + settings.checkpointEveryMs;
  }

  async function sealAll(): Promise<number> {
    let total = 0;
    for (let sealed = 1; sealed > 0; total += sealed) sealed = await sealBatch();
    await checkpoint();
    return total;
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stopping; ) {
      let waitMs = settings.everyMs;
      try {
        if ((await sealBatch()) === settings.atOnce) waitMs = 0;
        if (Date.now() >= checkpointAt) await checkpoint();
        failures = 0;
      } catch (error) {
        waitMs = backOff(settings.everyMs, 15_000, failures++);
        log.error(
          { error: error instanceof Error ? error.name : 'unknown', waitMs },
          'the audit log is not sealed now',
        );
      }
      if (!stopping && waitMs > 0) await pause(waitMs);
    }
    await checkpoint().catch(() =>
      log.error({}, 'the last checkpoint could not be written; the next sealing makes one'),
    );
  }

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  return {
    sealAll,
    start() {
      loop ??= run();
    },
    async stop() {
      stopping = true;
      wakeUp();
      await loop;
    },
  };
}
