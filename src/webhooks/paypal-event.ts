/** PayPal's delivery, as an event of the inbox. Everything that isn't allowed by name ends here. */
import type { Heard } from '../db/inbox.ts';
import type { Mode, PaymentMethodId } from '../domain/ids.ts';
import { isObject, parseObject } from './json-object.ts';
import { allowed } from './paypal-allowed.ts';
import { translatePaypal } from './paypal-translate.ts';
import { holdsCardNumber, sanitize } from './sanitize.ts';
import type { Read } from './stripe-event.ts';

export type PaypalAccount = { id: string; mode: Mode; nameOf: (vaultId: string) => PaymentMethodId };

export function readPaypalEvent(body: Buffer, account: PaypalAccount): Read {
  const event = parseObject(body);
  return event
    ? readPaypalObject(event, account)
    : { ok: false, code: 'invalid_body', why: 'the body is not a JSON object in UTF-8' };
}

/** The same for one that was not sent to us but asked for. */
export function readPaypalObject(
  event: { readonly [name: string]: unknown },
  { id: account, mode, nameOf }: PaypalAccount,
): Read {
  const { id: eventId, event_type: type, create_time, resource } = event;
  const occurredAt = typeof create_time === 'string' && TIME.test(create_time) ? Date.parse(create_time) : Number.NaN;
  if (!isEventId(eventId) || !isType(type) || !Number.isFinite(occurredAt) || !isObject(resource)) {
    return { ok: false, code: 'invalid_body', why: 'the body is not an event' };
  }
  const meaning = translatePaypal({ type, object: sanitize(resource, allowed[type] ?? {}) }, mode, nameOf);
  const { tenant, subscription, told, claim, ignored } =
    meaning.kind === 'told'
      ? { ...meaning, ignored: null }
      : { tenant: null, subscription: null, told: null, claim: null, ignored: meaning.why };
  const common = { provider: 'paypal', account, mode, eventId, type } as const;
  const heard: Heard = { ...common, tenant, subscription, told, claim, occurredAt, ignored };
  return { ok: true, event: heard };
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
const isEventId = (value: unknown): value is string =>
  typeof value === 'string' && /^WH-[A-Z0-9-]{1,100}$/.test(value) && !holdsCardNumber(value);
const isType = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Z][A-Z-]*(\.[A-Z-]+)+$/.test(value) && value.length <= 100;
