import type { Db } from '../../src/db/client.ts';
import { type Kept, keepEvents, type Told } from '../../src/db/inbox.ts';
import type { SubscriptionId } from '../../src/domain/ids.ts';
import { createRelay, type RelayOptions } from '../../src/relay/relay.ts';
import type { Signal } from '../../src/relay/signal.ts';
import { parseKeyRing } from '../../src/security/key-ring.ts';
import type { Delivered } from '../../workflows/messages.ts';

const KEY = Buffer.alloc(32, 'k').toString('base64');
/** The ring of these tests, and as the environment has it. */
export const INBOX_KEYS = `t1:${KEY}`;
export const KEYS = parseKeyRing(INBOX_KEYS);

export const OCCURRED = Date.parse('2027-05-01T10:00:00Z');

let told = 0;

export const happened = (subscription: SubscriptionId | null, over: Partial<Kept> = {}): Kept => {
  const n = ++told;
  return {
    provider: 'stripe',
    account: 'default',
    mode: 'test',
    eventId: `evt_relay${n}`,
    tenant: subscription === null ? null : 'ten_1',
    subscription,
    type: 'payment_intent.succeeded',
    told: paid(`pi_relay${n}`),
    occurredAt: OCCURRED,
    ignored: null,
    verifiedBy: 'stripe:of-the-tests',
    rawMac: null,
    ...over,
  };
};

export const paid = (payment: string, invoice: `inv_${string}` = 'inv_1_1', amount = 3000): Told => ({
  type: 'payment_succeeded',
  invoice,
  attempt: 1,
  payment,
  amount,
});

export const arrive = (db: Db, ...events: Kept[]): Promise<unknown> => keepEvents(db, KEYS, events);

/** A relay whose workflows are a list. What it sends is `sent`; `answer` says what becomes of a signal. */
export function relayWith(db: Db, over: Partial<RelayOptions> = {}, answer: Signal = async () => 'sent') {
  const sent: { subscription: SubscriptionId; delivered: Delivered[] }[] = [];
  const logged: { level: string; message: string }[] = [];
  const log = (level: string) => (_fields: object, message: string) => void logged.push({ level, message });
  const signal: Signal = async (target, delivered) => {
    const outcome = await answer(target, delivered);
    if (outcome === 'sent') sent.push({ subscription: target.subscription, delivered });
    return outcome;
  };
  const relay = createRelay({
    db,
    keys: KEYS,
    modes: ['test', 'live'],
    signal,
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    ...over,
  });
  const drain = async () => {
    while (await relay.pass());
  };
  return { relay, drain, sent, logged };
}

/** What was due later is due now: tests don't wait for back-offs. */
export async function makeDue(db: Db): Promise<void> {
  await db
    .updateTable('inbox')
    .set({ next_try_at: new Date(0), leased_until: null })
    .execute();
}

export const statesOf = async (db: Db): Promise<string[]> =>
  (await db.selectFrom('inbox').select('state').orderBy('seq').execute()).map(({ state }) => state);
