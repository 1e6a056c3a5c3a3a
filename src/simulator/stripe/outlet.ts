import type { Outlet } from '../webhooks/dispatcher.ts';
import { signatureOf } from '../webhooks/signature.ts';
import type { Engine } from './engine.ts';
import { asSeen } from './events.ts';
import { forged } from './forge.ts';

export type Receiver = { url: string; secret: string };

/** Stripe's deliveries. `own` is the receiver that the environment gives. */
export function stripeOutlet(engine: Engine, own: (Receiver & { id: string }) | null): Outlet {
  const { store, now } = engine.world;

  function receiverOf(endpoint: string): Receiver | undefined {
    if (endpoint === own?.id) return own;
    const url = store.get('webhook_endpoint', endpoint)?.url;
    const secret = store.get('sim.secret', endpoint)?.secret;
    return url === undefined || secret === undefined ? undefined : { url, secret };
  }

  function sealed(body: string, secret: string): { body: string; signature: string } {
    const now = Math.floor(Date.now() / 1000);
    const forging = store.get('sim.forge', 'forge');
    if (forging === undefined || forging.next === 0) return { body, signature: signatureOf(body, secret, now) };
    engine.act((call) => call.store.put('sim.forge', { ...forging, next: forging.next - 1 }));
    return forged(forging.how, body, secret, now);
  }

  return {
    now,
    deliveries: () => store.all('sim.delivery'),
    delivery: (id) => store.get('sim.delivery', id),
    keep: (delivery) => engine.act((call) => call.store.put('sim.delivery', delivery)),
    mode: () => store.get('sim.mode', 'deliveries'),
    keepMode: (mode) => engine.act((call) => call.store.put('sim.mode', mode)),
    letter({ event, endpoint }) {
      const receiver = receiverOf(endpoint);
      if (receiver === undefined) return undefined;
      const genuine = JSON.stringify(asSeen(engine, store.get('event', event)!), null, 2);
      const { body, signature } = sealed(genuine, receiver.secret);
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'stripe-signature': signature,
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      };
      return { url: receiver.url, headers, body };
    },
  };
}
