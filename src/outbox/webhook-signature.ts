/** Standard Webhooks (standardwebhooks.com): what is signed is the id, the time and the body together. */
import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;

/** As the owner of an endpoint has it, and as it is kept: without the prefix. */
export const newWebhookSecret = (): string => randomBytes(SECRET_BYTES).toString('base64');
export const shownSecret = (kept: string): string => PREFIX + kept;

/** Under each of the secrets: while one is rotated, whoever knows either is content. */
export function signatureHeaders(
  { id, body, at }: { id: string; body: string; at: number },
  secrets: readonly string[],
): { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string } {
  const timestamp = String(Math.floor(at / 1_000));
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', Buffer.from(secret, 'base64')).update(signed).digest('base64')}`,
  );
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
