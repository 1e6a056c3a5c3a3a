/** A checkout as it is kept: open, until it is completed or expires. */
import type { Index } from '../lookup.ts';
import type { Call } from './call.ts';
import { missing } from './errors.ts';
import type { CheckoutSession, Subscription } from './wire.ts';

export function sessionFor(call: Call, id: string): CheckoutSession {
  const session = call.store.get('checkout.session', id);
  if (session === undefined) throw missing('checkout.session', id, 'session');
  return session;
}

/** The customer's test clock tells its time; without a customer, the wall. */
export const timeOf = (call: Call, { customer }: CheckoutSession) => call.now(customer);

const byIntent: Index<CheckoutSession> = { key: ({ payment_intent, setup_intent }) => payment_intent ?? setup_intent };
const bySubscription: Index<CheckoutSession> = { key: ({ subscription }) => subscription };

/** What a session was for has been paid, or set up. */
export function intentDone(call: Call, id: string): void {
  const session = call.store.first('checkout.session', byIntent, id);
  if (session?.status === 'open') complete(call, session, session.mode === 'setup' ? 'no_payment_required' : 'paid');
}

export function subscriptionMoved(call: Call, { id, status, trial_end, latest_invoice }: Subscription): void {
  const session = call.store.first('checkout.session', bySubscription, id);
  if (session?.status !== 'open' || (status !== 'active' && status !== 'trialing')) return;
  const invoice = call.store.get('invoice', latest_invoice ?? '');
  const free = trial_end !== null || invoice?.amount_due === 0;
  complete(call, { ...session, invoice: latest_invoice }, free ? 'no_payment_required' : 'paid');
}

function complete(call: Call, session: CheckoutSession, payment_status: CheckoutSession['payment_status']): void {
  const done: CheckoutSession = { ...session, payment_status, status: 'complete', url: null };
  call.store.put('checkout.session', done);
  call.schedule(`due_${done.id}`, null, null, { kind: 'checkout_expires', session: done.id });
  call.emit('checkout.session.completed', done, timeOf(call, done));
}

export function expireSession(call: Call, session: CheckoutSession): CheckoutSession {
  const expired: CheckoutSession = call.store.put('checkout.session', { ...session, status: 'expired', url: null });
  call.schedule(`due_${session.id}`, null, null, { kind: 'checkout_expires', session: session.id });
  call.emit('checkout.session.expired', expired, timeOf(call, expired));
  return expired;
}
