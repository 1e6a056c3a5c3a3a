import { newId } from '../ids.ts';
import { customerFor } from './customers.ts';
import { expand, text } from './params.ts';
import { ok, type Route, route } from './route.ts';

/** The account has one configuration, which lets customers do what the page can. */
const CONFIGURATION = 'bpc_simulator';

export const portalRoutes: Route[] = [
  route(
    'POST',
    '/v1/billing_portal/sessions',
    {
      ...expand,
      configuration: text.optional(),
      customer: text,
      locale: text.optional(),
      return_url: text.optional(),
    },
    (call, { configuration = CONFIGURATION, customer, locale = null, return_url = null }) => {
      customerFor(call, customer, 'customer');
      const id = newId('bps');
      const session = call.store.put('billing_portal.session', {
        id,
        object: 'billing_portal.session',
        configuration,
        created: call.now(customer),
        customer,
        customer_account: null,
        flow: null,
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
