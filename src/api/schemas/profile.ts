import { z } from 'zod';
import { currency, customerId, customerUpdate } from '../schemas.ts';
import { address, taxIdState } from './parties.ts';

export const profile = z
  .object({
    customerId,
    name: z.string().nullable(),
    email: z.string().nullable(),
    locale: z.string(),
    timeZone: z.string(),
    currency,
    address: address.nullable(),
    taxId: z.string().nullable(),
    taxIdState: taxIdState.nullable(),
    seller: z.string().openapi({ description: 'Who sells: the name on the invoices.' }),
  })
  .openapi('Profile');

export const profileUpdate = customerUpdate
  .pick({ name: true, email: true, locale: true, timeZone: true, address: true, taxId: true })
  .openapi('ProfileUpdate');
