import { beforeEach, describe, expect, test } from 'vitest';
import { commit } from '../../src/db/commit.ts';
import { backlog } from '../../src/db/messages.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import type { SubscriptionId } from '../../src/domain/ids.ts';
import { DAY } from '../../src/domain/time.ts';
import { listen } from '../../src/relay/listen.ts';
import { SCOPE, step, useDatabase } from '../db/support.ts';
import { draft, START, subscribe } from '../domain/builders.ts';
import { arrive, happened, makeDue, OCCURRED, paid, relayWith, statesOf } from './support.ts';

const database = useDatabase();
beforeEach(async () => {
  await database.db.deleteFrom('inbox').execute();
});
const inbox = () => database.db.selectFrom('inbox').selectAll().orderBy('seq').execute();

describe('from the inbox to the workflow', () => {
  test('all that is pending for a subscription is one signal, in the order of arrival', async () => {
    const { drain, sent } = relayWith(database.db);
    const events = Array.from({ length: 20 }, (_, i) => happened(i % 2 ? 'sub_a' : 'sub_b'));
    for (const event of events) await arrive(database.db, event);
    await drain();
    expect(sent.map(({ subscription, delivered }) => [subscription, delivered.length])).toEqual([
      ['sub_b', 10],
      ['sub_a', 10],
    ]);
    const payments = sent[0]?.delivered.map(({ fact }) => 'payment' in fact && fact.payment);
    expect(payments).toEqual(
      events
        .filter(({ subscription }) => subscription === 'sub_b')
        .map(({ told }) => told && 'payment' in told && told.payment),
    );
    const [first] = await inbox();
    expect(sent[0]?.delivered[0]).toEqual({ inboxId: first?.id, fact: events[0]?.told, occurredAt: OCCURRED });
    expect(await statesOf(database.db)).toEqual(events.map(() => 'signalled'));
  });

  test('a signal carries a hundred at most; the rest follows at once', async () => {
    const { drain, sent } = relayWith(database.db);
    await arrive(database.db, ...Array.from({ length: 250 }, () => happened('sub_a')));
    await drain();
    expect(sent.map(({ delivered }) => delivered.length)).toEqual([100, 100, 50]);
    const ids = sent.flatMap(({ delivered }) => delivered.map(({ inboxId }) => inboxId));
    expect(ids).toEqual((await inbox()).map(({ id }) => id));
  });

  test('what no step has taken in is sent again after a minute; what was taken in is not', async () => {
    const { drain, sent, logged } = relayWith(database.db);
    await arrive(database.db, happened('sub_a'), happened('sub_a'));
    await drain();
    await drain();
    expect(sent).toHaveLength(1);
    const [first, second] = await inbox();
    expect((second?.next_try_at.getTime() ?? 0) - Date.now()).toBeGreaterThan(50_000);
    await database.db
      .updateTable('inbox')
      .set({ state: 'applied' })
      .where('id', '=', first?.id ?? '')
      .execute();
    await makeDue(database.db);
    await drain();
    expect(sent[1]?.delivered.map(({ inboxId }) => inboxId)).toEqual([second?.id]);
    expect(logged).toContainEqual({ level: 'warn', message: 'sent again: no step has taken it in' });
    expect((await inbox())[1]?.attempts).toBe(2);
  });

  test('a step may be faster than the mark', async () => {
    const { drain } = relayWith(database.db, {}, async (_target, delivered) => {
      const ids = delivered.map(({ inboxId }) => inboxId);
      await database.db.updateTable('inbox').set({ state: 'applied' }).where('id', 'in', ids).execute();
      return 'sent';
    });
    await arrive(database.db, happened('sub_a'));
    await drain();
    expect(await statesOf(database.db)).toEqual(['applied']);
  });

  test('Temporal is away: nothing is lost or counted, and all follows when it is back', async () => {
    let isAway = true;
    const { drain, sent, logged } = relayWith(database.db, { settings: { awayMs: 1, longestAwayMs: 5 } }, async () => {
      if (isAway) throw new Error('14 UNAVAILABLE: secret address');
      return 'sent';
    });
    await arrive(database.db, ...Array.from({ length: 30 }, (_, i) => happened(`sub_${i % 10}`)));
    for (let i = 0; i < 5; i++) {
      await drain();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(sent).toEqual([]);
    expect(new Set((await inbox()).map(({ state, attempts }) => `${state} ${attempts}`))).toEqual(
      new Set(['received 0']),
    );
    expect(logged.filter(({ level }) => level === 'warn').length).toBeLessThan(10);
    isAway = false;
    await new Promise((resolve) => setTimeout(resolve, 20));
    await makeDue(database.db);
    await drain();
    expect(sent.flatMap(({ delivered }) => delivered)).toHaveLength(30);
    expect(logged).toContainEqual({ level: 'info', message: 'Temporal answers again' });
  });

  test('one mode’s namespace being away does not stop the other', async () => {
    const { drain, sent } = relayWith(database.db, {}, async ({ mode }) => {
      if (mode === 'live') throw new Error('away');
      return 'sent';
    });
    await arrive(database.db, happened('sub_live', { mode: 'live' }), happened('sub_test'));
    await drain();
    expect(sent.map(({ subscription }) => subscription)).toEqual(['sub_test']);
  });

  test('three relays at once: each event is sent once, and each subscription’s in order', async () => {
    const relays = Array.from({ length: 3 }, () =>
      relayWith(database.db, { settings: { subscriptionsAtOnce: 4, eventsASignal: 3 } }, async () => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
        return 'sent';
      }),
    );
    const events = Array.from({ length: 240 }, (_, i) => happened(`sub_${i % 12}`));
    const rounds = [events.slice(0, 120), events.slice(120)];
    await Promise.all([
      // One after the other: of two that are kept at the same moment neither is the first.
      (async () => {
        for (const round of rounds) await arrive(database.db, ...round);
      })(),
      ...relays.map(async ({ drain }) => {
        for (let i = 0; i < 40; i++) await drain();
      }),
    ]);
    for (const { drain } of relays) await drain();
    const sent = relays.flatMap((relay) => relay.sent);
    expect(sent.flatMap(({ delivered }) => delivered)).toHaveLength(240);
    const rows = await inbox();
    expect(new Set(sent.flatMap(({ delivered }) => delivered.map(({ inboxId }) => inboxId))).size).toBe(240);
    expect(rows.every(({ state, attempts }) => state === 'signalled' && attempts === 1)).toBe(true);
    for (const relay of relays) {
      for (let i = 0; i < 12; i++) {
        const seqs = relay.sent
          .filter(({ subscription }) => subscription === `sub_${i}`)
          .flatMap(({ delivered }) => delivered.map(({ inboxId }) => rows.find(({ id }) => id === inboxId)?.seq ?? 0));
        expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      }
    }
  });

  test('while a subscription is leased nobody else takes even its newer events; a dead holder’s lease ends', async () => {
    const { drain, sent } = relayWith(database.db);
    await arrive(database.db, happened('sub_a'));
    await database.db
      .updateTable('inbox')
      .set({ leased_until: new Date(Date.now() + 60_000) })
      .execute();
    await arrive(database.db, happened('sub_a'));
    await drain();
    expect(sent).toEqual([]);
    await database.db
      .updateTable('inbox')
      .set({ leased_until: new Date(Date.now() - 1) })
      .where('leased_until', 'is not', null)
      .execute();
    await drain();
    expect(sent.map(({ delivered }) => delivered.length)).toEqual([2]);
  });

  test('started, it hears of an event at once and stops cleanly', async () => {
    const { relay, sent } = relayWith(database.db, { settings: { pollMs: 60_000 } });
    const ear = listen(database.url, { hydra_inbox: relay.wake });
    relay.start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const at = Date.now();
    await arrive(database.db, happened('sub_a'));
    while (sent.length === 0 && Date.now() - at < 5_000) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(Date.now() - at).toBeLessThan(2_000);
    await ear.stop();
    await relay.stop();
  });
});

describe('a payment is told twice', () => {
  const begin = async (id: SubscriptionId, isPaid: boolean) => {
    const begun = step(draft({ id }), [subscribe(), START]);
    await commit(database.db, begun);
    const invoice: `inv_${string}` = `inv_${id.slice(4)}_1`;
    const money = { type: 'payment_succeeded', invoice, attempt: 1, payment: `pi_${id}`, amount: 3000 } as const;
    const pay = () => commit(database.db, step(begun.subscription, [money, START]));
    if (isPaid) await pay();
    return { money, pay };
  };

  test('what the books hold is applied without a signal', async () => {
    const { money } = await begin('sub_known', true);
    const { drain, sent } = relayWith(database.db);
    await arrive(database.db, happened('sub_known', { told: money }));
    await drain();
    expect(sent).toEqual([]);
    expect(await inbox()).toMatchObject([
      { state: 'applied', reason: 'the books hold it already', settled_at: expect.any(Date) },
    ]);
  });

  test('another amount under the same name is no such thing: the workflow judges', async () => {
    const { money } = await begin('sub_other', true);
    const { drain, sent } = relayWith(database.db);
    await arrive(database.db, happened('sub_other', { told: { ...money, amount: 2999 } }));
    await drain();
    expect(sent).toHaveLength(1);
  });

  test('while its call is on the way it waits for the answer, and what came after it waits, too', async () => {
    const { money, pay } = await begin('sub_awaited', false);
    const { drain, sent } = relayWith(database.db);
    const later = { ...paid('pi_other'), invoice: 'inv_other_1' } as const;
    await arrive(database.db, happened('sub_awaited', { told: money }), happened('sub_awaited', { told: later }));
    await drain();
    expect(sent).toEqual([]);
    expect(await statesOf(database.db)).toEqual(['received', 'received']);
    await pay();
    await makeDue(database.db);
    await drain();
    expect(sent.map(({ delivered }) => delivered.map(({ fact }) => 'payment' in fact && fact.payment))).toEqual([
      ['pi_other'],
    ]);
    expect(await statesOf(database.db)).toEqual(['applied', 'signalled']);
  });

  test('it does not wait for ever: after two seconds the event is the answer', async () => {
    const { money } = await begin('sub_unanswered', false);
    const { drain, sent } = relayWith(database.db);
    await arrive(database.db, happened('sub_unanswered', { told: money }));
    await database.db
      .updateTable('inbox')
      .set({ received_at: new Date(Date.now() - 2_001) })
      .execute();
    await drain();
    expect(sent).toHaveLength(1);
  });
});

describe('without a workflow', () => {
  const noWorkflow = async () => 'no_workflow' as const;

  test('a subscription that is not known yet: parked, tried again at growing distances, then sent', async () => {
    let isKnown = false;
    const { drain, sent } = relayWith(database.db, {}, async () => (isKnown ? 'sent' : 'no_workflow'));
    await arrive(database.db, happened('sub_new'));
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      await makeDue(database.db);
      await drain();
      const [row] = await inbox();
      expect(row).toMatchObject({ state: 'parked', reason: 'its subscription is not known yet', attempts: i + 1 });
      waits.push(Math.round(((row?.next_try_at.getTime() ?? 0) - Date.now()) / 500));
    }
    expect(waits).toEqual([1, 2, 4, 8]);
    isKnown = true;
    await makeDue(database.db);
    await drain();
    expect(sent).toHaveLength(1);
    expect(await statesOf(database.db)).toEqual(['signalled']);
  });

  test('after three days it is dead, and an error says so', async () => {
    const { drain, logged } = relayWith(database.db, {}, noWorkflow);
    await arrive(database.db, happened('sub_never'));
    await database.db
      .updateTable('inbox')
      .set({ received_at: new Date(Date.now() - 3 * DAY - 1) })
      .execute();
    await drain();
    expect(await statesOf(database.db)).toEqual(['dead']);
    expect(logged).toContainEqual({ level: 'error', message: 'events are dead: a person has to look' });
    const [dead] = await inbox();
    const told = await database.db.selectFrom('outbox').selectAll().where('type', '=', 'event.dead').execute();
    expect(told).toMatchObject([
      {
        tenant_id: 'ten_1',
        mode: 'test',
        subscription_id: 'sub_never',
        version: null,
        payload: { event: dead?.id, type: 'payment_intent.succeeded', reason: dead?.reason, attempts: 1 },
      },
    ]);
    expect(await backlog(database.db)).toMatchObject({ inboxDead: 1, inboxParked: 0, inboxPending: 0 });
  });

  test.each([
    ['another amount', { facts: JSON.stringify([paid('pi_forged', 'inv_1_1', 1)]) }, /^its seal is broken/],
    ['another subscription', { subscription_id: 'sub_b' as const }, /^its seal is broken/],
    ['another time', { occurred_at: new Date(0) }, /^its seal is broken/],
    ['another voucher', { verified_by: 'api' }, /^its seal is broken/],
    ['a seal of nobody', { kept_mac: Buffer.alloc(32) }, /^its seal is broken/],
    ['no seal', { kept_mac: null }, /^it has no seal/],
    ['a key that is not in the ring', { mac_key: 't0' }, /^its seal’s key/],
  ])(
    'a row that was changed after the door had kept it goes to quarantine, and the others on: %s',
    async (_, set, why) => {
      const { drain, sent, logged } = relayWith(database.db);
      await arrive(database.db, happened('sub_a'), happened('sub_a'));
      const [first, second] = await inbox();
      await database.db
        .updateTable('inbox')
        .set(set)
        .where('id', '=', first?.id ?? '')
        .execute();
      await drain();
      expect(sent.map(({ delivered }) => delivered.map(({ inboxId }) => inboxId))).toEqual([[second?.id]]);
      expect(await inbox()).toMatchObject([
        { state: 'quarantined', reason: expect.stringMatching(why) },
        { state: 'signalled' },
      ]);
      expect(logged).toContainEqual({ level: 'error', message: 'an event of the inbox is not to be trusted' });
    },
  );

  test('Temporal refuses one workflow for now: that one waits, the others go on', async () => {
    const { drain, sent } = relayWith(database.db, {}, async ({ subscription }) =>
      subscription === 'sub_closing' ? 'refused' : 'sent',
    );
    await arrive(database.db, happened('sub_closing'), happened('sub_a'));
    await drain();
    expect(sent.map(({ subscription }) => subscription)).toEqual(['sub_a']);
    expect(await statesOf(database.db)).toEqual(['parked', 'signalled']);
  });

  test('a known subscription that does not run is an error, and its events wait', async () => {
    const begun = step(draft({ id: 'sub_lost' }), [subscribe(), START]);
    await commit(database.db, begun);
    const { drain, logged } = relayWith(database.db, {}, noWorkflow);
    await arrive(database.db, happened('sub_lost'));
    await drain();
    expect(await statesOf(database.db)).toEqual(['parked']);
    expect(logged).toContainEqual({ level: 'error', message: 'a subscription has no workflow: reconcile it' });
  });

  const balances = () =>
    inTenant(database.db, SCOPE, async (trx) => {
      const rows = await trx
        .selectFrom('ledger_balances')
        .innerJoin('ledger_accounts', 'ledger_accounts.id', 'ledger_balances.account_id')
        .select(['code', 'amount'])
        .where('code', 'in', ['unapplied_cash', 'processor_clearing'])
        .execute();
      const of = (code: string) => rows.find((row) => row.code === code)?.amount ?? 0;
      return { unapplied: of('unapplied_cash'), clearing: of('processor_clearing') };
    });

  test('late money of an ended subscription reaches the ledger, once, and is given back from there', async () => {
    const id: SubscriptionId = 'sub_ended';
    const begun = step(draft({ id }), [subscribe(), START]);
    const first = {
      type: 'payment_succeeded',
      invoice: 'inv_ended_1',
      attempt: 1,
      payment: 'pi_first',
      amount: 3000,
    } as const;
    const active = step(begun.subscription, [first, START]);
    const ended = step(active.subscription, [{ type: 'cancel', when: 'now', reason: null }, START]);
    for (const each of [begun, active, ended]) await commit(database.db, each);
    const before = await balances();
    const { drain, logged } = relayWith(database.db, {}, noWorkflow);
    const money = paid('pi_late', 'inv_ended_1');
    const refunded = {
      type: 'payment_refunded',
      invoice: null,
      payment: 'pi_late',
      refund: 're_late',
      amount: 3000,
    } as const;
    const failed = {
      type: 'payment_failed',
      invoice: 'inv_ended_1',
      attempt: 1,
      payment: 'pi_x',
      decline: 'soft',
      code: 'generic_decline',
    } as const;
    await arrive(
      database.db,
      happened(id, { told: money }),
      happened(id, { told: money }),
      happened(id, { told: failed }),
    );
    await drain();
    expect(await statesOf(database.db)).toEqual(['applied', 'applied', 'ignored']);
    expect(await balances()).toEqual({ unapplied: before.unapplied - 3000, clearing: before.clearing + 3000 });
    const payments = await inTenant(database.db, SCOPE, (trx) =>
      trx.selectFrom('payments').selectAll().where('id', '=', 'pi_late').execute(),
    );
    expect(payments).toMatchObject([{ amount: 3000, unapplied: true, why: 'subscription_ended', subscription_id: id }]);
    await arrive(database.db, happened(id, { told: refunded }));
    await drain();
    expect(await balances()).toEqual(before);
    expect(logged).toContainEqual({ level: 'warn', message: 'late news of an ended subscription' });
    expect(await verifyLedger(database.db)).toMatchObject({ differences: [] });
  });
});

test('one that was emptied in the table goes to quarantine, and the others of its subscription are sent', async () => {
  const { drain, sent } = relayWith(database.db);
  const [emptied, whole] = [happened('sub_emptied'), happened('sub_emptied')];
  await arrive(database.db, emptied, whole);
  for (const facts of ['[]', '{}']) {
    await database.db.updateTable('inbox').set({ facts }).where('event_id', '=', emptied.eventId).execute();
    await drain();
    expect(await statesOf(database.db)).toEqual(['quarantined', 'signalled']);
    await database.db.updateTable('inbox').set({ state: 'received' }).where('event_id', '=', emptied.eventId).execute();
  }
  expect(sent).toMatchObject([{ delivered: [{ fact: whole.told }] }]);
});
