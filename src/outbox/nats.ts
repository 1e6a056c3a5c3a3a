/**
 * Events to NATS JetStream: `hydra.<tenant>.<mode>.<type>`, each under its id, by which the stream knows what it has already.
 * Of one subscription the next is published when the one before it is stored, so a retry changes no order.
 */
import { jetstream, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Announcement } from '../db/outbox.ts';
import type { Consumer } from './consumer.ts';
import { eventBody } from './event-body.ts';

const STREAM = 'HYDRA_EVENTS';
const SUBJECTS = 'hydra.>';
const MINUTE_NS = 60_000_000_000;
const DAY_NS = 1_440 * MINUTE_NS;

const subjectOf = ({ tenant, mode, type }: Announcement): string => `hydra.${tenant}.${mode}.${type}`;

export function createNatsConsumer(url: string): { consumer: Consumer; close(): Promise<void> } {
  let connecting: Promise<NatsConnection> | null = null;

  const connected = (): Promise<NatsConnection> => {
    connecting ??= begin().catch((error: unknown) => {
      connecting = null; // the next attempt begins anew
      throw error;
    });
    return connecting;
  };

  async function begin(): Promise<NatsConnection> {
    const connection = await connect({ servers: url, name: 'hydra-relay', maxReconnectAttempts: -1, timeout: 5_000 });
    try {
      await ensureStream(connection);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async function publish(told: readonly Announcement[]): Promise<void> {
    const stream = jetstream(await connected());
    for (const announcement of told) {
      await stream.publish(subjectOf(announcement), JSON.stringify(eventBody(announcement)), {
        msgID: announcement.id,
      });
    }
  }

  return {
    consumer: {
      name: 'nats',
      async take(announcements) {
        await Promise.all([...bySubject(announcements).values()].map(publish));
      },
    },
    async close() {
      const connection = await connecting?.catch(() => null); // there is none to close
      await connection?.close();
    },
  };
}

function bySubject(announcements: readonly Announcement[]): Map<string, Announcement[]> {
  const subjects = new Map<string, Announcement[]>();
  for (const each of announcements) {
    const subject = each.subscription ?? each.customer ?? '';
    const own = subjects.get(subject) ?? [];
    subjects.set(subject, own);
    own.push(each);
  }
  return subjects;
}

/** Whoever has made one of another kind keeps it. */
async function ensureStream(connection: NatsConnection): Promise<void> {
  const manager = await jetstreamManager(connection);
  const { streams } = manager;
  const found = await streams.info(STREAM).catch((error: Error) => {
    if (/not found/i.test(error.message)) return null;
    throw error;
  });
  if (found) return;
  await streams.add({
    ...{ name: STREAM, subjects: [SUBJECTS], retention: RetentionPolicy.Limits },
    ...{ duplicate_window: 10 * MINUTE_NS, max_age: 30 * DAY_NS },
  });
}
