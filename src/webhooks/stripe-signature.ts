/**
 * Stripe's webhook signature, strictly, over the bytes as they came: `t=<seconds>,v1=<hex hmac of "t.body">`, with
 * several `v1` while a secret is rolled. https://docs.stripe.com/webhooks/signatures
 *
 * The official client is laxer: it takes times in the future, decodes the body before it hashes it (so that an invalid
 * byte can verify), and lets odd headers through to plain errors.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const TOLERANCE_MS = 5 * 60_000;
const LONGEST_HEADER = 4096;
const MOST_PARTS = 32;

export type Verdict<Secret> = { valid: true; secret: Secret } | { valid: false; why: string };

/** `secrets` may be several; which one signed is part of the answer, since a secret belongs to an account and a mode. */
export function verifyStripeSignature<Secret extends { secret: string }>(
  body: Buffer,
  header: string | undefined,
  secrets: readonly Secret[],
  now: number,
): Verdict<Secret> {
  if (header === undefined || header === '') return refuse('there is no signature');
  const parsed = parse(header);
  if (!parsed) return refuse('the signature header is malformed');
  let signer: Secret | null = null;
  // No early way out: how long it takes says nothing about which secret or signature was close.
  for (const secret of secrets) {
    const expected = createHmac('sha256', secret.secret).update(`${parsed.timestamp}.`).update(body).digest();
    for (const signature of parsed.signatures) if (timingSafeEqual(expected, signature)) signer ??= secret;
  }
  if (!signer) return refuse('no signature matches');
  // After the signatures: a forger learns nothing about our clock.
  const drift = Math.abs(now - Number(parsed.timestamp) * 1000);
  if (drift > TOLERANCE_MS) return refuse('its time is more than five minutes from ours');
  return { valid: true, secret: signer };
}

/** Names a secret where it must not be told: which of several has signed. The secret is random, so nobody finds it from this. */
export const idOfSecret = (secret: string): string =>
  `stripe:${createHash('sha256').update(secret).digest('hex').slice(0, 12)}`;

const refuse = (why: string) => ({ valid: false, why }) as const;

/** Exactly one time, in plain digits; at least one v1 of 64 hex digits; other schemes are Stripe's to add. */
function parse(header: string): { timestamp: string; signatures: Buffer[] } | null {
  if (header.length > LONGEST_HEADER) return null;
  const parts = header.split(',');
  if (parts.length > MOST_PARTS) return null;
  let timestamp: string | null = null;
  const signatures: Buffer[] = [];
  for (const part of parts) {
    const match = /^([a-z][a-z0-9]{0,15})=([A-Za-z0-9]{1,256})$/.exec(part);
    if (!match) return null;
    const [, scheme, value = ''] = match;
    if (scheme === 't') {
      if (timestamp !== null || !/^[1-9]\d{0,11}$/.test(value)) return null;
      timestamp = value;
    } else if (scheme === 'v1') {
      if (!/^[0-9a-f]{64}$/.test(value)) return null;
      signatures.push(Buffer.from(value, 'hex'));
    }
  }
  return timestamp === null || signatures.length === 0 ? null : { timestamp, signatures };
}
