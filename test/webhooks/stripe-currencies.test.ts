import { expect, it } from 'vitest';
import { translate } from '../../src/webhooks/stripe-translate.ts';

const paid = (currency: string, amount_received: number) =>
  translate(
    {
      id: 'evt_1',
      type: 'payment_intent.succeeded',
      created: 1_800_000_000,
      livemode: false,
      object: {
        ...{ id: 'pi_1', amount_received, currency, 'metadata.hydra_tenant': 'ten_1', 'metadata.hydra_mode': 'test' },
        ...{ 'metadata.hydra_subscription': 'sub_1', 'metadata.hydra_invoice': 'inv_1_1', 'metadata.hydra_attempt': 1 },
      },
      before: {},
    } as never,
    'test',
  );

it.each([
  ['usd', 1999, 1999],
  ['isk', 50_000, 500],
  ['mga', 123, 12_300],
])('%s: Stripe’s %d are %d of ours', (currency, theirs, ours) => {
  expect(paid(currency, theirs)).toMatchObject({ kind: 'told', told: { type: 'payment_succeeded', amount: ours } });
});

it.each([
  ['isk', 150],
  ['usd', -5],
  ['usd', 0],
])('%s %d is no amount', (currency, theirs) => {
  expect(JSON.stringify(paid(currency, theirs))).toContain('it names no amount');
});
