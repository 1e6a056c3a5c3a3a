/** How long the relay waits, in one place. */
export const relaySettings = {
  /** Without a notification it looks this often. */
  pollMs: 1_000,
  subscriptionsAtOnce: 64,
  /** One signal carries at most so many; the rest follows in the next. */
  eventsASignal: 100,
  /** Longer than a signal may take, so that nobody else sends the same meanwhile. */
  leaseMs: 30_000,
  signalTimeoutMs: 10_000,
  /** A payment's event waits so long for the answer of its own call, and looks this often whether it has come. */
  holdMs: 2_000,
  heldLookMs: 20,
  /** Sent and not taken in: again, and then at twice the distance each time. */
  resendMs: 60_000,
  longestResendMs: 3_600_000,
  /** Its subscription isn't known yet. Webhooks are often faster than the answer that makes it known. */
  parkMs: 500,
  longestParkMs: 900_000,
  /** By then nothing will come that makes it known. */
  diesAfterMs: 3 * 86_400_000,
  /** Temporal is away. */
  awayMs: 500,
  longestAwayMs: 15_000,
} as const;

export type RelaySettings = { readonly [Name in keyof typeof relaySettings]: number };

export const backOff = (first: number, longest: number, attempts: number): number =>
  Math.min(longest, first * 2 ** Math.min(attempts, 30));
