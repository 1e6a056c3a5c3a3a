/** To a real JetStream. Where there is no nats-server the test says so, loudly, and is left out. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyFreePort } from '../../bootstrap/ports.mjs';
import { createNatsConsumer } from '../../src/outbox/nats.ts';
import { useDatabase } from '../db/support.ts';
import { until } from '../support/engine.ts';
import { happens, relayTo, upTo } from './support.ts';

const path = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;
const isThere = (() => {
  try {
    execFileSync('nats-server', ['--version'], { env: { PATH: path }, stdio: 'ignore' });
    return true;
  } catch {
    console.warn('NATS IS NOT TESTED: there is no nats-server on this machine (apt install nats-server)');
    return false;
  }
})();

describe.skipIf(!isThere)('events in JetStream', () => {
  const database = useDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'hydra-nats-'));
  let server: ChildProcess;
  let url: string;
  let connection: NatsConnection;
  beforeAll(async () => {
    const port = await anyFreePort();
    url = `nats://127.0.0.1:${port}`;
    server = spawn('nats-server', ['-js', '-a', '127.0.0.1', '-p', String(port), '-sd', folder], {
      env: { PATH: path },
      stdio: 'ignore',
    });
    connection = await until(
      () => connect({ servers: url, timeout: 1_000 }).catch(() => null),
      (made) => made !== null,
      'nats-server listens',
    ).then((made) => made!);
  });
  afterAll(async () => {
    await connection?.close();
    if (server && server.exitCode === null) {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });

  async function stored(): Promise<{ subject: string; id: string; version: number; subscriptionId: string }[]> {
    const stream = await (await jetstreamManager(connection)).streams.get('HYDRA_EVENTS');
    const { state } = await stream.info();
    const found = [];
    for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
      const message = await stream.getMessage({ seq });
      if (message) found.push({ subject: message.subject, ...JSON.parse(new TextDecoder().decode(message.data)) });
    }
    return found;
  }

  test('each is there once, under its tenant, mode and type, in the order of its subscription, though it is told twice', async () => {
    const nats = createNatsConsumer(url);
    let isTaken = false;
    const twice = {
      ...nats.consumer,
      async take(told: Parameters<typeof nats.consumer.take>[0]) {
        await nats.consumer.take(told);
        if (!isTaken) {
          isTaken = true;
          throw new Error('killed before it was noted');
        }
      },
    };
    const { relay } = relayTo(database.db, [twice], { settings: { awayMs: 1, longestAwayMs: 1 } });
    await relay.drain();
    await happens(database.db, ['sub_a', 'sub_b', 'sub_c'], { each: 20 });
    const all = await until(
      async () => {
        await relay.drain();
        return stored();
      },
      (found) => found.length >= 60,
      'all is stored',
    );
    expect(all).toHaveLength(60);
    expect(new Set(all.map(({ subject }) => subject))).toEqual(new Set(['hydra.ten_1.test.subscription.renewed']));
    for (const id of ['sub_a', 'sub_b', 'sub_c']) {
      expect(all.filter(({ subscriptionId }) => subscriptionId === id).map(({ version }) => version)).toEqual(upTo(20));
    }
    // Others may use the same stream: what we publish carries its id.
    const again = await jetstream(connection).publish(all[0]!.subject, '{}', { msgID: all[0]!.id });
    expect(again.duplicate).toBe(true);
    await nats.close();
  });

  test('where it is away nothing is lost', async () => {
    const nats = createNatsConsumer(`nats://127.0.0.1:1`);
    const { relay, logged } = relayTo(database.db, [{ ...nats.consumer, name: 'nats-away' }]);
    await relay.drain();
    await happens(database.db, ['sub_d']);
    await relay.drain();
    expect(logged.at(-1)?.message).toBe('a consumer does not take what it is told; it is told again');
    await nats.close();
  });
});
