import { asyncLocalStorage } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { ProcessorTrouble } from '../src/processors/trouble.ts';
import { redactError } from '../src/security/redact.ts';

const OPERATOR_LOOKS_MS = 60_000;

/** Well inside the heartbeat timeout that the workflow sets: a killed worker's call is taken up by another soon. */
const BEAT_EVERY_MS = 2_000;

/** A processor's trouble in Temporal's words: when to try again, and how loud to be about it. */
export async function withTrouble<T>(work: () => Promise<T>): Promise<T> {
  const context = asyncLocalStorage.getStore();
  const beat = setInterval(() => context?.heartbeat(), BEAT_EVERY_MS);
  try {
    return await work();
  } catch (error) {
    throw error instanceof ProcessorTrouble ? failureOf(error) : error;
  } finally {
    clearInterval(beat);
  }
}

function failureOf({ kind, code, message, retryAfterMs }: ProcessorTrouble): ApplicationFailure {
  const common = { message, type: `processor_${kind}`, details: [{ code }] };
  const wait = retryAfterMs === null ? {} : { nextRetryDelay: retryAfterMs };
  switch (kind) {
    case 'unreachable':
      return ApplicationFailure.create({ ...common, ...wait });
    case 'throttled':
      return ApplicationFailure.create({ ...common, ...wait, category: ApplicationFailureCategory.BENIGN });
    case 'unauthorized':
      return ApplicationFailure.create({ ...common, nextRetryDelay: OPERATOR_LOOKS_MS });
    case 'refused':
      return ApplicationFailure.create({ ...common, nonRetryable: true });
  }
}

/** What an activity throws ends in the workflow's history, message and stack. It is looked at once, for all of them. */
export const cleanFailures = (): ActivityInterceptors => ({
  inbound: {
    async execute(input, next) {
      try {
        return await next(input);
      } catch (error) {
        throw redactError(error, 'temporal_failure');
      }
    },
  },
});

/** Temporal has tried before and heard nothing: whether it happened is not known. */
export const isRepeat = (): boolean => (asyncLocalStorage.getStore()?.info.attempt ?? 1) > 1;
