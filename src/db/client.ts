/** One way to the database: its types fixed once, its waiting bounded. */
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { invariant } from '../domain/invariant.ts';
import type { Database } from './schema.ts';

const INT8 = 20;
const DATE = 1082;
const NUMERIC = 1700;

export type Db = Kysely<Database>;
export type DatabaseOptions = {
  applicationName: string;
  /** Connections. */
  max: number;
  /** Told when the server closes a connection that no statement was waiting on. */
  onIdleError?: (error: Error) => void;
};

export function createDatabase(url: string, { applicationName, max, onIdleError }: DatabaseOptions): Db {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: applicationName,
    max,
    Client: NamingClient,
    types: { getTypeParser },
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 15_000,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
  });
  // Without a listener Node would end the process. Whoever needs a connection next learns whether the server is back.
  pool.on('error', (error) => onIdleError?.(error));
  // One that is in use between two statements has no listener of the pool's. Its holder learns with the next statement.
  pool.on('connect', (client) => client.on('error', (error) => onIdleError?.(error)));
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}

const getTypeParser = ((oid: number, format?: 'text' | 'binary') => {
  if (oid === INT8 || oid === NUMERIC) return safeInteger;
  if (oid === DATE) return (text: string) => text;
  return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
}) as typeof pg.types.getTypeParser;

/** Every numeric is money in whole minor units here, and every int8 a count: neither may lose a digit. */
function safeInteger(text: string): number {
  const value = Number(text);
  invariant(Number.isSafeInteger(value), `the database holds ${text}, which is not a safe integer`);
  return value;
}

const HOT = /^\/\* (\w+) \*\//;

/** Marks a statement that is prepared under this name, once per connection. Its text must never vary. */
class NamingClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: pg's own overloads are wider than any one signature
  override query(...args: any[]): any {
    const [text, values] = args;
    const name = typeof text === 'string' ? HOT.exec(text)?.[1] : undefined;
    const query = super.query as (...args: unknown[]) => unknown;
    return name === undefined ? query.apply(this, args) : query.call(this, { name, text, values });
  }
}
