/** What goes over the wire. The OpenAPI document's components are these. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { GRANTS } from '../auth/principal.ts';
import { isCurrency } from '../domain/currency.ts';
import type {
  ClockId,
  CouponId,
  CustomerId,
  InvoiceId,
  PaymentMethodId,
  PriceBookId,
  PromotionCodeId,
  SubscriptionId,
  TenantId,
} from '../domain/ids.ts';
import { MAX_QUANTITY } from '../domain/price-book-check.ts';
import { anchor } from './schemas/anchor.ts';
import { collectFields } from './schemas/collect.ts';
import { address, taxId, taxIdState } from './schemas/parties.ts';
import {
  anchorDay,
  changeRules,
  features,
  graceHours,
  phasePeriods,
  taxBehavior,
  taxCategory,
  term,
  tier,
  trial,
} from './schemas/sale.ts';
import { day, text, timeZone } from './schemas/text.ts';

export { text };

extendZodWithOpenApi(z);

export const id = <Id extends string>(prefix: string, example: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[A-Za-z0-9_-]{1,80}$`), `an id beginning with ${prefix}_`)
    .openapi({ example: `${prefix}_${example}` }) as unknown as z.ZodType<Id>;

const SAMPLE = '01m7z3qyse0000000000000000';
export const customerId = id<CustomerId>('cus', SAMPLE);
export const subscriptionId = id<SubscriptionId>('sub', SAMPLE);
export const invoiceId = id<InvoiceId>('inv', `${SAMPLE}_1`);
export const paymentMethodId = id<PaymentMethodId>('pm', '1QxYz');
export const couponId = id<CouponId>('co', SAMPLE);
export const promotionCodeId = id<PromotionCodeId>('promo', SAMPLE);
export const priceBookId = id<PriceBookId>('pb', SAMPLE);
export const clockId = id<ClockId>('clk', SAMPLE);
export const tenantId = id<TenantId>('ten', 'acme');
export const keyId = id<`key_${string}`>('key', SAMPLE);

export const currency = z
  .string()
  .refine(isCurrency, 'an ISO 4217 currency in lower case')
  .openapi({ example: 'usd', pattern: '^[a-z]{3}$' });
const locale = z.string().max(35).refine(isLocale, 'a BCP 47 locale').openapi({ example: 'en-US' });
export const instant = z.iso
  .datetime({ offset: true })
  .refine((value) => Number.isFinite(Date.parse(value)), 'a time that exists')
  .openapi({ format: 'date-time', example: '2027-11-21T00:00:00Z' });
export const quantity = z.int().min(1).max(MAX_QUANTITY).openapi({ example: 1 });
/** A workflow carries them along. */
const MAX_ADD_ONS = 20;
const addOns = z
  .array(z.strictObject({ id: text(128), quantity: quantity.default(1) }))
  .max(MAX_ADD_ONS)
  .refine((all) => new Set(all.map((each) => each.id)).size === all.length, 'names an add-on twice');
const mode = z.enum(['test', 'live']);

function isLocale(value: string): boolean {
  try {
    return Intl.getCanonicalLocales(value).length === 1;
  } catch (error) {
    if (error instanceof RangeError) return false; // Intl's answer to a text that is no locale
    throw error;
  }
}

export const time = z.string().openapi({ format: 'date-time', example: '2027-11-21T00:00:00.000Z' });
export const minor = z.int().openapi({ description: 'Whole minor units: cents for usd, yen for jpy.', example: 1999 });

export const money = z.object({ amount: minor, currency }).openapi('Money');

export const page = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'a whole number')
    .transform(Number)
    .refine((value) => value >= 1 && value <= 100, 'from 1 to 100')
    .optional()
    .openapi({ type: 'integer', minimum: 1, maximum: 100, default: 20, description: 'How many at most.' }),
  cursor: z.string().max(300).optional().openapi({ description: 'The `nextCursor` of the page before.' }),
});

export const listOf = (item: z.ZodType, name: string) =>
  z.object({ data: z.array(item), nextCursor: z.string().nullable() }).openapi(`${name}List`);

const fieldErrors = z.array(z.object({ path: z.string(), message: z.string() }));

export const problem = z
  .object({
    type: z.string().openapi({ example: 'urn:hydra:problem:unknown_plan' }),
    title: z.string(),
    status: z.int(),
    code: z.string().openapi({ description: 'Stable: switch on it.', example: 'unknown_plan' }),
    detail: z.string(),
    requestId: z.string(),
    errors: fieldErrors.optional(),
  })
  .openapi('Problem');

export const customer = z
  .object({
    id: customerId,
    externalId: z.string().nullable(),
    name: z.string().nullable(),
    email: z.string().nullable(),
    locale: z.string(),
    timeZone: z.string(),
    currency,
    subjects: z
      .array(z.string())
      .openapi({ description: 'The users who act for this customer: `sub` of their tokens.' }),
    address: address.nullable(),
    taxId: z.string().nullable(),
    taxIdState: taxIdState.nullable(),
    taxExempt: z.boolean(),
    clockId: clockId.nullable(),
    segment: z.string().nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .openapi('Customer');

export const email = z.email().max(254).openapi({ format: 'email', example: 'ada@example.com' });
const subjects = z
  .array(text(255))
  .max(50)
  .refine((all) => new Set(all).size === all.length, 'names a user twice');
const customerFields = {
  externalId: text(255).nullable().optional().openapi({ description: 'Your own name of it, unique.' }),
  name: text(255).nullable().optional(),
  email: email.nullable().optional(),
  timeZone: timeZone.optional(),
  locale: locale.optional(),
  subjects: subjects.optional(),
  address: address.nullable().optional(),
  taxId: taxId.nullable().optional(),
  taxExempt: z.boolean().optional(),
  segment: text(64).nullable().optional().openapi({ description: 'Your own word for what kind of customer it is.' }),
};
export const customerCreate = z
  .strictObject({ ...customerFields, currency: currency.optional(), clockId: clockId.optional() })
  .openapi('CustomerCreate');
export const customerUpdate = z
  .strictObject({ ...customerFields, currency: currency.optional() })
  .openapi('CustomerUpdate');

const percentOff = z.string().openapi({ description: 'A decimal up to 100.', example: '12.5' });
const heldDiscount = z
  .object({
    couponId,
    name: z.string(),
    percentOff: percentOff.nullable(),
    amountOff: money.nullable(),
    duration: z.enum(['once', 'repeating', 'forever']),
    periodsLeft: z.int().nullable().openapi({ description: 'The present one included, where it has begun.' }),
    plans: z.array(z.string()).nullable(),
    promotionCodeId: promotionCodeId.nullable(),
    since: time,
  })
  .openapi('HeldDiscount');

export const subscription = z
  .object({
    id: subscriptionId,
    customerId,
    mode,
    state: z.enum(['draft', 'incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled']),
    collection: z.enum(['engine', 'processor']),
    processor: z.enum(['stripe', 'paypal']),
    planId: z.string().nullable(),
    planName: z.string().nullable(),
    interval: z.object({ unit: z.enum(['day', 'week', 'month', 'quarter', 'year']), count: z.int() }).nullable(),
    priceBookId: priceBookId.nullable(),
    quantity: z.int().nullable(),
    addOns: z.array(z.object({ id: z.string(), quantity: z.int() })),
    currency,
    timeZone: z.string(),
    anchorAt: time.nullable(),
    trialEndsAt: time.nullable(),
    currentPeriod: z.object({ start: time, end: time }).nullable(),
    pendingChange: z
      .object({ planId: z.string(), planName: z.string(), quantity: z.int(), at: time })
      .nullable()
      .openapi({ description: 'What takes hold when the period ends.' }),
    discounts: z.array(heldDiscount),
    nextDueAt: time.nullable(),
    cancelAt: time.nullable(),
    canceledAt: time.nullable(),
    access: z.object({ level: z.enum(['full', 'grace', 'restricted', 'none']), until: time.nullable() }),
    clockId: clockId.nullable(),
    version: z.int(),
    createdAt: time,
  })
  .openapi('Subscription');

export const payment = z
  .object({
    status: z.enum(['succeeded', 'processing', 'requires_action', 'declined']),
    clientSecret: z.string().optional().openapi({
      description: 'For the processor’s own code in the browser. Fetched for this answer, stored nowhere.',
    }),
    publishableKey: z.string().optional().openapi({ description: 'The account’s, for that same code.' }),
    approveUrl: z.string().optional().openapi({ description: 'Where the customer agrees. Stored nowhere.' }),
    declineCode: z.string().optional(),
  })
  .openapi('Payment');

export const subscribeBody = z
  .strictObject({
    planId: text(128),
    paymentMethodId: paymentMethodId
      .optional()
      .openapi({ description: 'The customer’s default where it is left out.' }),
    processor: z.enum(['stripe', 'paypal']).optional().openapi({ default: 'stripe' }),
    collection: z.enum(['engine', 'processor']).optional().openapi({
      description: 'Who invoices and collects: we (`engine`), or the processor’s own subscriptions, which we follow.',
      default: 'engine',
    }),
    quantity: quantity.optional(),
    addOns: addOns.optional(),
    promotionCode: text(64).optional().openapi({ example: 'SPRING27' }),
    anchorDay: anchorDay.optional(),
    trialDays: z.int().min(0).max(730).optional().openapi({ description: 'The plan’s own where it is left out.' }),
    hardwareAnchor: anchor
      .optional()
      .openapi({ description: 'Of the machine that it is bought for: it has a seat then.' }),
    ...collectFields,
  })
  .openapi('Subscribe');
export const subscribed = z.object({ subscription, payment: payment.nullable() }).openapi('Subscribed');

const changeFields = {
  subscriptionId,
  planId: text(128).optional(),
  quantity: quantity.optional(),
  addOns: addOns
    .optional()
    .openapi({ description: 'All that are wanted from then on; those that are held where it is left out.' }),
  when: z.enum(['now', 'period_end']).optional(),
  proration: z.enum(['invoice_now', 'next_invoice', 'none']).optional(),
};
export const changeBody = z
  .strictObject(changeFields)
  .refine((body) => body.planId !== undefined || body.quantity !== undefined || body.addOns !== undefined, {
    error: 'a plan, a quantity or add-ons are needed',
    path: ['planId'],
  })
  .openapi('Change');

export const invoiceLine = z
  .object({
    description: z.string(),
    quantity: z.int(),
    unitPrice: z.string().nullable().openapi({ description: 'A decimal of minor units.', example: '1999' }),
    amount: money,
    period: z.object({ from: day, to: day }).nullable(),
    proration: z.string().nullable(),
    discount: money,
    discounts: z
      .array(z.object({ couponId, name: z.string(), amount: money }))
      .openapi({ description: 'Which coupon took how much of it.' }),
    tax: money,
    taxes: z.array(
      z.object({
        jurisdiction: z.string().openapi({ example: 'DE' }),
        name: z.string(),
        percent: z.string(),
        amount: money,
        inclusive: z.boolean().openapi({ description: 'Inside the amount, rather than on top of it.' }),
      }),
    ),
  })
  .openapi('InvoiceLine');
const sums = { subtotal: money, discount: money, tax: money, total: money, creditApplied: money, amountDue: money };
const change = {
  lines: z.array(invoiceLine),
  ...sums,
  assumedDay: day,
  when: z.enum(['now', 'period_end']),
  proration: z.enum(['invoice_now', 'next_invoice', 'none']),
};

export const changePreview = z.object(change).openapi('ChangePreview');
export const changed = z.object({ subscription, ...change, invoiceId: invoiceId.optional() }).openapi('Changed');

export const forecast = z
  .object({
    subscriptionId,
    from: time,
    until: time,
    invoices: z.array(z.object({ issuedAt: time, dueAt: time, lines: z.array(invoiceLine), total: money })),
    total: money,
    endsAs: z.enum(['draft', 'incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled']),
  })
  .openapi('Forecast');

export const cancelBody = z
  .strictObject({
    subscriptionId,
    at: z.union([z.enum(['now', 'period_end']), day]),
    reason: text(200).optional().openapi({
      description: 'A code such as `too_expensive` is kept in the record for ever. A sentence is taken as a comment.',
    }),
    comment: text(1_000).optional().openapi({ description: 'In the customer’s own words: kept encrypted.' }),
    credit: z.enum(['none', 'unused']).optional().openapi({
      description: '`unused`, of what ends now: the days that were paid for and are not used are given back.',
    }),
    creditTo: z.enum(['credit', 'refund']).optional().openapi({
      description: 'Where they go: to the customer’s credit, unless said otherwise, or back to the payment.',
    }),
  })
  .openapi('Cancel');
export const pauseBody = z.strictObject({ subscriptionId, resumeAt: instant.optional() }).openapi('Pause');
export const ofSubscription = z.strictObject({ subscriptionId }).openapi('OfSubscription');
export const commanded = z.object({ subscription }).openapi('Commanded');

export const invoice = z
  .object({
    id: invoiceId,
    number: z.string().nullable().openapi({ description: 'A draft has none yet.' }),
    state: z.enum(['draft', 'open', 'paid', 'void', 'uncollectible']),
    customerId,
    subscriptionId,
    currency,
    lines: z.array(invoiceLine),
    ...sums,
    amountPaid: money,
    amountCredited: money.openapi({
      description: 'Given back by credit notes, off what was owed and of what was paid.',
    }),
    amountRemaining: money.openapi({ description: 'What is still to be paid.' }),
    creditNotes: z.array(
      z.object({
        id: z.string(),
        number: z.string(),
        to: z.enum(['open', 'credit', 'refund']),
        total: money,
        issuedAt: time,
      }),
    ),
    issuedAt: time,
    dueAt: time,
    paidAt: time.nullable(),
    collect: z.enum(['charge', 'send']),
    purchaseOrder: z.string().nullable(),
    taxNote: z.string().nullable().openapi({ description: 'Why there is no tax, where the law wants it said.' }),
    finaliseAt: time.nullable().openapi({ description: 'When a draft is issued.' }),
  })
  .openapi('Invoice');
export const payBody = z.strictObject({ paymentMethodId: paymentMethodId.optional() }).openapi('PayInvoice');
export const paid = z.object({ invoice, payment: payment.nullable() }).openapi('InvoicePayment');

export const paymentMethod = z
  .object({
    id: paymentMethodId,
    customerId,
    processor: z.enum(['stripe', 'paypal']),
    brand: z.string().nullable(),
    last4: z.string().nullable(),
    isDefault: z.boolean(),
    createdAt: time,
  })
  .openapi('PaymentMethod');
export const paymentMethodBody = z
  .strictObject({
    paymentMethodId: paymentMethodId.optional(),
    setupId: z
      .string()
      .regex(/^[A-Za-z0-9]{5,40}$/)
      .optional()
      .openapi({
        description: 'What the customer has agreed to on the processor’s page.',
        example: '5C991763VB2781612',
      }),
    processor: z.enum(['stripe', 'paypal']).optional().openapi({ default: 'stripe' }),
    returnUrl: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional()
      .openapi({
        description: 'Where the customer comes back to from that page.',
        example: 'https://app.example.com/back',
      }),
  })
  .openapi('PaymentMethodCreate');
export const setup = z
  .object({
    setup: z.object({
      id: z.string(),
      clientSecret: z.string().optional(),
      approveUrl: z.string().optional().openapi({ description: 'Where the customer agrees. Stored nowhere.' }),
    }),
    publishableKey: z.string().nullable(),
  })
  .openapi('PaymentMethodSetup');

/*
 * Of a price book only the shape is checked here. What its values must be, `checkPriceBook` says: an answer to that names
 * the field and both values.
 */
const interval = z.strictObject({
  unit: z.enum(['day', 'week', 'month', 'quarter', 'year']),
  count: z.int().max(36).openapi({ minimum: 1 }),
});
const decimal = z.string().max(40).openapi({ example: '1999', description: 'A decimal of minor units, such as 0.05.' });
const wholeMinor = z.int().openapi({ minimum: 0, description: 'Whole minor units.' });
const bookCurrency = text(20).openapi({ example: 'usd', pattern: '^[a-z]{3}$' });
const priceTier = z
  .strictObject({
    from: z
      .int()
      .optional()
      .openapi({ description: 'Where the tier before ends: may be left out, and may not differ.' }),
    upTo: z.int().nullable().openapi({ description: 'Inclusive and continuous; null in the last tier.' }),
    unitAmount: decimal.optional(),
    flatAmount: decimal.optional().openapi({ description: 'The first tier’s is charged at zero usage, too.' }),
  })
  .openapi('PriceTier');
const tiers = z.array(priceTier).min(1).max(100);
const anyCharge = {
  id: text(128),
  name: text(255),
  timing: z.enum(['recurring', 'once']).optional().openapi({ description: '`once` is a fee with the first period.' }),
  meter: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,63}$/, 'the key of a meter')
    .optional()
    .openapi({ description: 'Counts what was used, and is billed when the period is over.' }),
  included: z.int().optional().openapi({ minimum: 0, description: 'Units that cost nothing.' }),
  minimum: wholeMinor.optional(),
  maximum: wholeMinor.optional(),
};
const charge = z
  .discriminatedUnion('model', [
    z.strictObject({ ...anyCharge, model: z.literal('flat'), unitAmount: decimal }),
    z.strictObject({ ...anyCharge, model: z.literal('per_unit'), unitAmount: decimal }),
    z.strictObject({ ...anyCharge, model: z.literal('graduated'), tiers }),
    z.strictObject({ ...anyCharge, model: z.literal('volume'), tiers }),
    z.strictObject({ ...anyCharge, model: z.literal('stairstep'), tiers }),
    z.strictObject({ ...anyCharge, model: z.literal('package'), unitAmount: decimal, packageSize: z.int() }),
    z.strictObject({
      ...anyCharge,
      model: z.literal('percentage'),
      percent: z.string().max(40).openapi({ example: '2.9', description: 'Of what the plan’s other prices come to.' }),
      flatAmount: decimal.optional(),
    }),
  ])
  .openapi('Charge');
const anyPrice = {
  currency: bookCurrency,
  taxBehavior: taxBehavior.optional(),
  minimumCharge: wholeMinor.optional().openapi({ description: 'An invoice below it waits for the next.' }),
};
const price = z
  .union([
    z.strictObject({ ...anyPrice, model: z.enum(['flat', 'per_unit']), unitAmount: decimal }),
    z.strictObject({ ...anyPrice, charges: z.array(charge).min(1).max(20) }),
  ])
  .openapi('Price', { description: 'One price, or a list of charges that add up.' });
export const catalogId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, 'letters, digits and _ . -');
const prices = z.array(price).min(1).max(200);
const plan = z.strictObject({
  id: catalogId,
  product: text(128),
  name: text(255),
  interval,
  trialDays: z.int().max(730).optional().openapi({ minimum: 0 }),
  trial: trial.optional(),
  phases: z
    .array(z.strictObject({ id: catalogId, name: text(255), periods: phasePeriods, prices }))
    .max(20)
    .optional()
    .openapi({ description: 'What holds before the plan’s own prices, one after the other.' }),
  term: term.optional(),
  changes: changeRules.optional(),
  taxCategory: taxCategory.optional(),
  graceHours: graceHours.optional(),
  tier: tier.optional(),
  features: features.optional(),
  prices,
  addOns: z
    .array(z.strictObject({ id: catalogId, name: text(255), prices }))
    .max(100)
    .optional(),
});
export const priceBookDocument = z
  .strictObject({ plans: z.array(plan).min(1).max(500), changes: changeRules.optional() })
  .openapi('PriceBookDocument');
export const priceBook = z
  .object({
    id: priceBookId,
    version: z.int(),
    state: z.enum(['draft', 'published']),
    document: priceBookDocument,
    contentHash: z.string().openapi({ description: 'SHA-256 of the document, whatever the order of its fields.' }),
    intact: z.boolean().openapi({ description: 'Whether the document still has that hash.' }),
    effectiveAt: time.nullable(),
    publishedAt: time.nullable(),
    createdAt: time,
  })
  .openapi('PriceBook');
export const publishBody = z
  .strictObject({ effectiveAt: instant.optional().openapi({ description: 'At once where it is left out.' }) })
  .openapi('PriceBookPublish');

export const clock = z
  .object({
    id: clockId,
    name: z.string().nullable(),
    now: time,
    target: time.nullable(),
    state: z.enum(['ready', 'advancing', 'blocked']),
    reason: z.string().nullable().optional(),
    createdAt: time,
  })
  .openapi('Clock');
export const clockCreate = z.strictObject({ name: text(255).optional() }).openapi('ClockCreate');
export const clockCustomer = z.strictObject({ customerId }).openapi('ClockCustomer');
export const clockAdvance = z
  .union([
    z.strictObject({ by: z.string().max(40).openapi({ example: 'P30D', description: 'An ISO 8601 duration.' }) }),
    z.strictObject({ to: instant }),
    z.strictObject({ next: z.literal(true) }),
  ])
  .openapi('ClockAdvance');
export const clockNext = z
  .object({
    at: time.nullable(),
    due: z.array(z.object({ subscriptionId, type: z.string(), at: time })),
  })
  .openapi('ClockNext');

export const tenant = z
  .object({ id: tenantId, name: z.string(), timeZone: z.string(), createdAt: time })
  .openapi('Tenant');
export const tenantCreate = z
  .strictObject({
    id: z
      .string()
      .regex(/^ten_[a-z0-9]{1,40}$/, 'ten_ and letters or digits')
      .optional()
      .openapi({ example: 'ten_acme' }) as unknown as z.ZodType<TenantId | undefined>,
    name: text(255),
    timeZone: timeZone.default('UTC'),
  })
  .openapi('TenantCreate');

export const apiKey = z
  .object({
    id: keyId,
    name: z.string(),
    prefix: z.string().openapi({ example: 'sk_test_Ab12Cd34' }),
    scopes: z.array(z.string()),
    expiresAt: time.nullable(),
    lastUsedAt: time.nullable(),
    revokedAt: time.nullable(),
    createdAt: time,
  })
  .openapi('ApiKey');
export const apiKeyCreate = z
  .strictObject({
    name: text(255),
    scopes: z.array(z.enum(['*', ...GRANTS])).min(1),
    expiresAt: instant.optional(),
  })
  .openapi('ApiKeyCreate');
export const apiKeyCreated = z
  .object({ key: apiKey, secret: z.string().optional().openapi({ description: 'Shown this once.' }) })
  .openapi('ApiKeyCreated');

const facts = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));
export const cause = z
  .object({
    version: z.int(),
    at: time,
    input: z.string().openapi({ description: 'What came in.', example: 'payment_failed' }),
    origin: z.object({ by: z.string(), ref: z.string() }),
    rule: z.string().openapi({ description: 'The rule that decided.', example: 'payment.failed' }),
    from: z.string(),
    to: z.string(),
    because: facts,
    effects: z.array(z.string()),
    ledger: z.array(z.object({ key: z.string(), kind: z.string(), at: time })),
  })
  .openapi('Cause');
export const why = z
  .object({
    subscriptionId,
    state: z.string(),
    sentence: z.string(),
    causes: z.array(cause).openapi({ description: 'The newest first.' }),
  })
  .openapi('Why');

export const ledgerAccount = z
  .object({
    code: z.string(),
    owner: z.string().nullable().openapi({ description: 'A customer, a jurisdiction or a product.' }),
    customerId: customerId.nullable(),
    kind: z.enum(['debit', 'credit']),
    balance: money,
  })
  .openapi('LedgerAccount');
export const ledgerEntry = z
  .object({
    id: z.int(),
    transactionId: z.int(),
    key: z.string(),
    kind: z.string(),
    at: time,
    account: z.string(),
    owner: z.string().nullable().openapi({ description: 'A customer, a jurisdiction or a product.' }),
    customerId: customerId.nullable(),
    subscriptionId: subscriptionId.nullable(),
    invoiceId: invoiceId.nullable(),
    debit: money.nullable(),
    credit: money.nullable(),
  })
  .openapi('LedgerEntry');
export const trialBalance = z
  .object({
    at: time,
    currencies: z.array(
      z.object({
        currency,
        accounts: z.array(z.object({ account: z.string(), debit: minor, credit: minor, balance: minor })),
        balanced: z.boolean(),
      }),
    ),
  })
  .openapi('TrialBalance');

export const inboxEvent = z
  .object({
    id: z.string(),
    provider: z.string(),
    account: z.string(),
    eventId: z.string(),
    type: z.string(),
    state: z.string(),
    reason: z.string().nullable(),
    subscriptionId: subscriptionId.nullable(),
    facts: z.array(z.record(z.string(), z.unknown())),
    occurredAt: time,
    receivedAt: time,
    settledAt: time.nullable(),
    replayedAt: time.nullable(),
    attempts: z.int(),
    verifiedBy: z.string().nullable().openapi({ description: 'The id of the key whose signature was right.' }),
  })
  .openapi('InboxEvent');
export const outboxMessage = z
  .object({
    id: z.string(),
    type: z.string(),
    subscriptionId: subscriptionId.nullable(),
    customerId: customerId.nullable(),
    version: z.int().nullable(),
    data: facts,
    at: time,
    createdAt: time,
    relayedAt: time.nullable(),
  })
  .openapi('OutboxMessage');

export const requestState = z
  .object({
    id: z.string(),
    state: z.enum(['running', 'applied', 'refused']),
    subscriptionId: subscriptionId.nullable(),
    code: z.string().optional(),
    detail: z.string().optional(),
    errors: fieldErrors.optional(),
  })
  .openapi('RequestState');
