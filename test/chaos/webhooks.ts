/**
 * A processor tells everything twice and in no order, while one process of the product after the other is killed in the
 * middle of it, again as soon as it has made progress. Like a processor we send again what was not answered with 200.
 * Nothing here waits for a clock: what is sent is released kill by kill.
 */
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { createDatabase, type Db } from '../../src/db/client.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import type { ChildName } from '../support/child.ts';
import type { Product } from '../support/product.ts';

export type Chaos = {
  /** Each event is told twice. */
  deliveries: number;
  kills: number;
  subscriptions: number;
  seed: number;
  log?: (line: string) => void;
};

export type Aftermath = {
  sentAgain: number;
  killed: Record<ChildName, number>;
  /** Of our events, by state. */
  inbox: Record<string, number>;
  expected: { events: number; refunds: number; refundedMinor: number; methods: number };
  refunds: { count: number; minor: number };
  methods: { count: number; defaults: number };
  differences: readonly unknown[];
};

type Json = Record<string, unknown>;
type Told = { id: string; type: string; object: Json };
const AT_ONCE = 16;
const NAMES: readonly ChildName[] = ['api', 'relay', 'worker'];

export async function chaosOfWebhooks(product: Product, chaos: Chaos): Promise<Aftermath> {
  const { deliveries, kills, subscriptions, seed, log = () => {} } = chaos;
  const db = createDatabase(product.databaseUrl, { applicationName: 'chaos', max: 2 });
  try {
    const random = randomOf(seed);
    const events = await eventsOf(db, product, deliveries / 2, subscriptions);
    const pack = shuffled([...events, ...events], random);
    let released = 0;
    let next = 0;
    let answered = 0;
    let sentAgain = 0;
    const killed: Record<ChildName, number> = { api: 0, relay: 0, worker: 0 };

    const sender = async () => {
      while (answered < pack.length && next < pack.length) {
        if (next >= released) {
          await sleep(5);
          continue;
        }
        const event = pack[next++]!;
        while (!(await isTaken(product, event))) {
          sentAgain++;
          await sleep(50);
        }
        answered++;
      }
    };
    const killer = async () => {
      for (let kill = 0; kill < kills; kill++) {
        released = Math.ceil(((kill + 1) / (kills + 1)) * pack.length);
        const middle = Math.floor(((kill + 0.5) / (kills + 1)) * pack.length);
        await until(async () => answered >= middle, 'deliveries are answered');
        const before = await settledOf(db);
        await until(async () => (await settledOf(db)) > before || (await openOf(db)) === 0, 'something is taken in');
        const name = kill < NAMES.length ? NAMES[kill]! : NAMES[Math.floor(random() * NAMES.length)]!;
        killed[name]++;
        await product.restart(name);
        log(`${name} killed, ${answered} of ${pack.length} answered, ${await openOf(db)} open`);
      }
      released = pack.length;
    };
    await Promise.all([killer(), ...Array.from({ length: AT_ONCE }, sender)]);
    log('everything is delivered');
    await until(async () => (await openOf(db)) === 0, 'every event is settled');

    const ours = sql`event_id like 'evt_chaos%'`;
    const states = await sql<{ state: string; count: number }>`
      select state, count(*) from inbox where ${ours} group by state`.execute(db);
    const books = await sql<{ refunds: number; minor: number; methods: number; defaults: number }>`
      select (select count(*) from refunds where name like 're_chaos%') as refunds,
        (select coalesce(sum(amount), 0) from refunds where name like 're_chaos%')
          as minor,
        (select count(*) from payment_methods where id like 'pm_chaos%') as methods,
        (select count(*) from payment_methods where customer_id = ${product.demo.customerId} and is_default) as defaults`.execute(
      db,
    );
    const { refunds, minor, methods, defaults } = books.rows[0]!;
    const expectedRefunds = events.filter(({ type }) => type === 'refund.created');
    return {
      sentAgain,
      killed,
      inbox: Object.fromEntries(states.rows.map(({ state, count }) => [state, count])),
      expected: {
        events: events.length,
        refunds: expectedRefunds.length,
        refundedMinor: expectedRefunds.reduce((sum, { object }) => sum + Number(object.amount), 0),
        methods: events.filter(({ type }) => type === 'payment_method.attached').length,
      },
      refunds: { count: refunds, minor },
      methods: { count: methods, defaults },
      differences: (await verifyLedger(db)).differences,
    };
  } finally {
    await db.destroy();
  }
}

/** Money given back in the processor's dashboard, cards, and late news of what is paid: some wake a workflow, some don't. */
async function eventsOf(db: Db, product: Product, count: number, subscriptions: number): Promise<Told[]> {
  const paid: { id: string; payment: string; invoice: string }[] = [];
  for (let i = 0; i < subscriptions; i++) {
    const { status, body } = await product.ask('POST', '/api/billing/subscribe', { planId: 'basic' });
    if (status !== 201) throw new Error(JSON.stringify(body));
    const { id } = body.subscription as unknown as { id: string };
    const payment = await until(
      () =>
        db
          .selectFrom('payments')
          .select(['id', 'invoice_id'])
          .where('subscription_id', '=', id as never)
          .executeTakeFirst(),
      `${id} is paid`,
    );
    paid.push({ id, payment: payment.id, invoice: payment.invoice_id! });
  }
  await until(async () => (await openOf(db)) === 0, 'the inbox is at rest');
  const { processor_customer_id: customer } = await db
    .selectFrom('processor_customers')
    .select('processor_customer_id')
    .where('customer_id', '=', product.demo.customerId as never)
    .where('processor', '=', 'stripe')
    .executeTakeFirstOrThrow();
  return Array.from({ length: count }, (_, n): Told => {
    const id = `chaos${seedOf(n)}`;
    const { payment, ...about } = paid[n % paid.length]!;
    const marks = {
      ...{ hydra_tenant: product.demo.tenant, hydra_mode: 'test', hydra_subscription: about.id },
      ...{ hydra_invoice: about.invoice, hydra_attempt: '1' },
    };
    switch (n % 4) {
      case 0: {
        const object = { id: `re_${id}`, object: 'refund', status: 'succeeded', amount: 1 + (n % 3), currency: 'usd' };
        return { id, type: 'refund.created', object: { ...object, payment_intent: payment, metadata: {} } };
      }
      case 1:
        return {
          id,
          type: 'payment_intent.processing',
          object: { id: payment, status: 'processing', metadata: marks },
        };
      default: {
        const card = { brand: 'visa', last4: '4242' };
        return { id, type: 'payment_method.attached', object: { id: `pm_${id}`, type: 'card', customer, card } };
      }
    }
  });
}

const seedOf = (n: number): string => String(n).padStart(6, '0');

async function isTaken(product: Product, { id, type, object }: Told): Promise<boolean> {
  const created = 1_800_000_000;
  const body = JSON.stringify({ id: `evt_${id}`, object: 'event', created, livemode: false, type, data: { object } });
  const timestamp = Math.floor(Date.now() / 1_000);
  const signature = createHmac('sha256', product.webhookSecret).update(`${timestamp}.${body}`).digest('hex');
  try {
    const { status } = await fetch(`${product.url}/api/webhooks/stripe`, {
      method: 'POST',
      headers: { 'stripe-signature': `t=${timestamp},v1=${signature}` },
      body,
      signal: AbortSignal.timeout(20_000),
    });
    if (status < 500 && status !== 200) throw new Refused(`${type} was refused with ${status}`);
    return status === 200;
  } catch (error) {
    if (error instanceof Refused) throw error;
    return false; // it was killed under our hands
  }
}
class Refused extends Error {
  override readonly name = 'Refused';
}

const countIn = async (db: Db, states: string): Promise<number> => {
  const { rows } = await sql<{ count: number }>`
    select count(*) from inbox where state = any(${states}::text[])`.execute(db);
  return rows[0]!.count;
};
const settledOf = (db: Db) => countIn(db, '{applied,ignored}');
const openOf = (db: Db) => countIn(db, '{received,signalled,parked}');

/** As long as it takes, and an hour at most. */
async function until<T>(look: () => Promise<T>, what: string): Promise<NonNullable<T>> {
  for (const deadline = Date.now() + 3_600_000; Date.now() < deadline; ) {
    const seen = await look();
    if (seen) return seen;
    await sleep(50);
  }
  throw new Error(`${what}: not within an hour`);
}

/** The same order for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled<T>(items: T[], random: () => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}
