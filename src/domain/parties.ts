/** Who sells and who buys, as an invoice names them. */
import type { Country } from './country.ts';
import type { TaxBehavior } from './tax.ts';
import type { Registration, TaxIdState, TaxSeller } from './tax-rules.ts';
import type { TimeZone } from './time.ts';

export type Address = {
  line1: string | null;
  line2: string | null;
  city: string | null;
  postalCode: string | null;
  region: string | null;
  country: Country;
};

/** The tenant as a legal person. Where the address is, the seller is established. */
export type Seller = Pick<TaxSeller, 'belowEuThreshold' | 'unknownTaxIds'> & {
  legalName: string;
  address: Address;
  taxIds: { country: Country; number: string }[];
  registrations: Registration[];
  /** Whether prices say what is paid, or what the tax comes on top of; where a price doesn't say it itself. */
  taxBehavior: TaxBehavior;
  /** The day of a tax is one of this zone. */
  timeZone: TimeZone;
  invoiceFooter: string | null;
};

export type Buyer = {
  name: string | null;
  address: Address | null;
  taxId: string | null;
  /** The country that gave the id, which need not be that of the address. */
  taxIdCountry: Country | null;
  taxIdState: TaxIdState | null;
  taxExempt: boolean;
};

/** Which of their versions an invoice was made out by. */
export type Parties = { seller: number | null; buyer: number | null };

export const NOBODY: Parties = { seller: null, buyer: null };

export const taxSeller = (seller: Seller): TaxSeller => ({
  country: seller.address.country,
  region: seller.address.region,
  registrations: seller.registrations,
  belowEuThreshold: seller.belowEuThreshold,
  unknownTaxIds: seller.unknownTaxIds,
});
