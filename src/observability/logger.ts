import { type DestinationStream, type Logger, pino } from 'pino';
import { onRedaction, redact } from '../security/redact.ts';
import { sensitiveIn } from '../security/sensitive.ts';

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

/** The last look at a line, whoever wrote it and whatever into. It stays JSON, and says itself what was struck out. */
function withoutSensitive(line: string): string {
  const found = sensitiveIn(line);
  if (found.length === 0) return line;
  const clean = redact(line, 'log');
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  try {
    return `${JSON.stringify({ ...(JSON.parse(clean) as object), redacted: kinds })}\n`;
  } catch {
    // A number was struck out, not a text.
    return `${JSON.stringify({ level: pino.levels.values.error, time: new Date().toISOString(), msg: clean, redacted: kinds })}\n`;
  }
}

/** What is struck out elsewhere than in a log line is told in one. */
export function alertOfRedactions(log: Logger): void {
  onRedaction((where, kinds) => {
    if (where !== 'log') log.error({ where, kinds }, 'something that may not be kept was struck out');
  });
}

export type LoggerOptions = { name: string; level: string; destination?: DestinationStream };

export const createLogger = ({ name, level, destination }: LoggerOptions): Logger => {
  const options = {
    name,
    level,
    serializers: { err: readable, error: (error: unknown) => (error instanceof Error ? readable(error) : error) },
    hooks: { streamWrite: withoutSensitive },
    redact: { paths: SECRET, censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return destination ? pino(options, destination) : pino(options);
};
