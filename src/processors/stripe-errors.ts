import Stripe from 'stripe';
import { ProcessorTrouble, retryAfterMs } from './trouble.ts';

/**
 * What Stripe's client throws, as trouble. The error itself is dropped: its `raw` holds client secrets and whatever was
 * sent, and loggers print what they find.
 */
function troubleOf(error: unknown): ProcessorTrouble {
  if (!(error instanceof Stripe.errors.StripeError)) {
    return new ProcessorTrouble(
      'unreachable',
      'unexpected',
      `stripe: ${error instanceof Error ? error.name : 'unknown error'}`,
    );
  }
  const { statusCode = 0, requestId = 'none' } = error;
  const code = error.code ?? error.rawType ?? error.type;
  const wait = retryAfterMs(error.headers?.['retry-after'], Date.now());
  const replayed = error.headers?.['idempotent-replayed'] === 'true' ? ', replayed' : '';
  const detail = `stripe answered ${statusCode || 'nothing'}: ${code}${error.param ? ` (${error.param})` : ''}, request ${requestId}${replayed}`;
  if (statusCode === 429 || error instanceof Stripe.errors.StripeRateLimitError) {
    return new ProcessorTrouble('throttled', code, detail, wait);
  }
  // Another call with this key is still on its way there: its answer will be ours.
  if (statusCode === 409) return new ProcessorTrouble('unreachable', code, detail, wait ?? 2_000);
  if (statusCode === 401 || statusCode === 403) return new ProcessorTrouble('unauthorized', code, detail);
  if (statusCode >= 400 && statusCode < 500) return new ProcessorTrouble('refused', code, detail);
  return new ProcessorTrouble('unreachable', code, detail, wait);
}

/** Runs a call; what the caller expects it catches itself, from `expected`. */
export async function asking<T>(call: () => Promise<T>, expected?: (error: StripeError) => T | undefined): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (expected && error instanceof Stripe.errors.StripeError) {
      const answer = expected(error);
      if (answer !== undefined) return answer;
    }
    throw troubleOf(error);
  }
}

export type StripeError = InstanceType<typeof Stripe.errors.StripeError>;

export const isMissing = (error: StripeError): boolean => error.code === 'resource_missing';

/** Null where Stripe has no such thing. */
export const askingFor = <T>(call: () => Promise<T>): Promise<T | null> =>
  asking<T | null>(call, (error) => (isMissing(error) ? null : undefined));
