/** The body of a verified delivery, as an event of the inbox. Everything that isn't allowed by name ends here. */
import type { Heard } from '../db/inbox.ts';
import type { Mode } from '../domain/ids.ts';
import { isObject, parseObject } from './json-object.ts';
import { holdsCardNumber, sanitize, seconds } from './sanitize.ts';
import { allowed, allowedBefore } from './stripe-allowed.ts';
import { type Meaning, translate } from './stripe-translate.ts';

export type Read = { ok: true; event: Heard } | { ok: false; code: 'invalid_body' | 'mode_mismatch'; why: string };

export function readStripeEvent(body: Buffer, account: { id: string; mode: Mode }): Read {
  const event = parseObject(body);
  return event
    ? readStripeObject(event, account)
    : { ok: false, code: 'invalid_body', why: 'the body is not a JSON object in UTF-8' };
}

/** The same for one that was not sent to us but asked for. */
export function readStripeObject(
  event: { readonly [name: string]: unknown },
  account: { id: string; mode: Mode },
): Read {
  const { id, type, livemode, data } = event;
  const created = seconds(event.created);
  if (!isEventId(id) || !isType(type) || created === null || typeof livemode !== 'boolean' || !isObject(data)) {
    return { ok: false, code: 'invalid_body', why: 'the body is not an event' };
  }
  const mode: Mode = livemode ? 'live' : 'test';
  if (mode !== account.mode) {
    return { ok: false, code: 'mode_mismatch', why: `a ${mode} event, signed with a secret of ${account.mode} mode` };
  }
  const object = sanitize(data.object, allowed[type] ?? {});
  const before = sanitize(data.previous_attributes, allowedBefore);
  const meaning: Meaning =
    event.account === undefined || event.account === null
      ? translate({ type, created: Number(created), object, before }, mode)
      : { kind: 'nothing', why: 'of a connected account' };
  const { tenant, subscription, told, ignored } =
    meaning.kind === 'told'
      ? { ...meaning, ignored: null }
      : { tenant: null, subscription: null, told: null, ignored: meaning.why };
  const common = { provider: 'stripe', account: account.id, mode, eventId: id, type } as const;
  return { ok: true, event: { ...common, tenant, subscription, told, occurredAt: Number(created) * 1000, ignored } };
}

const isEventId = (value: unknown): value is string =>
  typeof value === 'string' && /^evt_[A-Za-z0-9_]{1,200}$/.test(value) && !holdsCardNumber(value);
const isType = (value: unknown): value is string =>
  typeof value === 'string' && /^[a-z][a-z_]*(\.[a-z_]+)+$/.test(value) && value.length <= 100;
