import { createHmac } from 'node:crypto';

/** `Stripe-Signature`: the time is the wall's, since receivers refuse what is older than five minutes. */
export function signatureOf(payload: string, secret: string, seconds: number): string {
  const v1 = createHmac('sha256', secret).update(`${seconds}.${payload}`).digest('hex');
  return `t=${seconds},v1=${v1}`;
}
