/**
 * Addresses that let whoever has them do one thing, for a while: signed, so that nothing in them can be changed, and good
 * for nothing else. Nothing is kept of them.
 */
import { createHmac } from 'node:crypto';
import type { Mode, TenantId } from '../domain/ids.ts';
import type { Instant } from '../domain/time.ts';
import { constantTimeEqual } from './equal.ts';

/** What it lets one do: pay one invoice, or see to the end of one subscription. */
export type LinkPurpose = 'pay' | 'cancel';
export type Linked<Subject extends string = string> = { tenant: TenantId; mode: Mode; subject: Subject };
export type ReadLink = ({ outcome: 'good' } & Linked) | { outcome: 'expired' } | { outcome: 'tampered' };

export function signLink(key: Buffer, purpose: LinkPurpose, linked: Linked, expiresAt: Instant): string {
  const payload = [linked.tenant, linked.mode, linked.subject, Math.ceil(expiresAt / 1_000).toString(36)].join('/');
  return `${Buffer.from(payload).toString('base64url')}.${macOf(key, purpose, payload)}`;
}

export function readLink(key: Buffer, purpose: LinkPurpose, token: string, now: Instant): ReadLink {
  const [encoded = '', mac = '', ...rest] = token.split('.');
  const payload = Buffer.from(encoded, 'base64url').toString();
  const isOurs =
    rest.length === 0 &&
    constantTimeEqual(token, `${Buffer.from(payload).toString('base64url')}.${macOf(key, purpose, payload)}`);
  if (!isOurs || mac === '') return { outcome: 'tampered' };
  const [tenant, mode, subject, expires] = payload.split('/') as [TenantId, Mode, string, string];
  if (Number.parseInt(expires, 36) * 1_000 <= now) return { outcome: 'expired' };
  return { outcome: 'good', tenant, mode, subject };
}

/** An array, so that no purpose and payload together read as another two. */
const macOf = (key: Buffer, purpose: LinkPurpose, payload: string): string =>
  createHmac('sha256', key)
    .update(JSON.stringify(['hydra link', purpose, payload]))
    .digest('base64url');
