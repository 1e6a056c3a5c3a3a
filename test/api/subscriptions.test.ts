import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, until } from '../support/engine.ts';
import { startApiOnEngine } from './on-engine.ts';
import { type Api, publishPrices } from './support.ts';

let engine: Engine;
let api: Api;
beforeAll(async () => {
  ({ engine, api } = await startApiOnEngine());
  await publishPrices(api);
});
afterAll(() => api?.stop());

async function subscribed(body: object = {}, over: object = {}) {
  const customer = await api.customer(over);
  const answer = await customer.ask('POST', '/api/billing/subscribe', {
    planId: 'basic',
    paymentMethodId: 'pm_card_visa',
    ...body,
  });
  return { ...customer, answer, subscription: answer.body.subscription };
}

describe('subscribing', () => {
  test('with a card that works is paid at once', async () => {
    const { id, answer, ask, subscription } = await subscribed();
    expect(answer.status).toBe(201);
    expect(answer.body.payment).toEqual({ status: 'succeeded' });
    expect(subscription).toMatchObject({
      customerId: id,
      state: 'active',
      planId: 'basic',
      quantity: 1,
      access: { level: 'full' },
    });
    const { body: invoices } = await ask('GET', '/api/billing/invoices');
    expect(invoices.data).toHaveLength(1);
    expect(invoices.data[0]).toMatchObject({ state: 'paid', total: { amount: 1900, currency: 'usd' } });
    const { body: invoice } = await ask('GET', `/api/billing/invoices/${invoices.data[0].id}`);
    expect(invoice.lines[0]).toMatchObject({ description: 'Basic', amount: { amount: 1900, currency: 'usd' } });
    const { body: methods } = await ask('GET', '/api/billing/payment-methods');
    expect(methods.data).toMatchObject([{ brand: 'visa', last4: '4242', isDefault: true }]);
  });

  test('with a trial nothing is charged', async () => {
    const { answer } = await subscribed({ planId: 'pro' });
    expect(answer.body).toMatchObject({ subscription: { state: 'trialing' }, payment: null });
    expect(answer.body.subscription.trialEndsAt).not.toBeNull();
  });

  test('with a card that is declined says so, and can be paid with another', async () => {
    const { answer, ask } = await subscribed({ paymentMethodId: 'pm_card_chargeCustomerFail' });
    expect(answer.status).toBe(201);
    expect(answer.body.payment).toMatchObject({ status: 'declined' });
    expect(answer.body.subscription.state).toBe('incomplete');
    const { body: invoices } = await ask('GET', '/api/billing/invoices?state=open');
    const paid = await ask('POST', `/api/billing/invoices/${invoices.data[0].id}/pay`, {
      paymentMethodId: 'pm_card_visa',
    });
    expect(paid.body).toMatchObject({ invoice: { state: 'paid' }, payment: { status: 'succeeded' } });
    const { body: after } = await ask('GET', `/api/billing/subscriptions/${answer.body.subscription.id}`);
    expect(after.state).toBe('active');
  });

  test('with a card that asks for its owner gives a client secret, and keeps it nowhere', async () => {
    const customer = await api.customer();
    const body = { planId: 'basic', paymentMethodId: 'pm_card_authenticationRequired' };
    const key = { 'idempotency-key': 'three-d-secure' };
    const first = await customer.ask('POST', '/api/billing/subscribe', body, key);
    expect(first.body.payment.status).toBe('requires_action');
    expect(first.body.payment.clientSecret).toMatch(/^pi_.+_secret_/);
    const again = await customer.ask('POST', '/api/billing/subscribe', body, key);
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
    const stored = await engine.db.selectFrom('requests').selectAll().execute();
    expect(JSON.stringify(stored)).not.toContain('_secret_');
    const { body: invoices } = await customer.ask('GET', '/api/billing/invoices?state=open');
    const goOn = await customer.ask('POST', `/api/billing/invoices/${invoices.data[0].id}/pay`, {});
    expect(goOn.body.payment).toEqual(first.body.payment);
  });

  test('twice with the same key is one subscription, at once or one after the other', async () => {
    const customer = await api.customer();
    const ask = () =>
      customer.ask(
        'POST',
        '/api/billing/subscribe',
        { planId: 'basic', paymentMethodId: 'pm_card_visa' },
        { 'idempotency-key': 'same' },
      );
    const both = await Promise.all([ask(), ask()]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(both.find(({ status }) => status === 409)?.body.code).toBe('request_running');
    const third = await ask();
    expect(third.body).toEqual(both.find(({ status }) => status === 201)?.body);
    const { body } = await customer.ask('GET', '/api/billing/subscriptions');
    expect(body.data).toHaveLength(1);
    const other = await customer.ask(
      'POST',
      '/api/billing/subscribe',
      { planId: 'team' },
      { 'idempotency-key': 'same' },
    );
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });
});

describe('the forecast', () => {
  test('of a subscription is its next twelve months, for its owner alone', async () => {
    const { ask, subscription } = await subscribed({ planId: 'team', quantity: 2 });
    const before = await api.owner('GET', `/api/billing/subscriptions/${subscription.id}`);
    const { status, body } = await ask('GET', `/api/billing/subscriptions/${subscription.id}/forecast`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ subscriptionId: subscription.id, endsAs: 'active' });
    expect(body.invoices).toHaveLength(12);
    expect(body.invoices[0].issuedAt).toBe(subscription.currentPeriod.end);
    const [first] = body.invoices;
    expect(body.total).toEqual({ amount: first.total.amount * 12, currency: 'usd' });
    expect(await api.owner('GET', `/api/billing/subscriptions/${subscription.id}`)).toMatchObject({
      body: before.body,
    });
    const stranger = await api.customer();
    expect((await stranger.ask('GET', `/api/billing/subscriptions/${subscription.id}/forecast`)).status).toBe(404);
  });
});

describe('changing', () => {
  test('costs what the preview says', async () => {
    const { ask, subscription } = await subscribed({ planId: 'team', quantity: 2 });
    const wanted = { subscriptionId: subscription.id, quantity: 5 };
    const preview = await ask('POST', '/api/billing/change/preview', wanted);
    expect(preview.status).toBe(200);
    const made = await ask('POST', '/api/billing/change', wanted);
    expect(made.status).toBe(200);
    const { subscription: after, invoiceId, ...rest } = made.body;
    expect(rest).toEqual(preview.body);
    expect(after.quantity).toBe(5);
    const { body: invoice } = await ask('GET', `/api/billing/invoices/${invoiceId}`);
    expect(invoice.total).toEqual(preview.body.total);
  });

  test('of several prices and add-ons costs what the preview says, and its fee comes once', async () => {
    const { ask, subscription } = await subscribed({
      ...{ planId: 'business', quantity: 8 },
      addOns: [{ id: 'backup', quantity: 2 }],
    });
    expect(subscription.addOns).toEqual([{ id: 'backup', quantity: 2 }]);
    const { body: first } = await ask('GET', '/api/billing/invoices');
    const lines = first.data[0].lines.map(({ description, amount }: { description: string; amount: object }) => ({
      description,
      amount,
    }));
    const usd = (amount: number) => ({ amount, currency: 'usd' });
    expect(lines).toEqual([
      { description: 'Business: Base', amount: usd(9900) },
      { description: 'Business: Seats', amount: usd(3000) },
      { description: '2 × Backup', amount: usd(1000) },
      { description: 'Business: Set-up', amount: usd(20000) },
    ]);
    expect(first.data[0].lines[1]).toMatchObject({ proration: '8 − 5 included: 3 × 10.00 USD', unitPrice: null });
    const wanted = { subscriptionId: subscription.id, addOns: [{ id: 'backup', quantity: 3 }, { id: 'support' }] };
    const preview = await ask('POST', '/api/billing/change/preview', wanted);
    expect(preview.body.total).toEqual(usd(500 + 5000));
    const made = await ask('POST', '/api/billing/change', wanted);
    const { subscription: after, invoiceId, ...rest } = made.body;
    expect(rest).toEqual(preview.body);
    expect(after.addOns).toEqual([
      { id: 'backup', quantity: 3 },
      { id: 'support', quantity: 1 },
    ]);
    const { body: invoice } = await ask('GET', `/api/billing/invoices/${invoiceId}`);
    expect(invoice.lines).toEqual(preview.body.lines);
    const lost = await ask('POST', '/api/billing/change', { subscriptionId: subscription.id, planId: 'team' });
    expect(lost).toMatchObject({ status: 422, body: { code: 'unknown_add_on' } });
  });

  test('to a cheaper plan waits for the period’s end', async () => {
    const { ask, subscription } = await subscribed({ planId: 'team', quantity: 5 });
    const { body } = await ask('POST', '/api/billing/change', { subscriptionId: subscription.id, planId: 'basic' });
    expect(body).toMatchObject({ when: 'period_end', total: { amount: 0 }, subscription: { planId: 'team' } });
    expect(body.invoiceId).toBeUndefined();
  });
});

describe('ending and pausing', () => {
  test('canceled, taken back, paused, resumed, canceled for good; and every cause is told', async () => {
    const { ask, subscription } = await subscribed();
    const { id } = subscription;
    const of = { subscriptionId: id };
    const planned = await ask('POST', '/api/billing/cancel', {
      ...of,
      at: 'period_end',
      reason: 'too_expensive',
      comment: 'My own words',
    });
    expect(planned.body.subscription.cancelAt).toBe(subscription.currentPeriod.end);
    expect((await ask('POST', '/api/billing/uncancel', of)).body.subscription.cancelAt).toBeNull();
    expect((await ask('POST', '/api/billing/pause', of)).body.subscription.state).toBe('paused');
    const refused = await ask('POST', '/api/billing/pause', of);
    expect(refused).toMatchObject({ status: 409, body: { code: 'not_while_paused' } });
    expect((await ask('POST', '/api/billing/resume', of)).body.subscription.state).toBe('active');
    const ended = await ask('POST', '/api/billing/cancel', { ...of, at: 'now' });
    expect(ended.body.subscription).toMatchObject({ state: 'canceled', access: { level: 'none' } });

    const why = await api.owner('GET', `/api/admin/subscriptions/${id}/why`);
    expect(why.body.sentence).toContain('cancel.now');
    expect(why.body.causes[0]).toMatchObject({ input: 'cancel', to: 'canceled', origin: { by: 'principal' } });
    // What was still to come is earned on the day of the end: recognition books it when that day is over.
    const earnRest = why.body.causes[0].effects.find((key: string) => key.startsWith('earn_rest/'));
    const spans = await engine.db
      .selectFrom('earning_spans')
      .select(['reference', 'gross'])
      .where('subscription_id', '=', id)
      .where('cause', '=', 'cancellation')
      .execute();
    expect(spans.map(({ reference }) => reference)).toEqual([earnRest, earnRest]);
    expect(
      spans.reduce((sum, { gross }) => sum + gross, 0),
      'earned at once in place of later',
    ).toBe(0);
    expect(spans.some(({ gross }) => gross > 0)).toBe(true);
    const history = await api.owner('GET', `/api/admin/subscriptions/${id}/history?limit=2`);
    expect(history.body.nextCursor).not.toBeNull();
    const audit = await engine.db.selectFrom('audit_log').selectAll().where('subject', '=', id).execute();
    expect(JSON.stringify(audit)).not.toContain('My own words');
    expect(audit.map(({ action }) => action)).toContain('cancel_comment');
  });
});

describe('payment methods', () => {
  test('are set up with a secret, attached, chosen and removed', async () => {
    const { ask } = await api.customer();
    const key = { 'idempotency-key': 'set-up' };
    const setup = await ask('POST', '/api/billing/payment-methods', {}, key);
    expect(setup.status).toBe(201);
    expect(setup.body.setup.clientSecret).toMatch(/^seti_.+_secret_/);
    expect((await ask('POST', '/api/billing/payment-methods', {}, key)).body).toEqual(setup.body);
    const first = await ask('POST', '/api/billing/payment-methods', { paymentMethodId: 'pm_card_visa' });
    const second = await ask('POST', '/api/billing/payment-methods', { paymentMethodId: 'pm_card_mastercard' });
    expect([first.body.isDefault, second.body.isDefault]).toEqual([true, false]);
    const chosen = await ask('POST', `/api/billing/payment-methods/${second.body.id}/default`);
    expect(chosen.body.isDefault).toBe(true);
    expect((await ask('DELETE', `/api/billing/payment-methods/${second.body.id}`)).status).toBe(204);
    const { body } = await ask('GET', '/api/billing/payment-methods');
    expect(body.data).toMatchObject([{ id: first.body.id, isDefault: true }]);
  });

  test('that a subscription pays with stay', async () => {
    const { ask } = await subscribed();
    const { body } = await ask('GET', '/api/billing/payment-methods');
    const gone = await ask('DELETE', `/api/billing/payment-methods/${body.data[0].id}`);
    expect(gone).toMatchObject({ status: 409, body: { code: 'payment_method_in_use' } });
  });
});

describe('clocks', () => {
  test('lead their customers through time', async () => {
    const { body: clock } = await api.owner('POST', '/api/admin/clocks', { name: 'a year' });
    expect(clock.state).toBe('ready');
    const { ask, subscription } = await subscribed({}, { clockId: clock.id });
    expect(subscription.clockId).toBe(clock.id);
    const next = await api.owner('GET', `/api/admin/clocks/${clock.id}/next`);
    expect(next.body.due[0]).toMatchObject({ subscriptionId: subscription.id, type: 'period_ended' });
    const sent = await api.owner('POST', `/api/admin/clocks/${clock.id}/advance`, { by: 'P65D' });
    expect(sent).toMatchObject({ status: 202, body: { state: 'advancing' } });
    const ready = await settled(clock.id);
    expect(Date.parse(ready.now) - Date.parse(clock.now)).toBe(65 * 86_400_000);
    const { body: invoices } = await ask('GET', '/api/billing/invoices');
    expect(invoices.data.map(({ state }: { state: string }) => state)).toEqual(['paid', 'paid', 'paid']);
    // What begins now begins at the clock's time.
    const late = await ask('POST', '/api/billing/subscribe', { planId: 'basic' });
    expect(late.body.subscription.state).toBe('active');
    expect(late.body.subscription.createdAt.slice(0, 10)).toBe(ready.now.slice(0, 10));
    expect(late.body.subscription.currentPeriod.start.slice(0, 10)).toBe(ready.now.slice(0, 10));
    const back = await api.owner('POST', `/api/admin/clocks/${clock.id}/advance`, { to: clock.now });
    expect(back).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    await api.owner('POST', `/api/admin/clocks/${clock.id}/advance`, { next: true });
    const moved = await settled(clock.id);
    expect(Date.parse(moved.now)).toBeGreaterThan(Date.parse(ready.now));
  });

  async function settled(id: string) {
    for (let tries = 0; tries < 400; tries++) {
      const { body } = await api.owner('GET', `/api/admin/clocks/${id}`);
      if (body.state !== 'advancing') {
        expect(body.state).toBe('ready');
        return body;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('the clock is still on its way');
  }
});

test('the books balance, and show every entry', async () => {
  const { body } = await api.owner('GET', '/api/admin/ledger/trial-balance');
  expect(body.currencies.map(({ balanced }: { balanced: boolean }) => balanced)).not.toContain(false);
  const now = new Date(Date.now() + 400 * 86_400_000).toISOString();
  const later = await api.owner('GET', `/api/admin/ledger/trial-balance?at=${encodeURIComponent(now)}`);
  expect(later.body.currencies).toEqual(body.currencies);
  const entries = await api.owner('GET', '/api/admin/ledger/entries?account=receivable&limit=3');
  expect(entries.body.data).toHaveLength(3);
  const next = await api.owner('GET', `/api/admin/ledger/entries?account=receivable&cursor=${entries.body.nextCursor}`);
  const seen = entries.body.data.map(({ id }: { id: number }) => id);
  expect(next.body.data.every(({ id }: { id: number }) => !seen.includes(id))).toBe(true);
});

describe('what was surprising once', () => {
  test('a change that waits for the period’s end is shown, and changed further rather than forgotten', async () => {
    const { ask, subscription } = await subscribed({ planId: 'team', quantity: 7 });
    const change = (body: object) => ask('POST', '/api/billing/change', { subscriptionId: subscription.id, ...body });
    const first = await change({ quantity: 2 });
    const at = first.body.subscription.currentPeriod.end;
    expect(first.body.subscription.pendingChange).toEqual({ planId: 'team', planName: 'Team seat', quantity: 2, at });
    const second = await change({ planId: 'basic' });
    expect(second.body.subscription.pendingChange).toEqual({ planId: 'basic', planName: 'Basic', quantity: 2, at });
  });

  test('a new default that works settles what waits for one', async () => {
    const { ask, subscription } = await subscribed({ paymentMethodId: 'pm_card_chargeCustomerFail', planId: 'team' });
    expect(subscription.state).toBe('incomplete');
    const [open] = (await ask('GET', '/api/billing/invoices?state=open')).body.data;
    await ask('POST', '/api/billing/payment-methods', { paymentMethodId: 'pm_card_visa' });
    const methods = (await ask('GET', '/api/billing/payment-methods')).body.data;
    const visa = methods.find(({ last4 }: { last4: string }) => last4 === '4242');
    await ask('POST', `/api/billing/payment-methods/${visa.id}/default`);
    const { body } = await ask('POST', `/api/billing/invoices/${open.id}/pay`, {});
    // The new default may have paid it already, or be about to.
    if (body.code) expect(['payment_in_flight', 'invoice_not_open']).toContain(body.code);
    else expect(body.payment.status).toBe('succeeded');
    const look = async () => (await ask('GET', `/api/billing/invoices/${open.id}`)).body;
    await until(look, ({ state }) => state === 'paid', 'the invoice is paid');
  });

  test('an ended subscription says when it ended, and that nothing is due', async () => {
    const { ask, subscription } = await subscribed();
    const { body } = await ask('POST', '/api/billing/cancel', {
      subscriptionId: subscription.id,
      at: 'now',
      reason: 'I found another',
    });
    expect(body.subscription).toMatchObject({ state: 'canceled', nextDueAt: null, cancelAt: null });
    expect(Date.parse(body.subscription.canceledAt)).toBeGreaterThan(Date.parse(subscription.createdAt) - 1_000);
  });
});
