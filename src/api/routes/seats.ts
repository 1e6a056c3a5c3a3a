/** For the customer: which machines hold a seat, a code for another, and giving one up. */
import { z } from 'zod';
import { hashOfCode, newActivationCode } from '../../auth/licences.ts';
import { audit } from '../../db/audit.ts';
import { customerFields } from '../../db/customer-key.ts';
import { createActivationCode, listSeats, releaseSeat, type SeatRow, tellDevices } from '../../db/licences.ts';
import { inTenant, type Trx } from '../../db/tenant.ts';
import { DAY } from '../../domain/time.ts';
import { unseal } from '../../security/seal.ts';
import { notFound } from '../problem.ts';
import { AGENTS, type Call, created, ok, route } from '../route.ts';
import { activationCode, seat, seatId } from '../schemas/licences.ts';
import { listOf } from '../schemas.ts';
import { actingCustomer } from './subscribe.ts';

const CODE_LIVES = 7 * DAY;
const common = { tag: 'Licences', who: ['customer', ...AGENTS], actsOnCustomer: true } as const;

const code = route({
  ...common,
  method: 'post',
  path: '/api/billing/licenses/activation-codes',
  summary: 'Make an activation code',
  about:
    'A program on a machine trades it for a seat, within seven days and once. It is shown in this answer and never again.',
  grant: 'licenses:write',
  answers: { 201: { about: 'With the code.', schema: activationCode } },
  async handle(call) {
    const { id: customer } = await actingCustomer(call);
    const { parts, scope, principal } = call;
    const activationCode = newActivationCode();
    const at = new Date();
    const expiresAt = new Date(at.getTime() + CODE_LIVES);
    await inTenant(parts.db, scope, async (trx) => {
      const made = { hash: hashOfCode(activationCode), customer, by: principal.ref, at, expiresAt };
      await createActivationCode(trx, scope, made);
      await audit(trx, scope, { at, by: principal.ref, action: 'activation_code_made', subject: customer, why: {} });
    });
    return created({ expiresAt: expiresAt.toISOString() }, { activationCode });
  },
});

const list = route({
  ...common,
  method: 'get',
  path: '/api/billing/licenses',
  summary: 'Machines that hold a seat',
  grant: 'licenses:read',
  answers: { 200: { about: 'The newest first, with those that held one.', schema: listOf(seat, 'LicenseSeat') } },
  async handle(call) {
    const { id: customer } = await actingCustomer(call);
    return inTenant(call.parts.db, call.scope, async (trx) => {
      const show = await shown(trx, call, customer);
      return ok({ data: (await listSeats(trx, customer)).map(show), nextCursor: null });
    });
  },
});

const release = route({
  ...common,
  method: 'delete',
  path: '/api/billing/licenses/:id',
  summary: 'Give a seat up, for another machine',
  about: 'One that was taken within the last 24 hours is free again when these are over.',
  grant: 'licenses:write',
  params: z.strictObject({ id: seatId }),
  answers: { 200: { about: 'The machine gets no licence any more.', schema: seat } },
  async handle(call) {
    const { id: customer } = await actingCustomer(call);
    const { parts, scope, principal, params } = call;
    return inTenant(parts.db, scope, async (trx) => {
      const at = new Date();
      const released = await releaseSeat(trx, params.id, customer, at);
      if (!released) throw notFound('licence');
      const deed = { at, by: principal.ref, action: 'seat_released', subject: customer, why: { seat: params.id } };
      await audit(trx, scope, deed);
      await tellDevices(trx, customer);
      return ok((await shown(trx, call, customer))(released));
    });
  },
});

async function shown(trx: Trx, { parts, scope }: Call, customer: SeatRow['customer_id']) {
  const { ring, tenant } = await customerFields(trx, parts.keys, scope, customer);
  return ({ id, device_name_encrypted: name, released_at, revoked_why, activated_at, refreshed_at }: SeatRow) => ({
    id,
    deviceName:
      name &&
      unseal(ring, name, { tenant, table: 'license_seats', column: 'device_name_encrypted', row: id }).toString(),
    state: revoked_why ? 'revoked' : released_at ? 'released' : 'active',
    why: revoked_why,
    activatedAt: activated_at.toISOString(),
    refreshedAt: refreshed_at.toISOString(),
  });
}

export const seatRoutes = [code, list, release];
