import { z } from 'zod';
import { newId } from '../ids.ts';
import { customerFor } from './customers.ts';
import { expand, text } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { PortalSession } from './wire.ts';

/** The account has one configuration, which lets customers do what the page can. */
const CONFIGURATION = 'bpc_simulator';

const flow = z.strictObject({
  after_completion: z
    .strictObject({ redirect: z.strictObject({ return_url: text }), type: z.literal('redirect') })
    .optional(),
  subscription_cancel: z.strictObject({ subscription: text }).optional(),
  type: z.enum(['payment_method_update', 'subscription_cancel']),
});

/** The page shows everything, whatever the customer came for; what they came for is kept. */
const flowOf = ({ after_completion, subscription_cancel, type }: z.output<typeof flow>): PortalSession['flow'] => ({
  after_completion: {
    hosted_confirmation: null,
    redirect: after_completion?.redirect ?? null,
    type: after_completion === undefined ? 'portal_homepage' : 'redirect',
  },
  customer_update: null,
  subscription_cancel: subscription_cancel === undefined ? null : { ...subscription_cancel, retention: null },
  subscription_pause: null,
  subscription_update: null,
  subscription_update_confirm: null,
  type,
});

export const portalRoutes: Route[] = [
  route(
    'POST',
    '/v1/billing_portal/sessions',
    {
      ...expand,
      configuration: text.optional(),
      customer: text,
      flow_data: flow.optional(),
      locale: text.optional(),
      return_url: text.optional(),
    },
    (call, { configuration = CONFIGURATION, customer, flow_data, locale = null, return_url = null }) => {
      customerFor(call, customer, 'customer');
      const id = newId('bps');
      const session = call.store.put('billing_portal.session', {
        id,
        object: 'billing_portal.session',
        configuration,
        created: call.now(customer),
        customer,
        customer_account: null,
        flow: flow_data === undefined ? null : flowOf(flow_data),
        livemode: false,
        locale,
        on_behalf_of: null,
        return_url,
        url: `${call.world.url()}/sim/portal/${id}`,
      });
      call.emit('billing_portal.session.created', session, session.created);
      return ok(session);
    },
  ),
];
