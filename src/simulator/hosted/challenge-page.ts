/** The bank's page, where customers prove who they are. */
import { authenticate } from '../control/api.ts';
import type { Controlled } from '../control/controlled.ts';
import { html } from '../control/html.ts';
import { shown } from '../stripe/money.ts';
import type { PaymentIntent, SetupIntent } from '../stripe/wire.ts';
import { hostedPage } from './layout.ts';
import type { Shown } from './shown.ts';

type Intent = PaymentIntent | SetupIntent;

export function challengePage(
  sim: Controlled,
  id: string,
  query: URLSearchParams,
  form: URLSearchParams | null,
): Shown | null {
  const { store } = sim.engine.world;
  const find = (): Intent | undefined => store.get('payment_intent', id) ?? store.get('setup_intent', id);
  const before = find();
  if (before === undefined) return null;
  if (form === null) return { html: view(before) };
  const outcome = form.get('outcome') === 'complete' ? 'complete' : 'fail';
  if (before.status === 'requires_action') authenticate(sim, id, { outcome });
  const after = find()!;
  const back = ownPage(query.get('back')) ?? returnAddress(before, after);
  return back === null ? { html: view(after) } : { redirect: back };
}

function view(intent: Intent): string {
  if (intent.status !== 'requires_action') {
    const body = html`<section><h1>Nothing to confirm</h1><p class="soft"><code>${intent.id}</code> is ${intent.status}.</p></section>`;
    return hostedPage('3-D Secure', body);
  }
  const what =
    intent.object === 'payment_intent'
      ? html`pay <b>${shown(intent.amount, intent.currency)}</b>`
      : html`save this card for later`;
  return hostedPage(
    '3-D Secure',
    html`<section><h1>Your bank asks: is it you?</h1>
<p>You are about to ${what}.</p><p class="soft">This is the simulator's stand-in for a bank's 3-D Secure page.</p>
<form method="post" class="row">
  <button class="whole" name="outcome" value="complete">Complete</button>
  <button class="whole plain" name="outcome" value="fail">Fail</button>
</form></section>`,
  );
}

/** Where customers go from the bank's page: back to the shop with the verdict, as Stripe sends them. */
function returnAddress(before: Intent, after: Intent): string | null {
  const target = before.next_action?.redirect_to_url?.return_url ?? null;
  if (target === null) return null;
  const url = new URL(target);
  url.searchParams.set(after.object, after.id);
  url.searchParams.set(`${after.object}_client_secret`, after.client_secret ?? '');
  url.searchParams.set('redirect_status', after.status === 'requires_payment_method' ? 'failed' : 'succeeded');
  return url.href;
}

const ownPage = (back: string | null) => (back?.startsWith('/sim/') ? back : null);
