/** What taxes depend on, in one look. */
import { sql } from 'kysely';
import type { Country } from '../domain/country.ts';
import type { CustomerId } from '../domain/ids.ts';
import { type Parties, type Seller, taxSeller } from '../domain/parties.ts';
import type { TaxRules } from '../domain/tax.ts';
import { ratesOn } from '../domain/tax-rates.ts';
import { type TaxFacts, type TaxIdState, taxRules } from '../domain/tax-rules.ts';
import { dayOf, type Instant } from '../domain/time.ts';
import type { Trx } from './tenant.ts';

type Asked = { customer: CustomerId; at: Instant };

/** Null where the tenant has said nothing of who sells: then nothing is taxed. */
export async function taxFactsOf(trx: Trx, { customer, at }: Asked): Promise<TaxFacts | null> {
  const { rows } = await sql<{
    seller: Seller;
    country: Country | null;
    region: string | null;
    tax_id_country: Country | null;
    tax_id_state: TaxIdState | null;
    tax_exempt: boolean | null;
  }>`
    select seller.document as seller, buyer.*
    from (select document from seller_profiles order by version desc limit 1) seller
    left join (
      select country, region, tax_id_country, tax_id_state, tax_exempt from customer_addresses
      where customer_id = ${customer} order by version desc limit 1
    ) buyer on true`.execute(trx);
  const [row] = rows;
  if (!row) return null;
  return {
    seller: taxSeller(row.seller),
    buyer: {
      country: row.country,
      region: row.region,
      taxExempt: row.tax_exempt ?? false,
      taxId:
        row.tax_id_country === null || row.tax_id_state === null
          ? null
          : { country: row.tax_id_country, state: row.tax_id_state },
    },
    day: dayOf(at, row.seller.timeZone),
  };
}

/** By the table that comes with the product. An outside calculator is asked with `taxFactsOf`, outside of a transaction. */
export async function taxRulesFor(trx: Trx, asked: Asked): Promise<TaxRules | null> {
  const facts = await taxFactsOf(trx, asked);
  return facts && taxRules(facts, ratesOn);
}

/** The versions that hold now, for an invoice to name. */
export async function partiesOf(trx: Trx, customer: CustomerId): Promise<Parties> {
  const { rows } = await sql<Parties>`
    select (select max(version) from seller_profiles) as seller,
      (select max(version) from customer_addresses where customer_id = ${customer}) as buyer`.execute(trx);
  return rows[0]!;
}
