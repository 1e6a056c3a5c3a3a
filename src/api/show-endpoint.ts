import type { DeliveryRow, EndpointRow } from '../db/endpoints.ts';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

export const showEndpoint = (row: EndpointRow) => ({
  id: row.id,
  url: row.url,
  description: row.description,
  eventTypes: row.event_types,
  state: row.state,
  pausedWhy: row.paused_why,
  health: {
    failures: row.failures,
    failingSince: iso(row.failing_since),
    lastDeliveredAt: iso(row.last_delivered_at),
  },
  previousSecretUntil: row.previous_until && row.previous_until > new Date() ? iso(row.previous_until) : null,
  createdAt: iso(row.created_at),
  updatedAt: iso(row.updated_at),
});

export const showDelivery = (row: DeliveryRow) => ({
  id: row.id,
  eventId: row.event_id,
  type: row.type,
  subscriptionId: row.subscription_id,
  state: row.state,
  attempts: row.tries,
  // Of a paused endpoint it is never: no Date.
  nextAttemptAt: row.state === 'pending' && row.next_try_at instanceof Date ? iso(row.next_try_at) : null,
  createdAt: iso(row.created_at),
  settledAt: iso(row.settled_at),
});
