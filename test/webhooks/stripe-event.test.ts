import { describe, expect, test } from 'vitest';
import { allowed } from '../../src/webhooks/stripe-allowed.ts';
import { readStripeEvent } from '../../src/webhooks/stripe-event.ts';
import { declined, event, intent, marks, method, PANS, refund } from './events.ts';

const account = { id: 'default', mode: 'test' } as const;
const read = (value: unknown) => readStripeEvent(Buffer.from(JSON.stringify(value)), account);
const kept = (value: unknown) => {
  const result = read(value);
  if (!result.ok) throw new Error(`${result.code}: ${result.why}`);
  return result.event;
};

describe('what each type of event says', () => {
  const attempt = { invoice: 'inv_1_1', attempt: 2, payment: 'pi_1' };
  const card = { method: 'pm_1', customer: 'cus_A', brand: 'visa', last4: '4242' };

  test.each([
    ['payment_intent.succeeded', intent(), { type: 'payment_succeeded', ...attempt, amount: 3000 }],
    [
      'payment_intent.payment_failed',
      declined({ code: 'card_declined', decline_code: 'insufficient_funds' }),
      { type: 'payment_failed', ...attempt, decline: 'insufficient_funds', code: 'insufficient_funds' },
    ],
    [
      'payment_intent.payment_failed',
      declined({ code: 'authentication_required', decline_code: 'authentication_required' }),
      { type: 'payment_failed', ...attempt, decline: 'authentication_required', code: 'authentication_required' },
    ],
    [
      'payment_intent.requires_action',
      intent({ status: 'requires_action' }),
      { type: 'payment_needs_action', ...attempt },
    ],
    ['payment_intent.processing', intent({ status: 'processing' }), { type: 'payment_processing', ...attempt }],
    ['payment_intent.canceled', intent({ status: 'canceled' }), { type: 'payment_canceled', ...attempt }],
  ] as const)('%s', (type, object, told) => {
    expect(kept(event(type, object))).toEqual({
      provider: 'stripe',
      account: 'default',
      mode: 'test',
      eventId: `evt_${type.replaceAll('.', '_')}`,
      type,
      tenant: 'ten_1',
      subscription: 'sub_1',
      told,
      occurredAt: 1_800_000_000_000,
      ignored: null,
    });
  });

  test.each([
    [
      'a refund of ours',
      'refund.created',
      refund({ metadata: marks() }),
      { type: 'payment_refunded', invoice: 'inv_1_1', payment: 'pi_1', refund: 're_1', amount: 1000 },
      'sub_1',
    ],
    [
      'a refund made in the dashboard is found by its payment',
      'refund.updated',
      refund(),
      { type: 'payment_refunded', invoice: null, payment: 'pi_1', refund: 're_1', amount: 1000 },
      null,
    ],
    ['a new method', 'payment_method.attached', method(), { type: 'method_attached', ...card }, null],
    ['a renewed card', 'payment_method.automatically_updated', method(), { type: 'method_updated', ...card }, null],
  ] as const)('%s', (_name, type, object, told, subscription) => {
    expect(kept(event(type, object))).toMatchObject({ told, subscription, ignored: null });
  });

  test('a detached method names its customer only in what was before', () => {
    const data = { object: method({ customer: null }), previous_attributes: { customer: 'cus_A' } };
    expect(kept(event('payment_method.detached', {}, { data }))).toMatchObject({
      told: { type: 'method_detached', method: 'pm_1', customer: 'cus_A' },
    });
  });
});

describe('what is kept by its name alone', () => {
  test.each([
    ['an unknown type', 'unicorn.seen', {}, 'unknown type'],
    ['a charge, which its payment tells', 'charge.succeeded', { id: 'ch_1' }, 'another event tells it'],
    ['a payment of another system', 'payment_intent.succeeded', intent({ metadata: {} }), 'not a payment of ours'],
    [
      'a payment of the other mode',
      'payment_intent.succeeded',
      intent({ metadata: marks({ hydra_mode: 'live' }) }),
      'not a payment of ours',
    ],
    [
      'an attempt that is no number',
      'payment_intent.succeeded',
      intent({ metadata: marks({ hydra_attempt: '1; drop table' }) }),
      'not a payment of ours',
    ],
    ['a refund on its way', 'refund.created', refund({ status: 'pending' }), 'it is not done yet'],
    ['a method of nobody', 'payment_method.attached', method({ customer: null }), 'a method of nobody'],
    ['an object that is none', 'payment_intent.succeeded', 'pi_1' as unknown as object, 'not a payment of ours'],
  ])('%s', (_name, type, object, ignored) => {
    expect(kept(event(type, object as Record<string, unknown>))).toMatchObject({ told: null, ignored });
  });
});

describe('zero data retention', () => {
  const everything = [intent(), declined({ code: 'card_declined' }), refund(), method()];

  test.each(Object.keys(allowed))('%s keeps no card data', (type) => {
    for (const object of everything) {
      const text = JSON.stringify(kept(event(type, object)));
      for (const secret of [...PANS, '_secret_', 'ada@', 'Ada', '2030', 'fingerprint'])
        expect(text).not.toContain(secret);
    }
  });

  test.each(PANS)('a card number %s in any field, listed or not, goes nowhere', (pan) => {
    for (const type of Object.keys(allowed)) {
      for (const object of everything) {
        for (const poisoned of poisonings(event(type, object), pan)) {
          expect(JSON.stringify(read(poisoned))).not.toContain(pan);
        }
      }
    }
  });
});

/** The object with each of its fields, at any depth, replaced by the value, and by an id or a number made of it. */
function* poisonings(object: Record<string, unknown>, pan: string): Generator<Record<string, unknown>> {
  const digits = pan.replaceAll(/\D/g, '');
  for (const [key, value] of Object.entries(object)) {
    for (const poison of [
      pan,
      Number(digits),
      `pi_${digits}`,
      `evt_${digits}`,
      `ten_${digits}`,
      { id: `pi_${digits}` },
    ]) {
      yield { ...object, [key]: poison };
    }
    if (typeof value === 'object' && value !== null) {
      for (const inner of poisonings(value as Record<string, unknown>, pan)) yield { ...object, [key]: inner };
    }
  }
}

describe('what is refused', () => {
  test.each([
    ['no JSON', Buffer.from('{"id":')],
    ['a list', Buffer.from('[]')],
    ['null', Buffer.from('null')],
    ['nothing', Buffer.alloc(0)],
    ['an invalid byte', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['no event', Buffer.from('{}')],
    ['an id of another kind', Buffer.from(JSON.stringify(event('a.b', {}, { id: 'pi_1' })))],
    ['a type that is no type', Buffer.from(JSON.stringify(event('<script>', {})))],
    ['no time', Buffer.from(JSON.stringify(event('a.b', {}, { created: 'now' })))],
    ['no mode', Buffer.from(JSON.stringify(event('a.b', {}, { livemode: 'false' })))],
    ['no data', Buffer.from(JSON.stringify(event('a.b', {}, { data: null })))],
  ])('%s', (_name, body) => {
    expect(readStripeEvent(body, account)).toMatchObject({ ok: false, code: 'invalid_body' });
  });

  test('what is told of a connected account is kept by its name alone', () => {
    const theirs = kept(event('payment_intent.succeeded', intent(), { account: 'acct_1Connected' }));
    expect(theirs).toMatchObject({ told: null, tenant: null, ignored: 'of a connected account' });
  });

  test('the other mode', () => {
    expect(read(event('a.b', {}, { livemode: true }))).toMatchObject({ ok: false, code: 'mode_mismatch' });
  });
});

test('an id of ours may be made of digits and more; a time in milliseconds is no card number', () => {
  const ids = marks({
    hydra_tenant: 'ten_1800000000000',
    hydra_invoice: 'inv_4242424242424242_1x',
    hydra_subscription: 'sub_8f14e45fceea167a5a36dedd4bea2543',
  });
  expect(kept(event('payment_intent.succeeded', intent({ metadata: ids })))).toMatchObject({ ignored: null });
});
