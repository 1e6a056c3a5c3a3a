/** What an account's settings say about invoices that aren't paid. */
import type { Call } from './call.ts';

/** When a try fails, the next one is so many days later; after the last, the subscription ends like this. */
export type RetryRules = { id: 'retries'; retryDays: number[]; ending: 'cancel' | 'unpaid' | 'leave' };

const ORDINARY: RetryRules = { id: 'retries', retryDays: [1, 3, 5, 7], ending: 'cancel' };

export const retryRules = (call: Pick<Call, 'store'>): RetryRules =>
  call.store.get('sim.retries', 'retries') ?? ORDINARY;
