/** Methods whose name at the processor isn't ours: how ours is made, and theirs found again. */
import type { CustomerKeys } from '../db/customers.ts';
import type { PaymentMethodRow } from '../db/payment-methods.ts';
import type { Scope } from '../db/tenant.ts';
import type { PaymentMethodId } from '../domain/ids.ts';
import type { Account } from '../processors/processors.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { methodName } from '../security/method-name.ts';
import { type Place, seal, unseal } from '../security/seal.ts';

/** Theirs is a way to take money: it lies sealed, and goes nowhere else. */
export function ourMethod(
  { ring, blindIndexKey }: CustomerKeys,
  scope: Scope,
  { id: account, processor }: Account,
  theirs: string,
): { id: PaymentMethodId; sealedReference: string | null } {
  if (processor.capabilities.namesMethods) return { id: theirs as PaymentMethodId, sealedReference: null };
  const id = methodName(blindIndexKey, { account, mode: scope.mode }, theirs);
  return { id, sealedReference: seal(ring, theirs, placeOf(scope, id)) };
}

type Named = Pick<PaymentMethodRow, 'tenant_id' | 'mode' | 'id' | 'sealed_reference'>;

export const theirMethod = (ring: KeyRing, { tenant_id, mode, id, sealed_reference }: Named): string =>
  sealed_reference === null ? id : unseal(ring, sealed_reference, placeOf({ tenant: tenant_id, mode }, id)).toString();

const placeOf = ({ tenant, mode }: Scope, row: PaymentMethodId): Place => ({
  tenant: `${tenant}/${mode}`,
  ...{ table: 'payment_methods', column: 'sealed_reference', row },
});
