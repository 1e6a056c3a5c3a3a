import { z } from 'zod';
import type { MigrationId } from '../../domain/ids.ts';
import { id, invoiceLine, money, priceBookId, subscriptionId, time } from '../schemas.ts';

export const migrationId = id<MigrationId>('mig', '01kam3g5v8f1a2b3c4d5e6f7g8');

const planId = z.string().min(1).max(128);
const how = {
  plans: z
    .record(planId, planId.nullable())
    .optional()
    .openapi({
      description: 'Which plan follows which. One that is not named keeps its id; null leaves those who have it.',
      example: { pro: 'pro_2027', legacy: null },
    }),
  when: z.enum(['now', 'period_end']).openapi({ description: 'When the new prices hold.' }),
  proration: z.enum(['invoice_now', 'next_invoice', 'none']).default('invoice_now').openapi({
    description: 'What is billed for the rest of the period where they hold now.',
  }),
};
const count = (least: number, most: number) => z.int().min(least, `at least ${least}`).max(most, `at most ${most}`);

export const migrationPreviewBody = z.strictObject(how).openapi('PriceBookMigrationPreviewRequest');
export const migrationBody = z
  .strictObject({
    ...how,
    canaryPercent: z
      .number()
      .min(0, 'at least 0')
      .max(100, 'at most 100')
      .default(5)
      .openapi({ description: 'The share that goes first, a sample of all; 0 for none.' }),
    pauseAfterCanary: z
      .boolean()
      .default(false)
      .openapi({ description: 'Whether somebody has to look before it goes on.' }),
    waveSize: count(1, 100_000).default(500).openapi({ description: 'How many go together after that.' }),
    waitMinutes: count(0, 10_080).default(0).openapi({ description: 'Between the waves.' }),
    stopAfterFailures: count(1, 1_000_000).default(1),
  })
  .openapi('PriceBookMigrationCreate');

const counts = z.object({
  pending: z.int(),
  moved: z.int(),
  failed: z.int(),
  skipped: z.int().openapi({ description: 'It had ended, or was there already.' }),
  undone: z.int(),
  left: z.int().openapi({ description: 'Changed since it was moved, and so not moved back.' }),
});

export const migration = z
  .object({
    id: migrationId,
    priceBookId,
    state: z.enum(['running', 'paused', 'stopped', 'done', 'canceled', 'undoing', 'undone']),
    reason: z.string().nullable(),
    plans: z.record(z.string(), z.string().nullable()),
    when: z.enum(['now', 'period_end']),
    proration: z.enum(['invoice_now', 'next_invoice', 'none']),
    canaryPercent: z.number(),
    pauseAfterCanary: z.boolean(),
    waveSize: z.int(),
    waitMinutes: z.int(),
    stopAfterFailures: z.int(),
    wave: z.int().openapi({ description: 'The one on its way; 0 is the canary.' }),
    counts,
    createdBy: z.string(),
    createdAt: time,
    updatedAt: time,
  })
  .openapi('PriceBookMigration');

export const migrationItem = z
  .object({
    subscriptionId,
    wave: z.int(),
    state: z.enum(['pending', 'moved', 'failed', 'skipped', 'undone', 'left']),
    reason: z.string().nullable().openapi({ example: 'add_on_not_sold: pro sells no backup in usd in pb_2' }),
    before: z.object({ priceBookId, planId: z.string(), price: money }).nullable(),
    after: z.object({ priceBookId, planId: z.string(), price: money }).nullable(),
    movedAt: time.nullable(),
    undoneAt: time.nullable(),
  })
  .openapi('PriceBookMigrationItem');

const priced = z.object({ total: money, lines: z.array(invoiceLine) });
export const migrationPreview = z
  .object({
    subscriptionId,
    customerId: z.string(),
    from: z.object({ priceBookId, planId: z.string() }),
    to: z.object({ priceBookId, planId: z.string() }).nullable(),
    quantity: z.int(),
    problem: z.object({ code: z.string(), detail: z.string() }).nullable().openapi({
      description: 'Why it can’t be moved; then nothing else is known.',
    }),
    price: z.object({ before: money, after: money, difference: money }).nullable().openapi({
      description: 'Of a whole period, once it holds.',
    }),
    now: priced.nullable().openapi({ description: 'What is billed at once.' }),
    nextInvoice: z
      .object({ at: time.nullable(), before: priced.nullable(), after: priced.nullable(), difference: money })
      .nullable(),
  })
  .openapi('PriceBookMigrationPreview');

export const migrationPreviewList = z
  .object({
    data: z.array(migrationPreview),
    nextCursor: z.string().nullable(),
    plans: z
      .array(z.object({ planId: z.string(), subscriptions: z.int(), to: z.string().nullable() }))
      .openapi({ description: 'How many have which plan of another version, and what follows; null: they stay.' }),
  })
  .openapi('PriceBookMigrationPreviewList');
