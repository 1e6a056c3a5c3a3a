/** What was compared with the processor and the workflows, and where they do not say the same. */
import { z } from 'zod';
import { DISCREPANCIES, type DiscrepancyKind } from '../../domain/discrepancy.ts';
import type { DiscrepancyId, ReconciliationId } from '../../domain/ids.ts';
import { id, instant, page, subscriptionId, text, time } from '../schemas.ts';

const SAMPLE = '01kb3yq2p4m5n6r7s8t9v0w1x2';
export const reconciliationId = id<ReconciliationId>('rec', SAMPLE);
export const discrepancyId = id<DiscrepancyId>('dis', SAMPLE);

export const reconciliationCreate = z
  .strictObject({ since: instant.optional().openapi({ description: 'Without it, thirty days back.' }) })
  .openapi('ReconciliationCreate');

export const reconciliation = z
  .object({
    id: reconciliationId,
    state: z.enum(['running', 'done', 'failed']),
    since: time,
    askedBy: z.string(),
    startedAt: time,
    endedAt: time.nullable(),
    report: z
      .object({
        fetched: z.int().openapi({ description: 'Events that had not arrived, and have now.' }),
        movements: z.int().openapi({ description: 'Movements of money that were compared.' }),
        workflows: z.int(),
        fees: z.int().openapi({ description: 'Fees that were booked.' }),
        payouts: z.int().openapi({ description: 'Payouts that were booked.' }),
        repaired: z.int().openapi({ description: 'What was put right, or has come right by itself.' }),
        open: z.int().openapi({ description: 'All discrepancies that are open now.' }),
      })
      .nullable(),
    reason: z.string().nullable(),
  })
  .openapi('Reconciliation');

const kind = z.enum(Object.keys(DISCREPANCIES) as [DiscrepancyKind, ...DiscrepancyKind[]]);
const state = z.enum(['open', 'repaired', 'settled', 'dismissed']);
const side = z
  .record(z.string(), z.union([z.string(), z.number(), z.null()]))
  .nullable()
  .openapi({ description: 'What this side says; null where it knows nothing of it.' });

export const discrepancyFilter = page.extend({ state: state.optional(), kind: kind.optional() });

export const discrepancy = z
  .object({
    id: discrepancyId,
    kind,
    about: z.string().openapi({ description: 'The kind, in words.' }),
    subject: z.string().openapi({ description: 'A payment’s, refund’s, payout’s or subscription’s name.' }),
    subscriptionId: subscriptionId.nullable(),
    theirs: side,
    ours: side,
    state,
    openedAt: time,
    seenAt: time,
    closedAt: time.nullable(),
    closedBy: z.string().nullable(),
    how: z.string().nullable(),
  })
  .openapi('Discrepancy');

export const discrepancyClose = z
  .strictObject({ reason: text(500).openapi({ example: 'booked by hand, see the bank statement' }) })
  .openapi('DiscrepancyClose');
