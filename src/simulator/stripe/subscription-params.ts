/** The parameters that subscriptions take, and the fields that they set without further ado. */
import { z } from 'zod';
import { given } from './changes.ts';
import { discounts } from './discounts.ts';
import { expand, flag, integer, list, metadata, text, unsettable } from './params.ts';
import { priceData } from './prices.ts';
import { changedItem, newItem } from './subscription-items.ts';
import type { Subscription } from './wire.ts';

export const prorationBehavior = z.enum(['always_invoice', 'create_prorations', 'none']);
const flexible = z.strictObject({ proration_discounts: z.enum(['included', 'itemized']).optional() });
const methods = list(z.literal('card'));
const card = z.strictObject({ request_three_d_secure: z.enum(['any', 'automatic', 'challenge']).optional() });
const addInvoiceItem = z.strictObject({
  price: text.optional(),
  price_data: priceData.optional(),
  quantity: integer.optional(),
});

const common = {
  ...expand,
  add_invoice_items: list(addInvoiceItem).optional(),
  cancel_at: unsettable(z.union([integer, z.enum(['min_period_end', 'max_period_end'])])).optional(),
  cancel_at_period_end: flag.optional(),
  collection_method: z.enum(['charge_automatically', 'send_invoice']).optional(),
  days_until_due: integer.optional(),
  default_payment_method: unsettable(text).optional(),
  description: unsettable(text).optional(),
  discounts: discounts.optional(),
  metadata: metadata.optional(),
  off_session: flag.optional(),
  payment_behavior: z
    .enum(['allow_incomplete', 'default_incomplete', 'error_if_incomplete', 'pending_if_incomplete'])
    .optional(),
  payment_settings: z
    .strictObject({
      payment_method_options: z.strictObject({ card: card.optional() }).optional(),
      payment_method_types: unsettable(methods).optional(),
      save_default_payment_method: z.enum(['off', 'on_subscription']).optional(),
    })
    .optional(),
  proration_behavior: prorationBehavior.optional(),
  trial_end: z.union([z.literal('now'), integer]).optional(),
  trial_settings: z
    .strictObject({
      end_behavior: z.strictObject({ missing_payment_method: z.enum(['cancel', 'create_invoice', 'pause']) }),
    })
    .optional(),
};

export const creating = {
  ...common,
  billing_cycle_anchor: integer.optional(),
  billing_mode: z.strictObject({ type: z.enum(['classic', 'flexible']), flexible: flexible.optional() }).optional(),
  currency: text.optional(),
  customer: text,
  items: list(newItem).refine((items) => items.length > 0),
  trial_period_days: integer.optional(),
};
export const updating = {
  ...common,
  billing_cycle_anchor: z.enum(['now', 'unchanged']).optional(),
  cancellation_details: z
    .strictObject({ comment: unsettable(text).optional(), feedback: unsettable(text).optional() })
    .optional(),
  items: list(changedItem).optional(),
  pause_collection: unsettable(
    z.strictObject({
      behavior: z.enum(['keep_as_draft', 'mark_uncollectible', 'void']),
      resumes_at: integer.optional(),
    }),
  ).optional(),
  proration_date: integer.optional(),
};
export type Creating = z.output<z.ZodObject<typeof creating>>;
export type Updating = z.output<z.ZodObject<typeof updating>>;

/** The fields that are set as they are given. */
export function plainFields(params: Creating | Updating, before: Subscription): Partial<Subscription> {
  const { collection_method, days_until_due, default_payment_method, description, payment_settings } = params;
  return {
    ...given({ collection_method, days_until_due, default_payment_method, description }),
    ...(payment_settings && { payment_settings: paymentSettings(payment_settings, before.payment_settings) }),
    ...(params.trial_settings && {
      trial_settings: { end_behavior: { billing_cycle_anchor: null, ...params.trial_settings.end_behavior } },
    }),
  };
}

type PaymentSettings = NonNullable<Subscription['payment_settings']>;

function paymentSettings(
  { payment_method_types, save_default_payment_method }: NonNullable<Creating['payment_settings']>,
  before: PaymentSettings | null,
): PaymentSettings {
  return {
    payment_method_options: null,
    payment_method_types: null,
    save_default_payment_method: 'off',
    ...before,
    ...given({ payment_method_types, save_default_payment_method }),
  };
}
