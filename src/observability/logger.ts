import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Bodies are never logged at all. What could still carry a secret is struck out wherever it stands. */
const SECRET = [
  'authorization',
  'cookie',
  '*.authorization',
  '*.cookie',
  'req.headers.authorization',
  'req.headers.cookie',
  'req.headers["idempotency-key"]',
  'req.headers["stripe-signature"]',
  'res.headers["set-cookie"]',
  '*.clientSecret',
  '*.client_secret',
  '*.token',
  '*.secret',
];

export const createLogger = (options: { name: string; level: string }): Logger =>
  pino({
    name: options.name,
    level: options.level,
    redact: { paths: SECRET, censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
