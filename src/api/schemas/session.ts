import { z } from 'zod';
import { ROLES } from '../../auth/principal.ts';
import { customerId, tenantId } from '../schemas.ts';

export const sessionBody = z
  .strictObject({
    token: z
      .string()
      .min(1)
      .max(8_192)
      .openapi({ description: 'Of a link (`POST /api/portal/sessions`), or a user’s JWT.' }),
  })
  .openapi('SessionBegin');

export const session = z
  .object({
    role: z.enum(ROLES),
    customerId: customerId.nullable(),
    mode: z.enum(['test', 'live']),
    tenant: z.object({
      id: tenantId,
      name: z.string(),
      colours: z.object({ accent: z.string().openapi({ example: '#1f3a5f' }) }),
    }),
    csrfToken: z
      .string()
      .nullable()
      .openapi({ description: 'Send it as `X-CSRF-Token` with what changes something. Null without a cookie.' }),
  })
  .openapi('Session');
