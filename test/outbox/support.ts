import { sql } from 'kysely';
import type { Db } from '../../src/db/client.ts';
import type { Announcement } from '../../src/db/outbox.ts';
import { inTenant, type Scope } from '../../src/db/tenant.ts';
import type { Consumer } from '../../src/outbox/consumer.ts';
import { createOutboxRelay, type OutboxRelayOptions } from '../../src/outbox/relay.ts';
import { SCOPE } from '../db/support.ts';

/** As a commit leaves word of itself: the next versions of each of these subscriptions, `each` of them. */
export async function happens(
  db: Db,
  subscriptions: readonly string[],
  { each = 1, from = 1, type = 'subscription.renewed', scope = SCOPE }: Partial<Happening> = {},
): Promise<void> {
  await inTenant(db, scope, async (trx) => {
    await sql`insert into outbox (tenant_id, mode, subscription_id, version, ordinal, type, payload, at)
      select ${scope.tenant}, ${scope.mode}, subscription, version, 0, ${type}, jsonb_build_object('period', version),
        '2027-05-01T10:00:00Z'::timestamptz + version * interval '1 day'
      from unnest(${[...subscriptions]}::text[]) as subscription, generate_series(${from}::int, ${from + each - 1}::int) as version
      order by version, subscription`.execute(trx);
    await sql`select pg_notify('hydra_outbox', '')`.execute(trx);
  });
}

type Happening = { each: number; from: number; type: string; scope: Scope };

/** Remembers what it was told. `answer` may throw. */
export function hearer(name = 'hearer', answer: (told: readonly Announcement[]) => unknown = () => {}) {
  const heard: Announcement[] = [];
  const consumer: Consumer = {
    name,
    async take(announcements) {
      await answer(announcements);
      heard.push(...announcements);
    },
  };
  return { consumer, heard };
}

export function relayTo(db: Db, consumers: readonly Consumer[], over: Partial<OutboxRelayOptions> = {}) {
  const logged: { level: string; message: string }[] = [];
  const log = (level: string) => (_fields: object, message: string) => void logged.push({ level, message });
  const relay = createOutboxRelay({
    ...{ db, consumers, log: { info: log('info'), warn: log('warn'), error: log('error') } },
    ...over,
  });
  return { relay, logged };
}

/** The versions of each subscription, in the order in which they were told. */
export function versionsOf(heard: readonly Announcement[]): Record<string, number[]> {
  const versions: Record<string, number[]> = {};
  for (const { subscription, version } of heard) {
    const own = versions[subscription!] ?? [];
    versions[subscription!] = own;
    own.push(version!);
  }
  return versions;
}

export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
