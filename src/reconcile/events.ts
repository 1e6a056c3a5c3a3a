/** Events that were not heard at the door, by whatever accident: asked for, read by the same list, and kept like any. */
import { type Heard, keepEvents } from '../db/inbox.ts';
import { notKept } from '../db/reconciliation.ts';
import type { Mode } from '../domain/ids.ts';
import type { Processor } from '../domain/subscription.ts';
import type { ListEvents } from '../processors/processor.ts';
import { DEFAULT_ACCOUNT } from '../processors/processors.ts';
import { methodName } from '../security/method-name.ts';
import { isObject } from '../webhooks/json-object.ts';
import { readPaypalObject } from '../webhooks/paypal-event.ts';
import { type Read, readStripeObject } from '../webhooks/stripe-event.ts';
import type { Looking, Query } from './looking.ts';

/** Who has vouched for it: the processor's API, asked under our own key. */
const VERIFIED_BY = 'api';
const AT_ONCE = 200;

type Account = { id: string; mode: Mode; methodKey: Buffer };
type Reader = (event: { readonly [name: string]: unknown }, account: Account) => Read;

/** By the same list as at the door. What PayPal says is believed when it was read back, as ever. */
const READERS: Record<Processor, Reader> = {
  stripe: readStripeObject,
  paypal: (event, { methodKey, ...account }) =>
    readPaypalObject(event, {
      ...account,
      nameOf: (vaultId) => methodName(methodKey, { account: account.id, mode: account.mode }, vaultId),
    }),
};

/** How many there were. */
export async function fetchEvents(
  { deps: { db, keys, methodKey, log }, scope, whose: { processor, account } }: Looking,
  listEvents: ListEvents,
  { since, thorough, isFresh }: Query,
): Promise<number> {
  const missing: Heard[] = [];
  // A restored database lacks what was delivered as well, so a thorough look asks for everything.
  for await (const page of listEvents({ since, undelivered: !thorough })) {
    const told = page.flatMap((event) => {
      const read = isObject(event) ? READERS[processor](event, { id: account, mode: scope.mode, methodKey }) : null;
      if (!read?.ok || read.event.told === null || isFresh(read.event.occurredAt)) return [];
      if (read.event.tenant !== null && read.event.tenant !== scope.tenant) return [];
      return [account === DEFAULT_ACCOUNT ? read.event : { ...read.event, tenant: scope.tenant }];
    });
    missing.push(...(await notKept(db, told)));
  }
  missing.reverse(); // listed newest first, and told in the order in which they happened
  for (let first = 0; first < missing.length; first += AT_ONCE) {
    const batch = missing.slice(first, first + AT_ONCE);
    await keepEvents(
      db,
      keys,
      batch.map((event) => ({ ...event, verifiedBy: VERIFIED_BY, rawMac: null })),
    );
  }
  if (missing.length > 0) {
    log.warn(
      { ...scope, processor, events: missing.length },
      'events had not arrived: they were fetched, and are on their way',
    );
  }
  return missing.length;
}
