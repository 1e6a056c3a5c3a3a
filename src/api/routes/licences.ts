/** For machines: they bring a code, a licence or their anchor, and no token. */
import { z } from 'zod';
import { hashOfCode, readLicence, signLicence, signRevocations } from '../../auth/licences.ts';
import { customerFields } from '../../db/customer-key.ts';
import type { Held } from '../../db/entitlements.ts';
import { readEntitlements } from '../../db/entitlements.ts';
import {
  type Activated,
  activate,
  findSeat,
  type NewSeat,
  readSeat,
  refresh,
  revokedSeats,
  type SeatRow,
  tenantOfCode,
} from '../../db/licences.ts';
import { inTenant, type Scope, type Trx } from '../../db/tenant.ts';
import type { CustomerId } from '../../domain/ids.ts';
import { licenceTerms } from '../../domain/licence.ts';
import { newId } from '../../ids.ts';
import { hashOfAnchor } from '../../security/anchor.ts';
import { seal } from '../../security/seal.ts';
import { ANYTHING, openRoute } from '../open-route.ts';
import { Problem } from '../problem.ts';
import type { ProblemCode } from '../problem-codes.ts';
import { created, ok, type Parts } from '../route.ts';
import { anchor } from '../schemas/anchor.ts';
import { activateBody, jwks, license, refreshBody, revocations } from '../schemas/licences.ts';

const tag = 'Licences';
const answers = { 200: { about: 'The machine’s licence.', schema: license } };

const REFUSED = {
  code_unknown: [404, 'activation_code_unknown', 'no such activation code'],
  code_used: [409, 'activation_code_used', 'the code has activated a machine already'],
  code_over: [409, 'activation_code_over', 'the code’s time is over'],
  no_access: [409, 'license_no_access', 'nothing is paid for that would give access'],
  anchor_taken: [409, 'license_other_customer', 'this machine holds a seat of another customer'],
  no_free_seat: [409, 'license_no_free_seat', 'all seats are taken, or were given up only just now'],
  seat_released: [409, 'license_seat_released', 'the seat was given up, or belongs to another machine'],
  cloned: [409, 'license_cloned', 'an older licence than the machine has was shown: it was copied, or the machine was'],
} as const satisfies Record<string, readonly [number, ProblemCode, string]>;

function refused(outcome: keyof typeof REFUSED): Problem {
  const [status, code, detail] = REFUSED[outcome];
  return new Problem(status, code, detail);
}
const revoked = (why: string): Problem => new Problem(409, 'license_revoked', `the licence was revoked: ${why}`);

/** What a new seat is made of. Its name may be a person's: it is sealed under the customer's own key. */
export const seatFor = (
  { keys, licences }: Parts,
  trx: Trx,
  scope: Scope,
  { anchor, deviceName }: { anchor: string; deviceName?: string | undefined },
): NewSeat => {
  const id = newId('lic');
  return {
    ...{ id, license: newId('lcv'), anchorHash: hashOfAnchor(licences.anchorKey, anchor), at: new Date() },
    async deviceName(customer: CustomerId) {
      if (deviceName === undefined) return null;
      const { ring, tenant } = await customerFields(trx, keys, scope, customer);
      return seal(ring, deviceName, { tenant, table: 'license_seats', column: 'device_name_encrypted', row: id });
    },
  };
};

const activating = openRoute({
  method: 'post',
  path: '/api/licenses/activate',
  tag,
  summary: 'Trade an activation code for a seat and a licence',
  about: 'The same machine again keeps its seat. Where it is refused the code is still good.',
  body: activateBody,
  mayHold: { activationCode: ANYTHING, anchor: ANYTHING },
  answers: { 201: { about: 'Activated.', schema: license } },
  async handle({ parts, body }) {
    const code = hashOfCode(body.activationCode);
    const scope = await tenantOfCode(parts.db, code);
    if (!scope) throw refused('code_unknown');
    const answer = await inTenant(
      parts.db,
      scope,
      (trx): Promise<Activated> => activate(trx, scope, code, seatFor(parts, trx, scope, body)),
    );
    if (answer.outcome !== 'activated') throw refused(answer.outcome);
    return created(await licenceOf(parts, answer.seat, answer.held, body.anchor));
  },
});

const refreshing = openRoute({
  method: 'post',
  path: '/api/licenses/refresh',
  tag,
  summary: 'Trade a licence for the next',
  about:
    'One that is over is taken as well. One that is older than the machine’s last two means that there are two of them.',
  body: refreshBody,
  mayHold: { license: ANYTHING },
  answers,
  async handle({ parts, body }) {
    const shown = await readLicence(parts.licences.key, body.license);
    if (!shown) throw new Problem(401, 'license_invalid', 'the licence is not one of ours');
    const anchorHash = hashOfAnchor(parts.licences.anchorKey, shown.anchor);
    const traded = { seat: shown.sub, shown: shown.jti, anchorHash, next: newId('lcv'), at: new Date() };
    const answer = await inTenant(parts.db, shown, (trx) => refresh(trx, traded));
    if (answer.outcome === 'revoked') throw revoked(answer.why);
    if (answer.outcome !== 'refreshed') throw refused(answer.outcome);
    return ok(await licenceOf(parts, answer.seat, answer.held, shown.anchor));
  },
});

const byAnchor = openRoute({
  method: 'get',
  path: '/api/licenses/:anchor',
  tag,
  summary: 'The licence of a machine',
  about: 'For one that holds a seat: bought on it, or activated. It counts as no refresh.',
  params: z.strictObject({ anchor }),
  answers,
  handle: async ({ parts, params }) => ok(await current(parts, params.anchor)),
});

/** Throws where there is none, with the reason. */
async function current(parts: Parts, anchor: string): Promise<object> {
  const found = await findSeat(parts.db, hashOfAnchor(parts.licences.anchorKey, anchor));
  if (!found) throw new Problem(404, 'not_found', 'no such machine');
  const { seat, held } = await inTenant(parts.db, found, async (trx) => {
    const seat = (await readSeat(trx, found.id))!;
    return { seat, held: await readEntitlements(trx, seat.customer_id, Date.now()) };
  });
  if (seat.revoked_why) throw revoked(seat.revoked_why);
  if (seat.released_at) throw refused('seat_released');
  if (!held?.tier) throw refused('no_access');
  return licenceOf(parts, seat, held, anchor);
}

/** A customer on a test clock: the machine counts by its own, so what is left is counted from now. */
async function licenceOf({ licences }: Parts, seat: SeatRow, held: Held, anchor: string): Promise<object> {
  const terms = licenceTerms(held, held.at);
  if (!terms) throw refused('no_access');
  const { tier, features } = terms;
  const now = Date.now();
  const expiresAt = now + (terms.expiresAt - held.at);
  const { id: sub, license_id: jti, tenant_id: tenant, mode } = seat;
  const signed = await signLicence(licences.key, { sub, jti, tenant, mode, tier, features, anchor }, now, expiresAt);
  return { license: signed, tier, features, expiresAt: new Date(expiresAt).toISOString() };
}

const HEARTBEAT_MS = 20_000;

const streaming = openRoute({
  method: 'get',
  path: '/api/licenses/:anchor/stream',
  tag,
  summary: 'The licence of a machine, and each change of it',
  about:
    'Server-sent events: `license` with the licence, and `refused` with a problem’s `code` where there is none any more.',
  params: z.strictObject({ anchor }),
  answers: { 200: { about: 'Open until one of both closes it.', types: ['text/event-stream'] } },
  async handle({ parts, params, request, response }) {
    const found = await findSeat(parts.db, hashOfAnchor(parts.licences.anchorKey, params.anchor));
    if (!found) throw new Problem(404, 'not_found', 'no such machine');
    const seat = await inTenant(parts.db, found, (trx) => readSeat(trx, found.id));
    response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    response.flushHeaders();
    const say = (event: string, data: object) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    const tell = inTurn(async () => {
      try {
        say('license', await current(parts, params.anchor));
      } catch (error) {
        // The stream stays: what is paid later opens it again.
        if (error instanceof Problem) say('refused', { code: error.code, detail: error.message });
        else response.destroy();
      }
    });
    const off = parts.news.on(seat!.customer_id, tell, () => response.end());
    const beat = setInterval(() => response.write(': still here\n\n'), HEARTBEAT_MS);
    request.on('close', () => {
      clearInterval(beat);
      off();
    });
    tell();
    return null;
  },
});

/** One look at a time: news that come meanwhile are looked at once more, together. */
function inTurn(look: () => Promise<void>): () => void {
  let running = false;
  let again = false;
  const run = async () => {
    running = true;
    do {
      again = false;
      await look();
    } while (again);
    running = false;
  };
  return () => {
    again = true;
    if (!running) void run();
  };
}

const revoking = openRoute({
  method: 'get',
  path: '/api/licenses/revocations',
  tag,
  summary: 'Licences that are void before their time',
  about: 'By the seat that they name as `sub`. One is listed as long as a licence of it could last.',
  answers: { 200: { about: 'The list, and the same signed.', schema: revocations } },
  async handle({ parts }) {
    const at = new Date();
    const revoked = await revokedSeats(parts.db, at);
    return ok({ revoked, signed: await signRevocations(parts.licences.key, revoked, at.getTime()) });
  },
});

const keys = openRoute({
  method: 'get',
  path: '/.well-known/jwks.json',
  tag,
  summary: 'What licences are signed with',
  answers: { 200: { about: 'Public keys.', schema: jwks } },
  handle: async ({ parts }) => ok({ keys: [parts.licences.key.jwk] }),
});

export const licenceRoutes = [activating, refreshing, revoking, streaming, byAnchor, keys];
