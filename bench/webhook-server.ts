/**
 * What hears webhooks in a benchmark, each in a process of its own: `node webhook-server.ts WHAT DATABASE_URL`. It sends its port
 * to its parent, and how much memory it has had at most whenever it is asked.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createDatabase } from '../src/db/client.ts';
import { groupCommit } from '../src/db/group-commit.ts';
import { createDoor } from '../src/webhooks/door.ts';
import { SECRET } from './webhook-events.ts';
import { KEYS } from './webhook-keys.ts';

export type Hearer = 'door' | 'ceiling' | 'inserting' | 'peer';
/** The peer's, as far as it is used here: it is no dependency of ours. */
type Peer = {
  runMigrations(config: object): Promise<void>;
  StripeSync: new (config: object) => { processWebhook(body: Buffer, signature: string): Promise<void> };
};

const hearers: Record<Hearer, (url: string) => Promise<RequestListener>> = {
  /** As `hydra api` has it, before everything else. */
  async door(url) {
    const complain = (fields: object, message: string) => console.error(message, JSON.stringify(fields));
    const door = createDoor({
      db: createDatabase(url, { applicationName: 'bench-door', max: 10 }),
      keys: KEYS,
      stripe: [{ id: 'default', mode: 'test', secrets: [SECRET] }],
      log: { warn: complain, error: complain },
    });
    return (req, res) => void (door(req, res) || res.writeHead(404).end());
  },
  ceiling: async () =>
    answering(async (body, req) => {
      parse(body, req);
    }),
  /** The least that keeps what a method's news says: one row, many to a statement. */
  async inserting(url) {
    const db = createDatabase(url, { applicationName: 'bench-inserting', max: 2 });
    const { sql } = await import('kysely');
    const keep = groupCommit<{ id: string; customer: string }, null>({
      isBadData: () => false,
      write: async (rows) => {
        await sql`/* inserting */ insert into ceiling_methods
          (tenant_id, mode, id, customer_id, processor, brand, last4, is_default, created_at)
          select 'ten_bench', 'test', id, customer, 'stripe', 'visa', '4242', false, now()
          from unnest(${rows.map(({ id }) => id)}::text[], ${rows.map(({ customer }) => customer)}::text[])
            as method (id, customer)`.execute(db);
        return rows.map(() => null);
      },
    });
    return answering(async (body, req) => {
      const { data } = parse(body, req);
      await keep(data.object);
    });
  },
  async peer(url) {
    const { runMigrations, StripeSync } = createRequire(import.meta.url)(process.env.STRIPE_SYNC_ENGINE!) as Peer;
    const logger = { info() {}, error: console.error };
    await runMigrations({ databaseUrl: url, schema: 'stripe', logger });
    const sync = new StripeSync({
      ...{ poolConfig: { connectionString: url, max: 10 }, schema: 'stripe', stripeSecretKey: 'sk_test_bench' },
      ...{ stripeWebhookSecret: SECRET, autoExpandLists: false, backfillRelatedEntities: false },
    });
    return answering((body, req) => sync.processWebhook(body, String(req.headers['stripe-signature'])));
  },
};

const ANSWER = '{"received":true}';

const answering =
  (hear: (body: Buffer, req: IncomingMessage) => Promise<void>): RequestListener =>
  (req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      hear(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), req).then(
        () => res.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length }).end(ANSWER),
        (error: unknown) => {
          console.error(error);
          res.writeHead(500).end();
        },
      );
    });
  };

const HEADER = /^t=(\d+),v1=([0-9a-f]{64})$/;

function parse(body: Buffer, req: IncomingMessage) {
  const [, timestamp, signature] = HEADER.exec(String(req.headers['stripe-signature']))!;
  const expected = createHmac('sha256', SECRET).update(`${timestamp}.`).update(body).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature!, 'hex'))) throw new Error('not signed');
  return JSON.parse(body.toString()) as { data: { object: { id: string; customer: string } } };
}

const [what, url] = process.argv.slice(2) as [Hearer, string];
const server = createServer(await hearers[what](url));
server.keepAliveTimeout = 600_000; // in the others' rounds a connection rests
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', () => process.send?.({ megabytes: process.resourceUsage().maxRSS / 1_024 }));
process.on('disconnect', () => process.exit(0));
