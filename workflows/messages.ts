/** The names and shapes that senders share with the subscription's workflow. Plain constants: any program may import them. */

import type { OutsideEffect } from '../src/domain/effect.ts';
import type { ClockId, MigrationId, Mode, ReconciliationId, SubscriptionId, TenantId } from '../src/domain/ids.ts';
import type { Command, Fact, Followable, Origin } from '../src/domain/input.ts';
import type { Refusal } from '../src/domain/refusal.ts';
import type { Draft, Subscription } from '../src/domain/subscription.ts';
import type { Instant } from '../src/domain/time.ts';

export const SUBSCRIPTION_WORKFLOW = 'subscription';
/** Calls to a processor have a queue of their own, with its own rate limit: `subscriptions.stripe`. */
export const processorQueue = (queue: string, processor: string): string => `${queue}.${processor}`;

export const workflowIdOf = (tenant: TenantId, id: SubscriptionId): string => `subscription/${tenant}/${id}`;

/** A command is an update of its own name (`subscribe`, `cancel`, …). Its id makes a repeat answer the same. */
export type Asked<C extends Command = Command> = {
  id: string;
  command: C;
  origin: Origin;
  /** The time of the test clock that leads this subscription, which stands still while the workflow's own runs on. */
  at?: Instant;
};
export type Answer = { outcome: 'applied'; version: number } | ({ outcome: 'refused' } & Refusal);

export const COMMANDS = [
  'subscribe',
  'change',
  'cancel',
  'uncancel',
  'pause',
  'resume',
  'pay',
  'use_payment_method',
  'bill',
  'finalise',
  'migrate',
  'undo_migration',
  'apply_discount',
  'remove_discount',
  'credit_note',
  'void',
  'write_off',
  'record_payment',
  'retry_refund',
  'credit_refund',
  'withdraw_credit',
  'retry',
  'skip_retry',
  'hold',
  'release',
  'extend_grace',
] as const satisfies readonly Command['type'][];

/** Signal: what was taken from the inbox for this subscription, in order. Ids and sanitised facts only. */
export const FACTS_SIGNAL = 'facts';
export type Delivered = { inboxId: string; fact: Fact | Followable; occurredAt: Instant };

/** Query: the workflow's own state, beside the projection. */
export const STATE_QUERY = 'state';
export type Look = { subscription: Subscription; pendingInputs: number; outsideCalls: number; continued: number };

/** The workflow's argument when a draft is made; what later runs carry is the workflow's own affair. */
export type Start = { subscription: Draft; cyclesPerRun?: number };

/** Signal: what is stored of the subscription is older than this workflow. It says of which version that is. */
export const PROJECT_SIGNAL = 'project';

/** The argument where a workflow has been lost: its state as it is stored, and the calls that nobody has answered. */
export type Restart = { subscription: Subscription; outside: OutsideEffect[] };

/** A test clock's journey, in the test namespace: started by the API, one at a time a clock. */
export const ADVANCE_CLOCK_WORKFLOW = 'advance_clock';
export const clockWorkflowIdOf = (tenant: TenantId, clock: ClockId): string => `clock/${tenant}/${clock}`;
export type Journey = { tenant: TenantId; clock: ClockId; target: Instant };

/** The days of a tenant that are over, in one mode: started by its schedule, at the tenant's local midnight. */
export const RECOGNISE_REVENUE_WORKFLOW = 'recognise_revenue';
export const revenueScheduleIdOf = (tenant: TenantId): string => `revenue/${tenant}`;
export type RevenueOf = { tenant: TenantId; mode: Mode };

/** Whether processor, books and workflows say the same: by a schedule of each tenant, and whenever somebody asks. */
export const RECONCILE_WORKFLOW = 'reconcile';
export type HowOften = 'hourly' | 'weekly';
export const reconcileScheduleIdOf = (tenant: TenantId, often: HowOften): string => `reconciliation/${tenant}/${often}`;
export const reconcileWorkflowIdOf = (tenant: TenantId, id: ReconciliationId): string =>
  `reconciliation/${tenant}/${id}`;
export type Reconciliation = {
  tenant: TenantId;
  mode: Mode;
  /** Null where a schedule asks. */
  id: ReconciliationId | null;
  /** How far back, in milliseconds. */
  back: number;
  thorough: boolean;
  by: string;
};

/** A migration of subscriptions to a version of the price book: one workflow each, told to go on by a signal. */
export const MIGRATE_PRICE_BOOK_WORKFLOW = 'migrate_price_book';
export const GO_ON_SIGNAL = 'go_on';
export const migrationWorkflowIdOf = (tenant: TenantId, migration: MigrationId): string =>
  `price-book-migration/${tenant}/${migration}`;
export type MigrationRef = { tenant: TenantId; mode: Mode; migration: MigrationId };
