/** A door and a relay before an engine, where a processor's events arrive over HTTP. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listen } from '../../src/relay/listen.ts';
import { createRelay } from '../../src/relay/relay.ts';
import { signalThrough } from '../../src/relay/signal.ts';
import { parseKeyRing } from '../../src/security/key-ring.ts';
import { createDoor, type Door, type DoorOptions } from '../../src/webhooks/door.ts';
import type { Engine } from './engine.ts';

export type Doorstep = {
  url: string;
  /** What the door and the relay have warned of. */
  problems: string[];
  /** From now on these secrets sign for the account. */
  trust(secret: string, own?: DoorOptions['own']): void;
  stop(): Promise<void>;
};

export async function startDoorstep({ db, databaseUrl, client }: Engine): Promise<Doorstep> {
  const problems: string[] = [];
  const warn = (fields: object, message: string) => void problems.push(`${message} ${JSON.stringify(fields)}`);
  const log = { info() {}, warn, error: warn };
  const keys = parseKeyRing(`t1:${randomBytes(32).toString('base64')}`);
  let door: Door = () => false;
  const server = createServer((req, res) => void (door(req, res) || res.writeHead(404).end()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const signal = signalThrough(new Map([['test', client]]), 5_000);
  const relay = createRelay({ db, keys, modes: ['test'], signal, log });
  const ear = listen(databaseUrl, { hydra_inbox: relay.wake });
  relay.start();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/webhooks/stripe`,
    problems,
    trust(secret, own) {
      door = createDoor({
        db,
        keys,
        stripe: [{ id: 'default', mode: 'test', secrets: [secret] }],
        log,
        ...(own && { own }),
      });
    },
    async stop() {
      server.close();
      await ear.stop();
      await relay.stop();
    },
  };
}
