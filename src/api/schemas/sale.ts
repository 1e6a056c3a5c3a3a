/** How a plan is sold: its trial, its term, how one leaves it, and where the calendar anchors it. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { TIERS } from '../../domain/feature.ts';
import { MAX_TRIAL_DAYS } from '../../domain/price-book-check.ts';
import { TAX_BEHAVIORS, TAX_CATEGORIES } from '../../domain/tax.ts';
import { isDay } from '../../domain/time.ts';
import { text } from './text.ts';

extendZodWithOpenApi(z);

export const trial = z
  .strictObject({
    days: z.int().openapi({ minimum: 1, maximum: MAX_TRIAL_DAYS }),
    paymentMethod: z.enum(['required', 'optional']).optional().openapi({ default: 'optional' }),
    atEnd: z.enum(['charge', 'pause', 'cancel']).optional().openapi({
      default: 'charge',
      description: 'What comes at its end where there is no payment method.',
    }),
    reminderDays: z.int().optional().openapi({
      minimum: 1,
      description: '`subscription.trial_will_end` is told so many days before its end.',
    }),
    perCustomer: z.enum(['once', 'always']).optional().openapi({
      default: 'once',
      description: 'How often a customer may try the plan’s product.',
    }),
  })
  .openapi('PlanTrial');

export const phasePeriods = z.int().openapi({ minimum: 1, description: 'Whole ones: a first stub is none.' });

export const term = z
  .strictObject({
    periods: z.int().openapi({ minimum: 1 }),
    atEnd: z.enum(['renew', 'cancel', 'change']),
    planId: z.string().min(1).max(128).optional().openapi({ description: 'What follows where it ends in a change.' }),
  })
  .openapi('PlanTerm');

const changeRule = z.strictObject({
  when: z.enum(['now', 'period_end']).optional(),
  proration: z.enum(['invoice_now', 'next_invoice', 'none']).optional(),
});
export const changeRules = z
  .strictObject({ up: changeRule.optional(), down: changeRule.optional() })
  .openapi('ChangeRules', {
    description:
      'A raise is made now and prorated, a lowering at the period’s end, unless it says otherwise. What it says, customers can’t ask differently.',
  });

export const taxCategory = z.enum(TAX_CATEGORIES).openapi({ description: '`standard` where it is left out.' });
export const taxBehavior = z
  .enum(TAX_BEHAVIORS)
  .openapi({ description: 'Whether tax comes on top or is inside; as the seller has it where it is left out.' });
export const graceHours = z
  .int()
  .max(24 * 31)
  .openapi({ minimum: 0, description: 'How long a renewal’s invoice stays a draft.' });

export const anchorDay = z.union([z.int().min(1).max(31), z.string().refine(isDay, 'a day is YYYY-MM-DD')]).openapi({
  description:
    'The day on which periods begin: of the month, or of the week (1 is Monday) for a plan of weeks; or a date, which stands for all that lie whole intervals from it. A first stub leads to its next occurrence.',
  example: 1,
});

export const tier = z.enum(TIERS).openapi({
  description: '`baseline`: each feature that is counted has a number; `enterprise`: all of them are unlimited.',
});
export const featureId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'letters, digits and _ . -')
  .openapi({ example: 'projects' });
export const featureLimit = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const anyFeature = {
  id: featureId,
  name: text(255),
  essential: z
    .boolean()
    .optional()
    .openapi({ description: 'Stays while access is restricted, such as taking one’s own data out.' }),
};
/** Whether it needs a limit, the tier says: `checkPriceBook` asks. */
const counted = {
  limit: z.int().max(1_000_000_000).optional().openapi({ minimum: 0 }),
  perUnit: z.boolean().optional().openapi({ description: 'For each of the quantity that is subscribed.' }),
};
export const features = z
  .array(
    z
      .discriminatedUnion('type', [
        z.strictObject({ ...anyFeature, type: z.literal('boolean') }),
        z.strictObject({ ...anyFeature, type: z.literal('limit'), ...counted }),
        z.strictObject({
          ...{ ...anyFeature, type: z.literal('metered'), meter: text(128), ...counted },
          alerts: z
            .array(z.int().min(1).max(1_000))
            .max(10)
            .optional()
            .openapi({ description: 'In percent of the limit. Without them: 80 and 100.' }),
        }),
      ])
      .openapi('Feature'),
  )
  .max(200);
