/** Events that are only claims yet: they are leased like others, and believed once the processor says the same. */
import { sql } from 'kysely';
import type { Claim } from '../domain/claim.ts';
import type { PaymentMethodId } from '../domain/ids.ts';
import type { KeyRing } from '../security/key-ring.ts';
import type { Db } from './client.ts';
import { INBOX_CHANNEL } from './inbox.ts';
import { type Homeless, homelessOf, type SealedRow } from './inbox-relay.ts';
import type { PaymentMethodRow } from './payment-methods.ts';
import { inRole } from './tenant.ts';

export type Claimed = Homeless & { type: string; claim: Claim };

export const leaseClaims = (db: Db, keys: KeyRing, limit: number, forMs: number): Promise<Claimed[]> =>
  inRole(db, 'hydra_relay', async (trx) => {
    const { rows } = await sql<SealedRow & { claim: Claim }>`/* inbox_claims */
      with due as (
        select id from inbox
        where claim is not null and confirmed_at is null and state in ('received', 'parked')
          and next_try_at <= clock_timestamp() and (leased_until is null or leased_until < clock_timestamp())
        order by next_try_at, seq
        limit ${limit}
        for update skip locked
      )
      update inbox set leased_until = clock_timestamp() + ${forMs} * interval '1 millisecond'
      from due where inbox.id = due.id
      returning inbox.*, coalesce(replayed_at, received_at) as received_at`.execute(trx);
    return rows.map((row) => ({ ...homelessOf(keys, row), type: row.type, claim: row.claim }));
  });

/** From now on it goes the way of the others. */
export const believe = (db: Db, ids: readonly string[]): Promise<void> =>
  inRole(db, 'hydra_relay', async (trx) => {
    if (ids.length === 0) return;
    await sql`/* inbox_believe */
      with believed as (
        update inbox set confirmed_at = clock_timestamp(), leased_until = null, state = 'received', reason = null,
          attempts = 0, next_try_at = clock_timestamp()
        where id = any(${[...ids]}::text[]) and state in ('received', 'parked') and confirmed_at is null
        returning 1
      )
      select pg_notify(${INBOX_CHANNEL}, '') where exists (select from believed)`.execute(trx);
  });

/** The method's row, to read back by its own name at the processor. */
export const methodClaimed = (db: Db, mode: string, id: PaymentMethodId): Promise<PaymentMethodRow | undefined> =>
  inRole(db, 'hydra_relay', (trx) =>
    trx
      .selectFrom('payment_methods')
      .selectAll()
      .where('id', '=', id)
      .where('mode', '=', mode as PaymentMethodRow['mode'])
      .executeTakeFirst(),
  );
