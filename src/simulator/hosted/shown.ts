import { Refused } from '../stripe/errors.ts';

/** What a browser gets: a page, the way to another, a script, or an answer to one. */
export type Shown = { html: string } | { redirect: string } | { script: string } | { json: object };

/** A refusal is something to tell the customer; they may correct it. */
export function attempt<T>(work: () => T): T | { kind: 'refused'; message: string } {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', message: error.message };
    throw error;
  }
}

/** The bank's page, and where it leads afterwards: to one of our own pages. */
export const challengeUrl = (intent: string, back: string) => `/_sim/3ds/${intent}?back=${encodeURIComponent(back)}`;
