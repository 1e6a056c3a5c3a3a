import { type DestinationStream, type Logger, pino } from 'pino';

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
  'clientSecret',
  '*.clientSecret',
  '*.client_secret',
  '*.token',
  '*.secret',
];

/** A database's error carries rows and values in its other fields; they stay out. */
function readable(error: unknown): unknown {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return { type: name, name, message, code, stack, ...(cause !== undefined && { cause: readable(cause) }) };
}

export type LoggerOptions = { name: string; level: string; destination?: DestinationStream };

export const createLogger = ({ name, level, destination }: LoggerOptions): Logger => {
  const options = {
    name,
    level,
    serializers: { err: readable, error: (error: unknown) => (error instanceof Error ? readable(error) : error) },
    redact: { paths: SECRET, censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return destination ? pino(options, destination) : pino(options);
};
