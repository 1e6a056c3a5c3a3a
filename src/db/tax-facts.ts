/** What taxes depend on, in one look. */
import { sql } from 'kysely';
import type { Country } from '../domain/country.ts';
import type { CustomerId } from '../domain/ids.ts';
import { type Parties, type Seller, taxSeller } from '../domain/parties.ts';
import type { TaxFacts, TaxIdState } from '../domain/tax-rules.ts';
import { dayOf, type Instant } from '../domain/time.ts';
import type { Trx } from './tenant.ts';

type Asked = { customer: CustomerId; at: Instant };

/** The facts, null where the tenant has said nothing of who sells: then nothing is taxed. And whose they are. */
export async function taxFactsOf(
  trx: Trx,
  { customer, at }: Asked,
): Promise<{ facts: TaxFacts | null; parties: Parties }> {
  const { rows } = await sql<{
    seller: Seller | null;
    seller_version: number | null;
    buyer_version: number | null;
    country: Country | null;
    region: string | null;
    tax_id_country: Country | null;
    tax_id_state: TaxIdState | null;
    tax_exempt: boolean | null;
  }>`
    select seller.document as seller, seller.version as seller_version, buyer.version as buyer_version, buyer.country,
      buyer.region, buyer.tax_id_country, buyer.tax_id_state, buyer.tax_exempt
    from (values (1)) as one
    left join (select document, version from seller_profiles order by version desc limit 1) seller on true
    left join (
      select * from customer_addresses where customer_id = ${customer} order by version desc limit 1
    ) buyer on true`.execute(trx);
  const row = rows[0]!;
  const { seller } = row;
  const parties = { seller: row.seller_version, buyer: row.buyer_version };
  if (!seller) return { facts: null, parties };
  const facts: TaxFacts = {
    seller: taxSeller(seller),
    buyer: {
      country: row.country,
      region: row.region,
      taxExempt: row.tax_exempt ?? false,
      taxId:
        row.tax_id_country === null || row.tax_id_state === null
          ? null
          : { country: row.tax_id_country, state: row.tax_id_state },
    },
    day: dayOf(at, seller.timeZone),
  };
  return { facts, parties };
}
