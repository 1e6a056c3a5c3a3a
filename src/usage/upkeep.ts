import type { Db } from '../db/client.ts';
import { dropParts, forgetNames, makeParts } from '../db/usage-parts.ts';
import { HOUR } from '../domain/time.ts';

type Log = { info(fields: object, message: string): void; warn(fields: object, message: string): void };

/** At the start and each hour. Several processes may do it at once: what one has done, the others find done. */
export function keepUsageParts(db: Db, log: Log, now: () => number = Date.now): { stop(): void } {
  const look = async (): Promise<void> => {
    const made = await makeParts(db, now());
    const dropped = await dropParts(db, now());
    await forgetNames(db, now());
    if (made.length > 0 || dropped.length > 0) log.info({ made, dropped }, 'days of raw usage were made and dropped');
  };
  const tryIt = (): void => {
    look().catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      log.warn({ code }, 'days of raw usage could not be looked after; they are in an hour');
    });
  };
  tryIt();
  const timer = setInterval(tryIt, HOUR);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
