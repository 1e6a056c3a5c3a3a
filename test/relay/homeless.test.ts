import { beforeEach, expect, test } from 'vitest';
import { commit } from '../../src/db/commit.ts';
import type { MethodNews } from '../../src/db/inbox.ts';
import { keepPaymentMethod, listPaymentMethods, makeDefault } from '../../src/db/payment-methods.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { OTHER, SCOPE, step, useDatabase } from '../db/support.ts';
import { draft, START, subscribe } from '../domain/builders.ts';
import { arrive, happened, makeDue, OCCURRED, relayWith, statesOf } from './support.ts';

const database = useDatabase();

beforeEach(async () => {
  await database.db.deleteFrom('inbox').execute();
  await inTenant(database.db, SCOPE, async (trx) => {
    await trx
      .updateTable('payment_methods')
      .set({ detached_at: new Date(0), is_default: false })
      .execute();
    await trx
      .insertInto('processor_customers')
      .values({
        tenant_id: SCOPE.tenant,
        mode: SCOPE.mode,
        processor: 'stripe',
        account: 'default',
        customer_id: 'cus_1',
        processor_customer_id: 'cus_atStripe',
        created_at: new Date(START),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
});

let made = 0;
const newMethod = () => `pm_${++made}` as const;
const news = (type: MethodNews['type'], method: `pm_${string}`, over: Partial<MethodNews> = {}): MethodNews => ({
  type,
  method,
  customer: 'cus_atStripe',
  brand: 'visa',
  last4: '4242',
  ...over,
});
const tell = (told: MethodNews) => arrive(database.db, happened(null, { type: 'payment_method', told }));
const stored = (id: `pm_${string}`) =>
  inTenant(database.db, SCOPE, (trx) =>
    trx.selectFrom('payment_methods').selectAll().where('id', '=', id).executeTakeFirst(),
  );

test('a method that was attached, renewed, detached is projected, and no workflow is woken', async () => {
  const { drain, sent } = relayWith(database.db);
  const method = newMethod();
  await tell(news('method_attached', method));
  await drain();
  expect(await stored(method)).toMatchObject({
    customer_id: 'cus_1',
    brand: 'visa',
    last4: '4242',
    is_default: true,
    created_at: new Date(OCCURRED),
    detached_at: null,
  });
  await tell(news('method_updated', method, { last4: '1881' }));
  await drain();
  expect(await stored(method)).toMatchObject({ last4: '1881', is_default: true });
  await tell(news('method_detached', method));
  await drain();
  expect(await stored(method)).toMatchObject({ is_default: false, detached_at: new Date(OCCURRED) });
  expect(await statesOf(database.db)).toEqual(['applied', 'applied', 'applied']);
  expect(sent).toEqual([]);
});

test('told twice it changes nothing; told in the wrong order it stays detached', async () => {
  const { drain } = relayWith(database.db);
  const [twice, reversed] = [newMethod(), newMethod()];
  await tell(news('method_attached', twice));
  await tell(news('method_attached', twice));
  await tell(news('method_detached', reversed));
  await tell(news('method_attached', reversed));
  await drain();
  expect(await statesOf(database.db)).toEqual(['applied', 'ignored', 'applied', 'ignored']);
  expect(await stored(reversed)).toMatchObject({ detached_at: new Date(OCCURRED) });
});

test('the first method is the default, a second is not', async () => {
  const { drain } = relayWith(database.db);
  const [first, second] = [newMethod(), newMethod()];
  await tell(news('method_attached', first));
  await tell(news('method_attached', second));
  await drain();
  expect([(await stored(first))?.is_default, (await stored(second))?.is_default]).toEqual([true, false]);
});

test('of one that is detached another takes the place as the default', async () => {
  const { drain } = relayWith(database.db);
  const [first, second] = [newMethod(), newMethod()];
  await tell(news('method_attached', first));
  await tell(news('method_attached', second));
  await tell(news('method_detached', first));
  await drain();
  expect([(await stored(first))?.is_default, (await stored(second))?.is_default]).toEqual([false, true]);
});

test('our own answer does not bring back what was detached', async () => {
  const { drain } = relayWith(database.db);
  const id = newMethod();
  await tell(news('method_detached', id));
  await drain();
  const kept = await inTenant(database.db, SCOPE, (trx) =>
    keepPaymentMethod(trx, SCOPE, {
      ...{ id, customer: 'cus_1', processor: 'stripe', brand: 'visa', last4: '4242', at: new Date(START) },
    }),
  );
  expect(kept).toEqual({ outcome: 'gone' });
  expect(await stored(id)).toMatchObject({ detached_at: new Date(OCCURRED), is_default: false });
});

test('the relay and the API wait for each other, and nobody for both', async () => {
  const { drain } = relayWith(database.db);
  const methods = Array.from({ length: 12 }, newMethod);
  for (const method of methods) await tell(news('method_attached', method));
  const chosen = () =>
    inTenant(database.db, SCOPE, async (trx) => {
      await makeDefault(trx, 'cus_1', methods[0]!);
      await makeDefault(trx, 'cus_1', methods[11]!);
    });
  await Promise.all([drain(), chosen(), relayWith(database.db).drain(), chosen()]);
  const all = await inTenant(database.db, SCOPE, (trx) => listPaymentMethods(trx, 'cus_1'));
  expect(all).toHaveLength(12);
  expect(all.filter(({ is_default }) => is_default)).toHaveLength(1);
});

test('a customer that is not known yet: parked, then projected; one that is nobody’s is given up quietly', async () => {
  const { drain } = relayWith(database.db);
  const method = newMethod();
  await tell(news('method_attached', method, { customer: 'cus_soon' }));
  await tell(news('method_attached', newMethod(), { customer: 'cus_never' }));
  await drain();
  expect(await statesOf(database.db)).toEqual(['parked', 'parked']);
  await inTenant(database.db, SCOPE, (trx) =>
    trx.updateTable('processor_customers').set({ processor_customer_id: 'cus_soon' }).execute(),
  );
  await database.db
    .updateTable('inbox')
    .set({ received_at: new Date(Date.now() - 3_600_001) })
    .execute();
  await makeDue(database.db);
  await drain();
  await inTenant(database.db, SCOPE, (trx) =>
    trx.updateTable('processor_customers').set({ processor_customer_id: 'cus_atStripe' }).execute(),
  );
  expect(await statesOf(database.db)).toEqual(['applied', 'ignored']);
});

test('a refund made in the dashboard finds its subscription by the payment', async () => {
  const { drain, sent } = relayWith(database.db);
  const begun = step(draft({ id: 'sub_refunded' }), [subscribe(), START]);
  const paid = step(begun.subscription, [
    { type: 'payment_succeeded', invoice: 'inv_refunded_1', attempt: 1, payment: 'pi_refunded', amount: 3000 },
    START,
  ]);
  await commit(database.db, begun);
  await commit(database.db, paid);
  const told = {
    type: 'payment_refunded',
    invoice: null,
    payment: 'pi_refunded',
    refund: 're_1',
    amount: 500,
  } as const;
  await arrive(database.db, happened(null, { type: 'refund.created', told }));
  await arrive(database.db, happened(null, { type: 'refund.created', told: { ...told, payment: 'pi_foreign' } }));
  await drain();
  expect(sent).toMatchObject([{ subscription: 'sub_refunded', delivered: [{ fact: told }] }]);
  expect(await statesOf(database.db)).toEqual(['signalled', 'parked']);
});

test('by a tenant’s own account nothing is heard of another tenant’s', async () => {
  const { drain } = relayWith(database.db);
  const method = newMethod();
  await tell(news('method_attached', method));
  await drain();
  const told = { ...news('method_detached', method), customer: null };
  const own = { account: 'acc_theirs', tenant: OTHER.tenant, type: 'payment_method.detached', told } as const;
  await arrive(database.db, happened(null, own));
  await drain();
  expect(await stored(method)).toMatchObject({ detached_at: null });
  expect(await statesOf(database.db)).toEqual(['applied', 'parked']);
  await arrive(database.db, happened(null, { ...own, account: 'acc_own', tenant: SCOPE.tenant }));
  await drain();
  expect(await stored(method)).toMatchObject({ detached_at: new Date(OCCURRED) });

  const refund = {
    type: 'payment_refunded',
    ...{ invoice: null, payment: 'pi_refunded', refund: 're_forged', amount: 1 },
  } as const;
  await arrive(database.db, happened(null, { ...own, type: 'refund.created', told: refund }));
  await drain();
  expect(await statesOf(database.db)).toEqual(['applied', 'parked', 'applied', 'parked']);
});

test('one that was changed finds no home: it goes to quarantine', async () => {
  const { drain, logged } = relayWith(database.db);
  const method = newMethod();
  await tell(news('method_attached', method));
  await database.db
    .updateTable('inbox')
    .set({ facts: JSON.stringify([news('method_attached', method, { last4: '0000' })]) })
    .execute();
  await drain();
  expect(await statesOf(database.db)).toEqual(['quarantined']);
  expect(await stored(method)).toBeUndefined();
  expect(logged).toContainEqual({ level: 'error', message: 'an event of the inbox is not to be trusted' });
});

test('what has found its home carries a seal that names it', async () => {
  const { drain } = relayWith(database.db);
  const method = newMethod();
  await tell(news('method_attached', method));
  await drain();
  await database.db
    .updateTable('inbox')
    .set({ state: 'received', next_try_at: new Date(0) })
    .execute();
  await drain();
  expect(await statesOf(database.db)).toEqual(['ignored']); // it was known
});

test('one that the database does not take waits by itself: those beside it are projected', async () => {
  const { drain } = relayWith(database.db);
  const told = Array.from({ length: 5 }, (_, i) =>
    news('method_attached', newMethod(), i === 2 ? { last4: 'none' } : {}),
  );
  for (const each of told) await tell(each);
  await drain();
  expect(await statesOf(database.db)).toEqual(['applied', 'applied', 'parked', 'applied', 'applied']);
  const { reason } = await database.db
    .selectFrom('inbox')
    .select('reason')
    .where('state', '=', 'parked')
    .executeTakeFirstOrThrow();
  expect(reason).toBe('the database does not take it');
});

test('a life of a method told in one batch is lived in its order', async () => {
  const { drain } = relayWith(database.db);
  const [one, two] = [newMethod(), newMethod()];
  await tell(news('method_attached', one));
  await tell(news('method_attached', two));
  await tell(news('method_updated', two, { last4: '1881' }));
  await tell(news('method_detached', one));
  await tell(news('method_attached', one));
  await drain();
  expect(await statesOf(database.db)).toEqual(['applied', 'applied', 'applied', 'applied', 'ignored']);
  expect(await stored(one)).toMatchObject({ is_default: false, detached_at: new Date(OCCURRED) });
  expect(await stored(two)).toMatchObject({ is_default: true, last4: '1881' });
});
