import { readTenant } from '../db/tenants.ts';
import { invariant } from '../domain/invariant.ts';
import type { TimeZone } from '../domain/time.ts';
import type { Call } from './route.ts';

/** Whose calendar days are counted by, where nobody has said another. */
export async function tenantZone({ parts, scope }: Pick<Call, 'parts' | 'scope'>): Promise<TimeZone> {
  const tenant = await readTenant(parts.db, scope);
  invariant(tenant, 'the tenant of somebody who may ask');
  return tenant.timeZone;
}
