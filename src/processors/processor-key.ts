import type { Mode, TenantId } from '../domain/ids.ts';

/** Tenants may share an account, and their keys must not meet. Stripe takes 255 characters, PayPal 108. */
export const keyFor = ({ tenant, mode }: { tenant: TenantId; mode: Mode }, key: string): string =>
  `${tenant}/${mode}/${key}`;
