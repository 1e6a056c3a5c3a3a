import { beforeAll, beforeEach, expect, test } from 'vitest';
import { ourMethod } from '../../src/customers/method-reference.ts';
import type { Kept } from '../../src/db/inbox.ts';
import { keepPaymentMethod } from '../../src/db/payment-methods.ts';
import { inTenant } from '../../src/db/tenant.ts';
import type { Claim, Seen } from '../../src/domain/claim.ts';
import { createPaypal } from '../../src/processors/paypal.ts';
import { ProcessorTrouble } from '../../src/processors/trouble.ts';
import { confirmClaims } from '../../src/relay/confirm.ts';
import { addCustomer, SCOPE, useDatabase } from '../db/support.ts';
import { arrive, happened, KEYS, makeDue, paid, relayWith, statesOf } from './support.ts';

const database = useDatabase();
beforeEach(async () => {
  await database.db.deleteFrom('inbox').execute();
});

const RING = KEYS;
const MARK = 'ten_1/test/sub_1/inv_1_1/1';
const there: Seen = { state: 'succeeded', amount: 3000, currency: 'usd', mark: MARK, payment: null, outcome: null };

let n = 0;
function claimed(over: Partial<Kept> = {}): Kept {
  const payment = `CAPTURE${++n}`;
  const claim: Claim = { about: 'payment', id: payment, amount: 3000, currency: 'usd', mark: MARK };
  const type = 'PAYMENT.CAPTURE.COMPLETED';
  return happened('sub_1', { provider: 'paypal', eventId: `WH-${n}`, type, told: paid(payment), claim, ...over });
}

/** PayPal's adapter, whose answers the test gives. */
function confirming(look: (about: Claim['about'], id: string) => Promise<Seen | null>) {
  const looked: string[] = [];
  const logged: { level: string; fields: object; message: string }[] = [];
  const log = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message });
  const processor = {
    ...createPaypal({ clientId: 'id', clientSecret: 'secret' }),
    look: (about: Claim['about'], id: string) => {
      looked.push(id);
      return look(about, id);
    },
  };
  const options = {
    ...{
      db: database.db,
      keys: KEYS,
      ring: RING,
      processors: { of: async () => ({ id: 'default', publishableKey: null, processor }), all: async () => [] },
    },
    log: { info: log('info'), warn: log('warn'), error: log('error') },
  };
  return { confirm: () => confirmClaims(options), looked, logged };
}

test('nobody hears of what is only claimed; read back, it goes the way of the others', async () => {
  const { drain, sent } = relayWith(database.db);
  const { confirm } = confirming(async () => there);
  await arrive(database.db, claimed());
  await drain();
  expect(sent).toEqual([]);
  await confirm();
  await drain();
  expect(sent).toMatchObject([{ subscription: 'sub_1', delivered: [{ fact: { type: 'payment_succeeded' } }] }]);
});

test.each<[string, Seen | null, string]>([
  ['more than was paid', { ...there, amount: 300 }, 'the amount is another'],
  ['money that is not there yet', { ...there, state: 'processing' }, 'it is processing there'],
  ['somebody else’s money', { ...there, mark: MARK.replace('sub_1', 'sub_2') }, 'it is of another subscription'],
  ['money that never was', null, 'the processor knows no such object'],
])('a claim of %s is in quarantine, with an alarm, and has no effect', async (_name, seen, why) => {
  const { drain, sent } = relayWith(database.db);
  const { confirm, logged } = confirming(async () => seen);
  await arrive(database.db, claimed());
  await confirm();
  await makeDue(database.db);
  await confirm();
  await drain();
  expect(sent).toEqual([]);
  const [row] = await database.db.selectFrom('inbox').select(['state', 'reason']).execute();
  expect(row).toEqual({ state: 'quarantined', reason: `the processor says otherwise: ${why}` });
  expect(logged.filter(({ level }) => level === 'error')).toHaveLength(1);
});

test('a processor that is away is asked again later, and nothing is lost', async () => {
  let isAway = true;
  const { confirm, looked, logged } = confirming(async () => {
    if (isAway) throw new ProcessorTrouble('throttled', 'rate_limit_reached', 'paypal answered 429', 60_000);
    return there;
  });
  await arrive(database.db, claimed());
  await confirm();
  expect(await statesOf(database.db)).toEqual(['parked']);
  await confirm();
  expect(looked).toHaveLength(1);
  expect(logged).toMatchObject([{ level: 'warn', fields: { kind: 'throttled' } }]);
  isAway = false;
  await makeDue(database.db);
  await confirm();
  expect(await statesOf(database.db)).toEqual(['received']);
});

test('one that nobody can read holds up no other', async () => {
  let calls = 0;
  const { confirm, logged } = confirming(async () => {
    if (calls++ === 0) throw new TypeError('a bug');
    return there;
  });
  await arrive(database.db, claimed(), claimed());
  await confirm();
  expect((await statesOf(database.db)).toSorted()).toEqual(['parked', 'received']);
  expect(logged).toMatchObject([{ level: 'error', fields: { error: 'TypeError' } }]);
});

test('after three days of that it is dead, for a person', async () => {
  const { confirm } = confirming(async () => {
    throw new ProcessorTrouble('unauthorized', 'invalid_client', 'paypal answered 401');
  });
  await arrive(database.db, claimed());
  await database.db
    .updateTable('inbox')
    .set({ received_at: new Date(Date.now() - 4 * 86_400_000) })
    .execute();
  await confirm();
  expect(await statesOf(database.db)).toEqual(['dead']);
});

test('a claim that was changed in the table is not even asked about', async () => {
  const { confirm, looked } = confirming(async () => there);
  await arrive(database.db, claimed());
  const claim = JSON.stringify({ about: 'payment', id: 'OTHER', amount: 3000, currency: 'usd', mark: MARK });
  await database.db.updateTable('inbox').set({ claim }).execute();
  await confirm();
  expect(looked).toEqual([]);
  expect(await statesOf(database.db)).toEqual(['quarantined']);
});

test('two at once ask once', async () => {
  const { confirm, looked } = confirming(async () => there);
  await arrive(database.db, claimed(), claimed(), claimed());
  await Promise.all([confirm(), confirm()]);
  expect(looked).toHaveLength(3);
});

test('what needs no reading back goes on as before, beside it', async () => {
  const { drain, sent } = relayWith(database.db);
  await arrive(database.db, claimed(), happened('sub_1'));
  await drain();
  expect(sent).toHaveLength(1);
});

test('a tenant’s refund without a mark finds its payment once it is believed', async () => {
  const claim: Claim = { about: 'refund', id: 'R1', amount: 1000, currency: 'usd', mark: null };
  const told = { type: 'payment_refunded', invoice: null, payment: 'P1', refund: 'R1', amount: 1000 } as const;
  await arrive(database.db, claimed({ tenant: null, subscription: null, told, claim }));
  const { drain } = relayWith(database.db);
  await drain();
  expect(await statesOf(database.db)).toEqual(['received']);
  await confirming(async () => ({ ...there, amount: 1000, mark: null, payment: 'P1' })).confirm();
  await drain();
  expect(await statesOf(database.db)).toEqual(['parked']);
});

describeMethods();

function describeMethods(): void {
  const account = {
    id: 'default',
    publishableKey: null,
    processor: createPaypal({ clientId: 'id', clientSecret: 'secret' }),
  };
  const keys = { ring: RING, blindIndexKey: Buffer.alloc(32, 9) };
  const { id, sealedReference } = ourMethod(keys, SCOPE, account, '8kk8451t');
  const gone = () => {
    const claim: Claim = { about: 'method', id, amount: null, currency: null, mark: null };
    const told = { type: 'method_detached', method: id, customer: null, brand: null, last4: null } as const;
    return claimed({ tenant: null, subscription: null, told, claim, type: 'VAULT.PAYMENT-TOKEN.DELETED' });
  };
  const detached = async () =>
    (await database.db.selectFrom('payment_methods').select('detached_at').where('id', '=', id).executeTakeFirst())
      ?.detached_at ?? null;

  beforeAll(async () => {
    await inTenant(database.db, SCOPE, async (trx) => {
      await addCustomer(trx, SCOPE, 'cus_vault');
      const method = { id, sealedReference, customer: 'cus_vault', processor: 'paypal', brand: 'paypal' } as const;
      await keepPaymentMethod(trx, SCOPE, { ...method, last4: null, at: new Date() });
    });
  });

  test('a method that is said to be gone, and isn’t, stays', async () => {
    const { confirm, looked } = confirming(async () => ({ ...there, state: 'open' }));
    await arrive(database.db, gone());
    await confirm();
    await relayWith(database.db).drain();
    expect(looked).toEqual(['8kk8451t']);
    expect(await statesOf(database.db)).toEqual(['quarantined']);
    expect(await detached()).toBeNull();
  });

  test('one that is gone is gone; its name at the processor lies sealed', async () => {
    const { confirm } = confirming(async () => null);
    await arrive(database.db, gone());
    await confirm();
    await relayWith(database.db).drain();
    expect(await statesOf(database.db)).toEqual(['applied']);
    expect(await detached()).not.toBeNull();
    const rows = await database.db.selectFrom('payment_methods').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain('8kk8451t');
  });
}
