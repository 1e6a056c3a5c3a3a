/** What other schemas are made of. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { isDay, isTimeZone } from '../../domain/time.ts';

extendZodWithOpenApi(z);

/** Postgres takes no NUL, and half a surrogate pair is no character: neither may get as far as that. */
const isText = (value: string): boolean => !/\0|\p{Surrogate}/u.test(value);
export const text = (max: number) => z.string().min(1).max(max).refine(isText, 'holds characters that are not text');

export const timeZone = z
  .string()
  .max(64)
  // Intl takes offsets such as +02:00 as well, and they know no daylight saving.
  .refine((value) => !/^[+-]/.test(value) && isTimeZone(value), 'an IANA time zone')
  .openapi({ example: 'America/New_York' });

export const day = z.string().refine(isDay, 'a day is YYYY-MM-DD').openapi({ format: 'date', example: '2027-11-21' });
