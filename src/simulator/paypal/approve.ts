/** Where the buyer says yes or no, in PayPal's place; the form posts back to the same address. */
import { document, html } from '../control/html.ts';
import { type Call, code } from './call.ts';
import type { Engine } from './engine.ts';
import { missing } from './errors.ts';
import { approveOrder } from './orders.ts';
import { approveSubscription } from './subscriptions.ts';
import { approveSetup } from './vault.ts';

/** From the address that the API has named; null where it is none of ours. */
export function tokenOf(url: URL): string | null {
  switch (url.pathname) {
    case '/agreements/approve':
      return url.searchParams.get('approval_session_id');
    case '/webapps/billing/subscriptions':
      return url.searchParams.get('ba_token');
    case '/checkoutnow':
      return url.searchParams.get('token');
    default:
      return null;
  }
}

type Waiting = {
  what: string;
  isOpen: boolean;
  returnUrl: string | null;
  cancelUrl: string | null;
  parameters: Record<string, string>;
  accept: () => void;
};

function waitingFor(call: Call, token: string): Waiting {
  const { store } = call;
  const setup = store.get('setup_token', token);
  if (setup) {
    return {
      ...store.get('sim.setup', token)!,
      what: 'save your PayPal account for later payments',
      isOpen: setup.status === 'PAYER_ACTION_REQUIRED',
      parameters: { approval_token_id: token, approval_session_id: token },
      accept: () => approveSetup(call, setup),
    };
  }
  const order = store.get('order', token);
  if (order) {
    const { value, currency_code } = order.purchase_units[0]!.amount;
    const memory = store.get('sim.order', token);
    return {
      ...{ returnUrl: memory?.returnUrl ?? null, cancelUrl: memory?.cancelUrl ?? null },
      what: `pay ${value} ${currency_code}`,
      isOpen: order.status === 'CREATED' || order.status === 'PAYER_ACTION_REQUIRED',
      parameters: { token, PayerID: code(13) },
      accept: () => approveOrder(call, order),
    };
  }
  const id = token.replace(/^BA-/, 'I-');
  const subscription = store.get('subscription', id);
  if (!subscription) throw missing('approval');
  const memory = store.get('sim.agreement', id)!;
  return {
    ...memory,
    what: memory.revision ? 'accept the change of your subscription' : 'subscribe',
    isOpen: subscription.status === 'APPROVAL_PENDING' || memory.revision !== null,
    parameters: { subscription_id: id, ba_token: token, token },
    accept: () => approveSubscription(call, subscription),
  };
}

/** Where the buyer goes from here; null where the shop has named no address. */
export function approve(call: Call, token: string, outcome: 'approve' | 'cancel'): string | null {
  const { isOpen, returnUrl, cancelUrl, parameters, accept } = waitingFor(call, token);
  const isApproved = outcome === 'approve';
  if (isOpen && isApproved) accept();
  const target = isApproved ? returnUrl : cancelUrl;
  if (target === null) return null;
  const url = new URL(target);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

export function approvalPage(engine: Engine, token: string): string {
  const { what, isOpen } = engine.act((call) => waitingFor(call, token));
  return document(
    'PayPal',
    isOpen
      ? html`<h1>Do you agree?</h1>
<p>You are about to ${what}. This is the simulator's stand-in for PayPal's own page.</p>
<form method="post">
  <button name="outcome" value="approve">Agree</button>
  <button name="outcome" value="cancel">Cancel</button>
</form>`
      : html`<h1>Nothing to agree to</h1><p>It was decided before.</p>`,
  );
}
