/** Seats of machines: who gets one, who moves, and who is told no. Changes of one customer's seats wait for each other. */
import { type Selectable, sql } from 'kysely';
import type { CustomerId, Mode, SeatId, SubscriptionId, TenantId } from '../domain/ids.ts';
import { isTaken, LICENCE_LIVES, seatsOf } from '../domain/licence.ts';
import type { Db } from './client.ts';
import { type Held, readEntitlements } from './entitlements.ts';
import type { LicenseSeatsTable } from './schema.ts';
import { inRole, type Scope, type Trx } from './tenant.ts';

export type SeatRow = Selectable<LicenseSeatsTable>;

type NewCode = { hash: Buffer; customer: CustomerId; by: string; at: Date; expiresAt: Date };

export async function createActivationCode(trx: Trx, { tenant, mode }: Scope, code: NewCode): Promise<void> {
  const { hash, customer: customer_id, by: made_by, at: made_at, expiresAt: expires_at } = code;
  await trx
    .insertInto('activation_codes')
    .values({ tenant_id: tenant, mode, hash, customer_id, made_by, made_at, expires_at })
    .execute();
}

type Whose = { tenant: TenantId; mode: Mode };

/** A machine names no tenant: what it shows is looked up in the door's role. */
export const tenantOfCode = (db: Db, hash: Buffer): Promise<Whose | null> =>
  inRole(db, 'hydra_door', async (trx) => {
    const row = await trx
      .selectFrom('activation_codes')
      .select(['tenant_id', 'mode'])
      .where('hash', '=', hash)
      .executeTakeFirst();
    return row ? { tenant: row.tenant_id, mode: row.mode } : null;
  });

/** The machine's latest seat, with whatever tenant it is. */
export const findSeat = (db: Db, anchorHash: Buffer): Promise<(Whose & { id: SeatId }) | null> =>
  inRole(db, 'hydra_door', async (trx) => {
    const row = await trx
      .selectFrom('license_seats')
      .select(['tenant_id', 'mode', 'id'])
      .where('anchor_hash', '=', anchorHash)
      .orderBy('activated_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ? { tenant: row.tenant_id, mode: row.mode, id: row.id } : null;
  });

/** Those whose last licence may not be over yet. */
export const revokedSeats = (db: Db, at: Date): Promise<{ id: SeatId; why: string }[]> =>
  inRole(db, 'hydra_door', async (trx) => {
    const rows = await trx
      .selectFrom('license_seats')
      .select(['id', 'revoked_why'])
      .where('revoked_at', '>', new Date(at.getTime() - LICENCE_LIVES))
      .orderBy('revoked_at')
      .orderBy('id')
      .execute();
    return rows.map(({ id, revoked_why }) => ({ id, why: revoked_why! }));
  });

/** So that two machines that come at once don't get the same last seat. */
const holdCustomer = async (trx: Trx, customer: CustomerId): Promise<void> => {
  await trx.selectFrom('customers').select('id').where('id', '=', customer).forNoKeyUpdate().execute();
};

export type NewSeat = {
  id: SeatId;
  license: string;
  anchorHash: Buffer;
  deviceName: (customer: CustomerId) => Promise<string | null>;
  at: Date;
};
export type Activated =
  | { outcome: 'activated'; seat: SeatRow; held: Held }
  | { outcome: 'code_unknown' | 'code_used' | 'code_over' | 'no_access' | 'anchor_taken' | 'no_free_seat' };

/** Where it is refused the code is still good. */
export async function activate(trx: Trx, scope: Scope, code: Buffer, wanted: NewSeat): Promise<Activated> {
  const found = await trx
    .selectFrom('activation_codes')
    .selectAll()
    .where('hash', '=', code)
    .forUpdate()
    .executeTakeFirst();
  if (!found) return { outcome: 'code_unknown' };
  if (found.used_at) return { outcome: 'code_used' };
  if (found.expires_at <= wanted.at) return { outcome: 'code_over' };
  const answer = await takeSeat(trx, scope, found.customer_id, wanted);
  if (answer.outcome === 'activated') {
    await trx.updateTable('activation_codes').set({ used_at: wanted.at }).where('hash', '=', code).execute();
  }
  return answer;
}

async function takeSeat(trx: Trx, scope: Scope, customer: CustomerId, wanted: NewSeat): Promise<Activated> {
  await holdCustomer(trx, customer);
  const held = await readEntitlements(trx, customer, wanted.at.getTime());
  if (!held?.tier) return { outcome: 'no_access' };
  const mine = await seatAt(trx, wanted.anchorHash);
  if (mine && mine.customer_id !== customer) return { outcome: 'anchor_taken' };
  if (mine) return { outcome: 'activated', seat: await renew(trx, mine.id, wanted), held };
  const most = seatsOf(held, held.units);
  if (most !== null && (await takenSeats(trx, customer, wanted)) >= most) return { outcome: 'no_free_seat' };
  const subscription = await holdingSubscription(trx, customer);
  return { outcome: 'activated', seat: await insertSeat(trx, scope, customer, subscription, wanted), held };
}

/** With the subscription itself: the machine it was bought on. Null where the machine is another customer's. */
export async function bindSeat(
  trx: Trx,
  scope: Scope,
  { customer, subscription }: { customer: CustomerId; subscription: SubscriptionId },
  wanted: NewSeat,
): Promise<SeatRow | null> {
  await holdCustomer(trx, customer);
  const mine = await seatAt(trx, wanted.anchorHash);
  if (mine) return mine.customer_id === customer ? mine : null;
  return insertSeat(trx, scope, customer, subscription, wanted);
}

export const seatAt = async (trx: Trx, anchorHash: Buffer): Promise<SeatRow | null> =>
  (await trx
    .selectFrom('license_seats')
    .selectAll()
    .where('anchor_hash', '=', anchorHash)
    .where('released_at', 'is', null)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()) ?? null;

async function takenSeats(trx: Trx, customer: CustomerId, { anchorHash, at }: NewSeat): Promise<number> {
  const rows = await trx
    .selectFrom('license_seats')
    .select(['activated_at', 'released_at'])
    .where('customer_id', '=', customer)
    .where('revoked_at', 'is', null)
    .where('anchor_hash', '<>', anchorHash)
    .execute();
  const seats = rows.map((row) => ({
    activatedAt: row.activated_at.getTime(),
    releasedAt: row.released_at?.getTime() ?? null,
  }));
  return seats.filter((seat) => isTaken(seat, at.getTime())).length;
}

/** The one that gives access now; of several the newest. Its end is the seat's. */
const holdingSubscription = async (trx: Trx, customer: CustomerId): Promise<SubscriptionId | null> =>
  (
    await trx
      .selectFrom('subscriptions')
      .select('id')
      .where('customer_id', '=', customer)
      .where('access_level', '<>', 'none')
      .orderBy('created_at', 'desc')
      .limit(1)
      .executeTakeFirst()
  )?.id ?? null;

async function insertSeat(
  trx: Trx,
  { tenant, mode }: Scope,
  customer: CustomerId,
  subscription: SubscriptionId | null,
  { id, license, anchorHash, deviceName, at }: NewSeat,
): Promise<SeatRow> {
  return trx
    .insertInto('license_seats')
    .values({
      ...{ tenant_id: tenant, mode, id, customer_id: customer, subscription_id: subscription },
      ...{ anchor_hash: anchorHash, device_name_encrypted: await deviceName(customer), license_id: license },
      ...{ activated_at: at, refreshed_at: at },
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** The same machine again, its disk wiped say: it begins anew on the seat that it has. */
const renew = (trx: Trx, id: SeatId, { license, at }: NewSeat): Promise<SeatRow> =>
  trx
    .updateTable('license_seats')
    .set({ license_id: license, license_before: null, refreshed_at: at })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();

export type Refreshed =
  | { outcome: 'refreshed'; seat: SeatRow; held: Held }
  | { outcome: 'seat_released' | 'no_access' | 'cloned' }
  | { outcome: 'revoked'; why: string };

/**
 * The licence that it shows is traded for the next. The one before is taken as well, as an answer may be lost; any older one
 * means that two machines share what was one's: a clone, or a copy. Then the seat is nobody's any more.
 */
export async function refresh(
  trx: Trx,
  {
    seat: id,
    shown,
    anchorHash,
    next,
    at,
  }: { seat: SeatId; shown: string; anchorHash: Buffer; next: string; at: Date },
): Promise<Refreshed> {
  const seat = await trx.selectFrom('license_seats').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  if (!seat?.anchor_hash.equals(anchorHash) || seat.released_at) return { outcome: 'seat_released' };
  if (seat.revoked_why) return { outcome: 'revoked', why: seat.revoked_why };
  if (shown !== seat.license_id && shown !== seat.license_before) {
    await trx
      .updateTable('license_seats')
      .set({ revoked_at: at, revoked_why: 'cloned' })
      .where('id', '=', id)
      .execute();
    return { outcome: 'cloned' };
  }
  const held = await readEntitlements(trx, seat.customer_id, at.getTime());
  if (!held?.tier) return { outcome: 'no_access' };
  const moved = await trx
    .updateTable('license_seats')
    .set({ license_id: next, license_before: shown, refreshed_at: at })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return { outcome: 'refreshed', seat: moved, held };
}

export const readSeat = async (trx: Trx, id: SeatId): Promise<SeatRow | null> =>
  (await trx.selectFrom('license_seats').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

/** The newest first; those that were given up or taken away are still there to be seen. */
export const listSeats = (trx: Trx, customer: CustomerId): Promise<SeatRow[]> =>
  trx
    .selectFrom('license_seats')
    .selectAll()
    .where('customer_id', '=', customer)
    .orderBy('activated_at', 'desc')
    .orderBy('id')
    .limit(200)
    .execute();

/** Null where this customer has no such seat. */
export const releaseSeat = async (trx: Trx, id: SeatId, customer: CustomerId, at: Date): Promise<SeatRow | null> =>
  (await trx
    .updateTable('license_seats')
    .set((set) => ({ released_at: set.fn.coalesce('released_at', set.val(at)) }))
    .where('id', '=', id)
    .where('customer_id', '=', customer)
    .returningAll()
    .executeTakeFirst()) ?? null;

/** Which machines hear of a change of this customer's. */
export const tellDevices = async (trx: Trx, customer: CustomerId): Promise<void> => {
  await sql`select pg_notify('hydra_entitlements', ${customer})`.execute(trx);
};
