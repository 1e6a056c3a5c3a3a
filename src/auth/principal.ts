import { createHash } from 'node:crypto';
import type { CustomerId, Mode, TenantId } from '../domain/ids.ts';

export const ROLES = ['customer', 'support', 'finance', 'admin', 'owner'] as const;
export type Role = (typeof ROLES)[number];
/** People by their role, and programs. */
export type Caller = Role | 'service';

const NOUNS = [
  'customers',
  'subscriptions',
  'invoices',
  'payment_methods',
  'price_books',
  'dunning_policies',
  'coupons',
  'usage',
  'ledger',
  'reports',
  'entitlements',
  'licenses',
  'events',
  'endpoints',
  'mails',
  'audit',
  'reconciliation',
  'clocks',
  'keys',
  'processor_accounts',
  'tenants',
] as const;
export type Grant = `${(typeof NOUNS)[number]}:${'read' | 'write'}`;
/** What a service key may do; writing includes reading, and `*` is everything. */
export const GRANTS: readonly Grant[] = NOUNS.flatMap((noun) => [`${noun}:read`, `${noun}:write`] as const);

export type Principal = {
  /** Opaque: it goes to Temporal and into the audit log, where no name or e-mail may be. */
  ref: string;
  tenant: TenantId;
  mode: Mode;
  caller: Caller;
  grants: readonly string[];
  /** The one customer that it acts on. Null where it may act on any. */
  customer: CustomerId | null;
  /** Where a browser asks by its cookie; what it changes has to come with that word. */
  session?: { id: string; csrf: string };
};

/** A subject is the identity provider's, and some make it an e-mail: so it is hashed before it goes anywhere. */
export const refOfSubject = (tenant: TenantId, subject: string): string =>
  `user/${createHash('sha256')
    .update(JSON.stringify([tenant, subject]))
    .digest('hex')
    .slice(0, 24)}`;

/** Who came by a link: no user is known, only for whom it was made. */
export const refOfPortal = (customer: CustomerId): string => `portal/${customer}`;

export const refOfKey = (id: string): string => `key/${id}`;

export function isGranted({ caller, grants }: Principal, needed: Grant): boolean {
  if (caller !== 'service' || grants.includes('*') || grants.includes(needed)) return true;
  return needed.endsWith(':read') && grants.includes(needed.replace(/:read$/, ':write'));
}
