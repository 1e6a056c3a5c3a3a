/**
 * So many at once, and then so many a second: a bucket for each sender. They are this process's own; several processes let
 * through so many times as much, which is what a limit against bursts may do.
 */
import { Problem } from './problem.ts';

export type Rate = { burst: number; perSecond: number };

export type Buckets = {
  /** Null where there was one left, else when there will be one. */
  take(sender: string): number | null;
  /** The same, without taking it. */
  look(sender: string): number | null;
};

const REMEMBERED = 20_000;

export function createBuckets({ burst, perSecond }: Rate, now: () => number = Date.now): Buckets {
  // In the order of their last use: the first is the one to forget.
  const known = new Map<string, { left: number; at: number }>();
  const look = (sender: string) => {
    const at = now();
    const bucket = known.get(sender) ?? { left: burst, at };
    return { left: Math.min(burst, bucket.left + ((at - bucket.at) / 1_000) * perSecond), at };
  };
  const waitFor = (left: number) => (left >= 1 ? null : Math.max(1, Math.ceil((1 - left) / perSecond)));
  return {
    look: (sender) => waitFor(look(sender).left),
    take(sender) {
      const bucket = look(sender);
      const wait = waitFor(bucket.left);
      if (wait === null) bucket.left--;
      known.delete(sender);
      known.set(sender, bucket);
      if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
      return wait;
    },
  };
}

export function refuseFlood(retryAfterSeconds: number | null, what = 'too many requests; come again later'): void {
  if (retryAfterSeconds !== null) throw new Problem(429, 'too_many_requests', what, { retryAfterSeconds });
}
