/** Errors in Stripe's shape. https://docs.stripe.com/api/errors */
import type { Charge, PaymentIntent, PaymentMethod, SetupIntent } from './wire.ts';

type ErrorType = 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error' | 'authentication_error';

export type ErrorBody = {
  error: {
    type: ErrorType;
    message: string;
    code?: string;
    decline_code?: string;
    advice_code?: string;
    network_decline_code?: string;
    param?: string;
    doc_url?: string;
    charge?: Charge['id'];
    payment_intent?: PaymentIntent;
    payment_method?: PaymentMethod;
    setup_intent?: SetupIntent;
    request_log_url?: string;
  };
};

/** The request is refused: whatever it had begun is undone, and nothing is kept under its idempotency key. */
export class Refused extends Error {
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, error: ErrorBody['error']) {
    super(error.message);
    this.status = status;
    this.body = { error: { ...error, ...(error.code && { doc_url: docUrl(error.code) }) } };
  }
}

export const docUrl = (code: string) => `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`;

export function invalid(message: string, more: { code?: string; param?: string } & Partial<ErrorBody['error']> = {}) {
  return new Refused(400, { type: 'invalid_request_error', message, ...more });
}

export function missing(noun: string, id: string, param = 'id') {
  const message = `No such ${noun}: '${id}'`;
  return new Refused(404, { type: 'invalid_request_error', code: 'resource_missing', message, param });
}

/** A reference inside the parameters to something that isn't there: 400, where the path itself would be 404. */
export function missingReference(noun: string, id: string, param: string) {
  return invalid(`No such ${noun}: '${id}'`, { code: 'resource_missing', param });
}

export function unauthorized(message: string) {
  return new Refused(401, { type: 'invalid_request_error', message });
}

export function unknownRoute(method: string, path: string) {
  const message = `Unrecognized request URL (${method}: ${path}). The simulator has no such route.`;
  return new Refused(404, { type: 'invalid_request_error', message });
}

export function keyInUse(key: string) {
  const message = `There is currently another in-progress request using this idempotency key (${key}).`;
  return new Refused(409, { type: 'invalid_request_error', code: 'idempotency_key_in_use', message });
}

export function keyReused(key: string) {
  const message = `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`;
  return new Refused(400, { type: 'idempotency_error', message });
}
