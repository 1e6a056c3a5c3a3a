/** What opens an account, and what proves that its processor speaks. Sealed in its row, and opened where it is used. */
import type { ProcessorAccountRow } from '../db/processor-accounts.ts';
import type { Scope } from '../db/tenant.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { type Place, seal, unseal } from '../security/seal.ts';

export type StripeSecrets = { apiKey: string; webhookSecrets: string[] };
export type PaypalSecrets = { clientId: string; clientSecret: string; webhookId: string | null };
export type Opened = { processor: 'stripe'; secrets: StripeSecrets } | { processor: 'paypal'; secrets: PaypalSecrets };

export const sealSecrets = (ring: KeyRing, scope: Scope, id: string, { secrets }: Opened): string =>
  seal(ring, JSON.stringify(secrets), placeOf(scope, id));

export function openSecrets(ring: KeyRing, row: ProcessorAccountRow): Opened {
  const scope = { tenant: row.tenant_id, mode: row.mode };
  const secrets = JSON.parse(unseal(ring, row.secrets, placeOf(scope, row.id)).toString());
  return { processor: row.processor, secrets };
}

const placeOf = ({ tenant, mode }: Scope, row: string): Place => ({
  tenant: `${tenant}/${mode}`,
  ...{ table: 'processor_accounts', column: 'secrets', row },
});
