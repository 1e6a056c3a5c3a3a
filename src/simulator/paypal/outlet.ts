import type { Letter, Outlet } from '../webhooks/dispatcher.ts';
import type { Engine } from './engine.ts';
import { forged } from './forge.ts';
import { eventShown } from './notifications.ts';
import { CERTIFICATE, signatureOf } from './pki.ts';
import type { Tables } from './tables.ts';

/** PayPal's deliveries. The time is the wall's. */
export function paypalOutlet(engine: Engine): Outlet {
  const { store, now, own, url } = engine.world;
  const receiverOf = (endpoint: string): { id: string; url: string } | undefined =>
    endpoint === own?.id ? own : store.get('webhook', endpoint);

  return {
    now,
    deliveries: () => store.all('sim.delivery'),
    delivery: (id) => store.get('sim.delivery', id),
    keep: (delivery) => engine.act((call) => call.store.put('sim.delivery', delivery)),
    mode: () => store.get('sim.mode', 'deliveries'),
    keepMode: (mode) => engine.act((call) => call.store.put('sim.mode', mode)),
    letter: ({ id, event, endpoint }): Letter | undefined => {
      const receiver = receiverOf(endpoint);
      if (receiver === undefined) return undefined;
      return engine.act((call) => {
        const genuine = JSON.stringify(eventShown(call, store.get('event', event)!));
        const time = new Date(now()).toISOString().replace(/\.\d+Z$/, 'Z');
        const signature = signatureOf(call, { id, time, webhook: receiver.id, body: genuine });
        const forge = store.get('sim.forge', 'forge')?.next ?? 0;
        if (forge > 0) call.store.put('sim.forge', { id: 'forge', next: forge - 1 });
        return {
          url: receiver.url,
          body: forge > 0 ? forged(genuine, tenfold(JSON.parse(genuine) as Forgeable)) : genuine,
          headers: {
            'content-type': 'application/json',
            'user-agent': 'PayPal/AUHD-214.0-58843006',
            'paypal-transmission-id': id,
            'paypal-transmission-time': time,
            'paypal-transmission-sig': signature,
            'paypal-cert-url': `${url()}/v1/notifications/certs/${CERTIFICATE}`,
            'paypal-auth-algo': 'SHA256withRSA',
          },
        };
      });
    },
  };
}

type Forgeable = Tables['event'] & { resource: { amount?: { value?: string } } };

/** What somebody would write who wants more than was paid. */
const tenfold = (event: Forgeable): object => {
  const { amount } = event.resource;
  return amount?.value === undefined
    ? { ...event, resource: { ...event.resource, status: 'COMPLETED' } }
    : { ...event, resource: { ...event.resource, amount: { ...amount, value: `1${amount.value}` } } };
};
