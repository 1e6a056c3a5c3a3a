import { z } from 'zod';
import { time } from '../schemas.ts';
import { anchor } from './anchor.ts';
import { featureId, tier } from './sale.ts';
import { text } from './text.ts';

export const activateBody = z
  .strictObject({ activationCode: text(64), anchor, deviceName: text(128).optional() })
  .openapi('LicenseActivate');
export const refreshBody = z.strictObject({ license: z.string().min(1).max(16_384) }).openapi('LicenseRefresh');
export const license = z
  .object({
    license: z.string().openapi({ description: 'A JWT, signed with Ed25519: see `/.well-known/jwks.json`.' }),
    tier,
    features: z.record(featureId, z.union([z.boolean(), z.int(), z.null()])).openapi({
      description: 'On or off, or how much of it; null is unlimited.',
    }),
    expiresAt: time,
  })
  .openapi('License');

export const revocations = z
  .object({
    revoked: z.array(z.object({ id: z.string(), why: z.enum(['canceled', 'dispute_lost', 'cloned']) })),
    signed: z.string().openapi({ description: 'The same as a JWT.' }),
  })
  .openapi('LicenseRevocations');
export const jwks = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }).openapi('Jwks');

export const seatId = z
  .templateLiteral(['lic_', z.string().regex(/^[a-z0-9]{1,64}$/)])
  .openapi({ type: 'string', example: 'lic_01m7z3qyse0000000000000000' });
export const activationCode = z
  .object({
    expiresAt: time,
    activationCode: z.string().optional().openapi({ description: 'Shown this once, and good for one machine.' }),
  })
  .openapi('ActivationCode');
export const seat = z
  .object({
    id: seatId,
    deviceName: z.string().nullable(),
    state: z.enum(['active', 'released', 'revoked']),
    why: z.string().nullable(),
    activatedAt: time,
    refreshedAt: time,
  })
  .openapi('LicenseSeat');
