/** Who sells and who buys: addresses, tax ids, registrations. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { isCountry, isRegion } from '../../domain/country.ts';
import { addressTrouble } from '../../domain/seller-check.ts';
import { isPercent, TAX_BEHAVIORS, TAX_CATEGORIES } from '../../domain/tax.ts';
import { day, text, timeZone } from './text.ts';

extendZodWithOpenApi(z);

const country = z
  .string()
  .refine(isCountry, { error: ({ input }) => `${String(input).slice(0, 20)} is no ISO 3166-1 country in two capitals` })
  .openapi({ example: 'DE', pattern: '^[A-Z]{2}$' });
const region = z
  .string()
  .refine(isRegion, { error: ({ input }) => `${String(input).slice(0, 20)} is no second half of an ISO 3166-2 code` })
  .openapi({ example: 'CA', description: 'The second half of the ISO 3166-2 code: `CA` of `US-CA`.' });

const line = (max: number) => text(max).nullable().default(null);
export const address = z
  .strictObject({
    line1: line(255),
    line2: line(255),
    city: line(120),
    postalCode: line(20),
    region: region.nullable().default(null),
    country,
  })
  .superRefine((given, context) => {
    for (const { message } of addressTrouble(given, '')) {
      context.addIssue({ code: 'custom', path: ['region'], message });
    }
  })
  .openapi('Address');

export const taxId = text(40).openapi({
  example: 'DE136695976',
  description:
    'A VAT id with its prefix, checked by form and check digits; or, with an address in a country whose ids are not known here, whatever that country gave.',
});
export const taxIdState = z.enum(['valid', 'invalid', 'unknown']).openapi({
  description: '`valid` or `invalid` is what a service has said; by its form alone an id is `unknown`.',
});

const until = day
  .nullable()
  .default(null)
  .openapi({ description: 'The first day on which it does not hold any more.' });

const ownRate = z
  .strictObject({
    category: z.enum(TAX_CATEGORIES).exclude(['exempt']),
    jurisdiction: z
      .string()
      .regex(/^[A-Z]{2}(-[A-Z0-9]{1,20}){0,3}$/, 'a code such as US-WA-KING')
      .optional()
      .openapi({ description: 'That of the registration where it is left out.' }),
    name: text(60).openapi({ example: 'King County sales tax' }),
    percent: z.string().refine(isPercent, 'a percentage such as "8.875"').openapi({ example: '8.875' }),
    from: day,
    to: until,
  })
  .openapi('OwnTaxRate');

const registration = z
  .strictObject({
    country,
    region: region.nullable().default(null),
    scheme: z.enum(['domestic', 'oss']).openapi({
      description: '`oss`: the EU’s One-Stop-Shop, for consumers in all member states but that of the seller.',
    }),
    number: text(60),
    from: day,
    to: until,
    rates: z.array(ownRate).max(50).optional().openapi({
      description: 'Rates that stand above the table’s, or that it has not: those of counties and cities, say.',
    }),
  })
  .openapi('TaxRegistration');

export const sellerPut = z
  .strictObject({
    legalName: text(255),
    address: address.openapi({ description: 'Where it is, the seller is established.' }),
    taxIds: z
      .array(z.strictObject({ country, number: text(60) }))
      .max(50)
      .default([]),
    registrations: z.array(registration).max(200).default([]),
    taxBehavior: z.enum(TAX_BEHAVIORS).default('exclusive').openapi({
      description: 'Of prices that don’t say it themselves; subscriptions keep what they were sold at.',
    }),
    belowEuThreshold: z.boolean().default(true).openapi({
      description:
        'Consumers in other member states are charged the tax of home, as long as there is no One-Stop-Shop.',
    }),
    unknownTaxIds: z.enum(['taxed', 'reverse_charge']).default('taxed').openapi({
      description: 'What a tax id is worth that nobody could vouch for.',
    }),
    timeZone: timeZone.default('UTC').openapi({ description: 'The day of a tax is one of this zone.' }),
    invoiceFooter: text(2_000).nullable().default(null),
  })
  .openapi('SellerPut');

export const seller = sellerPut
  .extend({ version: z.int().openapi({ description: 'Invoices name the version that they were made out by.' }) })
  .extend({ createdAt: z.string().openapi({ format: 'date-time' }) })
  .openapi('Seller');

export const taxIdCheck = z
  .object({
    taxId: z.string(),
    country: z.string(),
    state: taxIdState,
    checker: z.string().openapi({ description: '`form`: by form and check digits. `vies`: a service was asked.' }),
    answer: z.record(z.string(), z.union([z.string(), z.boolean()])),
    checkedAt: z.string().openapi({ format: 'date-time' }),
  })
  .openapi('TaxIdCheck');
