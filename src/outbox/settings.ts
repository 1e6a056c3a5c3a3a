/** How long the relay of the outbox waits, in one place. */
export const outboxSettings = {
  /** Without a notification it looks this often. */
  pollMs: 1_000,
  announceAtOnce: 2_000,
  /** It leaves some to the others. */
  shardsAtOnce: 8,
  /** A consumer is brought so many of a shard at once. */
  takenAtOnce: 500,
  /** A relay that was killed holds its shards for so long; one that lives renews them. */
  leaseMs: 10_000,
  /** After a trouble of a consumer, and then at twice the distance each time. */
  awayMs: 250,
  longestAwayMs: 15_000,
  /** What was announced can be read again for so long. */
  keptMs: 30 * 86_400_000,
  forgetEveryMs: 600_000,
  forgottenAtOnce: 5_000,
} as const;

export type OutboxSettings = { readonly [Name in keyof typeof outboxSettings]: number };
