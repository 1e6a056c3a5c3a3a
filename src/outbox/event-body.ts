/** An announcement as others read it: the same bytes however often, and on whatever way, it is told. */
import type { Announcement } from '../db/outbox.ts';
import { dataOf, EVENT_VERSION } from '../domain/event-types.ts';

export const eventBody = ({ id, type, at, mode, subscription, customer, version, ordinal, data }: Announcement) => ({
  ...{ id, type, apiVersion: EVENT_VERSION, timestamp: new Date(at).toISOString(), mode },
  ...{ subscriptionId: subscription, customerId: customer, version, ordinal, data: dataOf(type, data) },
});
