import type { Announcement } from '../db/outbox.ts';

/** Somebody who is told. Everything comes at least once and with the same id: what it does with it must bear that. */
export type Consumer = {
  /** Under this its places are kept; another name is another consumer, that begins anew. */
  name: string;
  /** Without it all of them. */
  wants?: (type: string) => boolean;
  /**
   * In the order of the log, of a subscription in the order of its versions; the next come when these are taken. What is
   * rejected comes again, until it is taken, and holds up what is behind it: an expected trouble is the consumer's own.
   */
  take(announcements: readonly Announcement[]): Promise<void>;
};
