import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';

extendZodWithOpenApi(z);

export const anchor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43,128}$/, 'a salted hash of the fingerprint, in hex or base64url')
  .openapi({ example: 'Zr3yT0aHqVbJm1uXw9cK5sLdPnEoGiR7tYfU2vC8xQ4' });
