/** A customer's tax id on its way in: refused where it is mistyped, and asked about where a service can say more. */
import { keepBuyer, recordTaxIdCheck } from '../db/buyers.ts';
import type { CustomerKeys } from '../db/customers.ts';
import type { Scope, Trx } from '../db/tenant.ts';
import type { Country } from '../domain/country.ts';
import type { CustomerId } from '../domain/ids.ts';
import type { Buyer } from '../domain/parties.ts';
import { bareVatId, knowsVatIdsOf, parseVatId } from '../domain/vat-id.ts';
import type { TaxIdAnswer, TaxIdChecker } from '../tax/tax-ids.ts';
import { badField } from './problem.ts';

export type CheckedTaxId = { taxId: string; country: Country; said: TaxIdAnswer };

/** Before any transaction begins: the service may take seconds. `country` is that of the address. */
export async function checkTaxId(checker: TaxIdChecker, text: string, country: Country | null): Promise<CheckedTaxId> {
  const found = parseVatId(text);
  if (!('why' in found)) return { taxId: found.number, country: found.country, said: await checker.check(found) };
  // Where ids are not known to us, whatever that country gave is taken as it is.
  const isForeign = found.unknownPrefix && country !== null && !knowsVatIdsOf(country);
  if (!isForeign) throw badField('taxId', `${text} ${found.why}`, 'tax_id_malformed');
  const taxId = text.trim();
  return { taxId, country, said: { checker: 'form', state: 'unknown', answer: { number: bareVatId(taxId) } } };
}

/** Keeps what was said, and the customer as invoices name it from now on. Null takes the id away. */
export async function keepWithTaxId(
  trx: Trx,
  keys: CustomerKeys,
  scope: Scope,
  id: CustomerId,
  change: Partial<Pick<Buyer, 'name' | 'address' | 'taxExempt'>>,
  checked: CheckedTaxId | null | undefined,
): Promise<void> {
  const at = Date.now();
  if (checked) {
    const { taxId, country, said } = checked;
    await recordTaxIdCheck(trx, keys, scope, id, { taxId, country, ...said }, at);
  }
  const tax = checked === undefined ? {} : taxFields(checked);
  await keepBuyer(trx, keys, scope, id, { ...change, ...tax }, at);
}

const taxFields = (checked: CheckedTaxId | null): Pick<Buyer, 'taxId' | 'taxIdCountry' | 'taxIdState'> =>
  checked === null
    ? { taxId: null, taxIdCountry: null, taxIdState: null }
    : { taxId: checked.taxId, taxIdCountry: checked.country, taxIdState: checked.said.state };
