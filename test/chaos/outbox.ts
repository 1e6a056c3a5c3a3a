/**
 * An endpoint that comes and goes, and a relay that is killed again as soon as it has made progress. What happens meanwhile has to
 * arrive: all of it, in the order of its subscription, and never under one id in two versions.
 */
import { sql } from 'kysely';
import { createDatabase } from '../../src/db/client.ts';
import type { TenantId } from '../../src/domain/ids.ts';
import { type Received, startEndpoint } from '../outbox/endpoint.ts';
import { happens } from '../outbox/support.ts';
import { until } from '../support/engine.ts';
import type { Product } from '../support/product.ts';

export type OutboxChaos = {
  events: number;
  subscriptions: number;
  kills: number;
  /** Each so-many-th attempt is refused. */
  refusing: number;
  log?: (line: string) => void;
};

export type OutboxAftermath = {
  killed: number;
  refused: number;
  /** Told again after it was taken, as what was killed could not say so. */
  again: number;
  arrived: number;
  outOfOrder: string[];
  twoBodies: string[];
};

const PATIENCE_MS = 900_000;

export async function chaosOfOutbox(product: Product, chaos: OutboxChaos): Promise<OutboxAftermath> {
  const { events, subscriptions, kills, refusing, log = () => {} } = chaos;
  const db = createDatabase(product.databaseUrl, { applicationName: 'chaos', max: 2 });
  const ours = ({ event }: Received) => event.subscriptionId?.startsWith('sub_chaos') ?? false;
  let asked = 0;
  const endpoint = await startEndpoint((got) => (ours(got) && ++asked % refusing === 0 ? 503 : 204));
  const scope = { tenant: product.demo.tenant as TenantId, mode: 'test' } as const;
  const arrived = () => new Set(endpoint.taken.filter(ours).map(({ id }) => id)).size;
  const names = Array.from({ length: subscriptions }, (_, i) => `sub_chaos${i}`);
  const each = Math.ceil(events / subscriptions);
  const expected = each * subscriptions;
  try {
    const { status, body } = await product.ask(
      'POST',
      '/api/admin/endpoints',
      { url: endpoint.url, eventTypes: ['subscription.renewed'] },
      { authorization: `Bearer ${product.demo.adminToken}` },
    );
    if (status !== 201) throw new Error(JSON.stringify(body));
    const slice = Math.ceil(each / (kills + 1));
    for (let from = 1, round = 0; from <= each; from += slice, round++) {
      const before = arrived();
      await happens(db, names, { each: Math.min(slice, each - from + 1), from, scope });
      if (round >= kills) continue;
      await until(
        async () => arrived(),
        (count) => count > before,
        'the relay makes progress',
        PATIENCE_MS,
      );
      await product.restart('relay');
      log(`killed ${round + 1} times, ${arrived()} of ${expected} have arrived`);
    }
    await until(
      async () => arrived(),
      (count) => count === expected,
      'all of it arrives',
      PATIENCE_MS,
    );
    await sql`delete from endpoints where url = ${endpoint.url}`.execute(db);
    return { killed: kills, refused: endpoint.seen.length - endpoint.taken.length, ...looked(endpoint, ours) };
  } finally {
    await endpoint.stop();
    await db.destroy();
  }
}

function looked({ taken, seen }: { taken: Received[]; seen: Received[] }, ours: (got: Received) => boolean) {
  const last = new Map<string, number>();
  const known = new Set<string>();
  const outOfOrder: string[] = [];
  for (const { id, event } of taken.filter(ours)) {
    if (known.has(id)) continue;
    known.add(id);
    if (event.version !== (last.get(event.subscriptionId) ?? 0) + 1) outOfOrder.push(id);
    last.set(event.subscriptionId, event.version);
  }
  const bodies = new Map<string, string>();
  const twoBodies = seen.filter(({ id, body }) => {
    const first = bodies.get(id) ?? body;
    bodies.set(id, first);
    return first !== body;
  });
  const again = taken.filter(ours).length - known.size;
  return { again, arrived: known.size, outOfOrder, twoBodies: twoBodies.map(({ id }) => id) };
}
