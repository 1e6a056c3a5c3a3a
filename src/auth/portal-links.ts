/** What lets a customer into the portal: signed, so that a made-up one costs no look-up, and named, so that it works once. */
import { createHmac } from 'node:crypto';
import type { Mode, TenantId } from '../domain/ids.ts';
import { constantTimeEqual } from '../security/equal.ts';

const PREFIX = 'hpl_';

export type PortalLink = { tenant: TenantId; mode: Mode; id: string };

export function signPortalLink(key: Buffer, { tenant, mode, id }: PortalLink): string {
  const body = Buffer.from(JSON.stringify([tenant, mode, id])).toString('base64url');
  return `${PREFIX}${body}.${macOf(key, body)}`;
}

export const isPortalLink = (token: string): boolean => token.startsWith(PREFIX);

/** Null where it is none of ours. */
export function readPortalLink(key: Buffer, token: string): PortalLink | null {
  const [body = '', mac = '', ...rest] = token.slice(PREFIX.length).split('.');
  if (!isPortalLink(token) || rest.length > 0 || !constantTimeEqual(mac, macOf(key, body))) return null;
  const [tenant, mode, id] = JSON.parse(Buffer.from(body, 'base64url').toString()) as [TenantId, Mode, string];
  return { tenant, mode, id };
}

const macOf = (key: Buffer, body: string): string =>
  createHmac('sha256', key)
    .update(JSON.stringify(['hydra portal', body]))
    .digest('base64url');

/** Long enough to arrive by the host application’s redirect; a mail sends a link to where one is made. */
export const LINK_LIVES_MS = 15 * 60_000;
