import { describe, expect, test } from 'vitest';
import { accessOf } from '../../src/domain/access.ts';
import { decide } from '../../src/domain/decide.ts';
import type { Command, Due, Followable } from '../../src/domain/input.ts';
import { nextDue } from '../../src/domain/next-due.ts';
import { isAccepted, type Subscription } from '../../src/domain/subscription.ts';
import { DAY } from '../../src/domain/time.ts';
import { active, at, input, must, START, subscribe, terms } from './builders.ts';
import { begun, followed, followedDraft, invoice, line, NEXT, payment, running, seen } from './follow-examples.ts';

const does = (state: Subscription, what: Command | Followable | Due, when = START) => {
  const { effects, ...decision } = must(decide(state, input(what, when)));
  return { ...decision, effects, types: effects.map(({ type }) => type) };
};
const refusedWith = (state: Subscription, what: Command) => {
  const decision = decide(state, input(what));
  return decision.outcome === 'refused' ? decision.code : decision.outcome;
};

describe('nothing is claimed before the processor agrees', () => {
  test('to subscribe is an order, and the subscription waits for its answer', () => {
    const { state, types } = does(followedDraft(), subscribe());
    expect(state.state).toBe('incomplete');
    expect(types).toEqual(['tell_processor', 'announce']);
    expect(accessOf(state, START).level).toBe('none');
  });

  test('what the processor then has is what it is', () => {
    const { state, types } = does(begun(), seen.subscription(1));
    expect(state.state).toBe('active');
    expect(types).toEqual(['link_subscription', 'announce']);
  });

  test('a refusal of the first order ends it; of a later one it changes nothing', () => {
    const no: Followable = { type: 'order_answered', order: 1, refused: 'card_declined' };
    expect(does(begun(), no).state).toMatchObject({ state: 'canceled', reason: 'not_accepted' });
    const canceling = does(running(), { type: 'cancel', when: 'period_end', reason: null }).state;
    expect(canceling).toMatchObject({ state: 'active', cancelAt: null });
    const after = does(canceling, { type: 'order_answered', order: 2, refused: 'resource_missing' }).state;
    expect(after).toMatchObject({ state: 'active', cancelAt: null, follows: { order: null } });
  });

  test('one order at a time', () => {
    expect(refusedWith(begun(), { type: 'pause', resumeAt: null })).toBe('order_pending');
    const pausing = does(running(), { type: 'pause', resumeAt: null }).state;
    expect(refusedWith(pausing, { type: 'cancel', when: 'now', reason: null })).toBe('order_pending');
  });

  test.each<[string, Command]>([
    ['change', { type: 'change', terms: terms(), quantity: 2, when: 'now', proration: null }],
    ['cancel', { type: 'cancel', when: '2027-01-20', reason: null }],
    ['pause', { type: 'pause', resumeAt: null }],
    ['use_payment_method', { type: 'use_payment_method', paymentMethod: 'pm_2' }],
  ])('%s is an order under a key of its own', (what, command) => {
    const { effects } = does(running(), command);
    expect(effects).toMatchObject([{ type: 'tell_processor', order: { what, n: 2 }, theirs: 'theirs_1', version: 1 }]);
  });

  test.each<[Command, string]>([
    [{ type: 'uncancel' }, 'not_canceling'],
    [{ type: 'resume' }, 'not_while_active'],
    [{ type: 'change', terms: terms(), quantity: 2, when: 'period_end', proration: null }, 'not_carried'],
    [{ type: 'cancel', when: 'now', reason: null, creditTo: 'refund' }, 'not_carried'],
    [{ type: 'pay', invoice: 'inv_in_1', paymentMethod: null, onSession: true }, 'processor_collects'],
    [{ type: 'void', invoice: 'inv_in_1', reason: 'mistake' }, 'processor_collects'],
  ])('%j is refused: %s', (command, code) => {
    expect(refusedWith(running(), command)).toBe(code);
  });

  test('the terms of a change are had once the processor has their price', () => {
    const other = terms({ planId: 'team', unitAmount: '9000' });
    const asked = does(running(), { type: 'change', terms: other, quantity: 3, when: 'now', proration: null }).state;
    expect(asked).toMatchObject({ quantity: 1, terms: { planId: 'pro' } });
    const changed = does(asked, seen.subscription(2, { plan: { book: 'pb_1', id: 'team' }, quantity: 3 })).state;
    expect(changed).toMatchObject({ quantity: 3, terms: { planId: 'team' } });
  });

  test('a plan that was changed at the processor is looked up', () => {
    const { state, effects } = does(running(), seen.subscription(2, { plan: { book: 'pb_2', id: 'team' } }));
    expect(effects).toMatchObject([{ type: 'read_back', what: 'subscription', theirs: 'theirs_1' }]);
    const look = seen.subscription(2, { plan: { book: 'pb_2', id: 'team' }, read: 2 });
    const told = { ...look, terms: terms({ planId: 'team', priceBookId: 'pb_2' }) } as Followable;
    expect(does(state, told).state).toMatchObject({ terms: { planId: 'team', priceBookId: 'pb_2' } });
  });
});

describe('its invoices are ours under its own numbers', () => {
  test('with its own taxes, and paid by its payments', () => {
    const { effects } = does(running(), seen.invoice(2));
    expect(effects).toMatchObject([
      {
        type: 'mirror_invoice',
        number: 'F00D-0001',
        theirs: 'in_1',
        invoice: { id: 'inv_in_1', tax: 570, total: 3570 },
      },
      { type: 'announce', event: 'invoice.issued' },
    ]);
    const paid = does(running(seen.invoice(2)), seen.payment());
    expect(paid.effects).toMatchObject([
      { type: 'record_payment', invoice: 'inv_in_1', payment: 'pi_1', amount: 3570, at: START },
      { type: 'announce', event: 'invoice.paid' },
    ]);
  });

  test('credit that it carries is carried in our books, and what its lines leave out is a line', () => {
    const credited = does(running(), seen.invoice(2, { amountDue: 3000 }));
    expect(credited.effects[0]).toMatchObject({ invoice: { total: 3000, amountDue: 3000 } });
    const negative = { total: -500, amountDue: 0, lines: [line({ amount: -500, taxes: [] })] };
    const carried = does(running(), seen.invoice(2, negative));
    expect(carried.effects[0]).toMatchObject({
      invoice: { total: 0, lines: [{ amount: -500 }, { amount: 500, carried: true }] },
    });
    const shipped = does(running(), seen.invoice(2, { total: 3600, amountDue: 3600 }));
    expect(shipped.effects[0]).toMatchObject({
      invoice: { total: 3600, lines: [{}, { description: 'Other', amount: 30 }] },
    });
  });

  test('a draft is nobody’s yet; what its news leave out is read back, once', () => {
    expect(does(running(), seen.invoice(2, { state: 'draft', issuedAt: null })).types).toEqual([]);
    const half = does(running(), seen.invoice(2, { lines: null }));
    expect(half.types).toEqual(['read_back']);
    expect(decide(half.state, input(seen.invoice(2, { lines: null }))).outcome).toBe('applied'); // it is being read
    const whole: Followable = { type: 'invoice_seen', seen: { ...invoice(2), read: 2 } };
    expect(does(half.state, whole).types).toEqual(['mirror_invoice', 'announce']);
  });

  test('money for what is owed no more is kept apart', () => {
    const voided = running(seen.invoice(2), seen.invoice(3, { state: 'void', voidedAt: START }));
    expect(does(voided, seen.payment()).types).toEqual(['record_unapplied_payment']);
  });

  test('a refund made there is what it costs us: no credit note of ours', () => {
    const state = running(seen.invoice(2), seen.payment());
    const back = { type: 'payment_refunded', invoice: null, payment: 'pi_1', refund: 're_1', amount: 1000 } as const;
    const { effects } = must(decide(state, input(back)));
    expect(effects).toMatchObject([
      { type: 'record_refund', note: null, invoice: 'inv_in_1', amount: 1000 },
      { type: 'announce', event: 'refund.succeeded' },
    ]);
    expect(decide(must(decide(state, input(back))).state, input(back))).toEqual({
      ...{ outcome: 'unchanged', rule: 'refund.known' },
    });
  });
});

describe('grace and access are ours', () => {
  const late = () =>
    running(
      seen.invoice(32, { id: 'in_2', attempts: 1, issuedAt: NEXT.start, lines: [line({ period: NEXT })] }),
      seen.subscription(33, { state: 'past_due', period: NEXT }),
    );

  test('they count from the invoice that was tried in vain', () => {
    expect(late()).toMatchObject({ state: 'past_due', since: NEXT.start });
    expect(nextDue(late())).toMatchObject({ type: 'access_step_due', at: NEXT.start + 7 * DAY });
  });

  test('time takes access where the processor goes on trying', () => {
    const restricted = must(decide(late(), input({ type: 'access_step_due' }, NEXT.start + 7 * DAY))).state;
    expect(accessOf(restricted, NEXT.start + 8 * DAY).level).toBe('restricted');
    const none = must(decide(restricted, input({ type: 'dunning_ended' }, NEXT.start + 21 * DAY))).state;
    expect(none.state).toBe('unpaid');
    expect(does(none, seen.subscription(60, { period: NEXT })).state.state).toBe('active');
  });

  test('what renews, retries and ends it is the processor’s affair', () => {
    expect(nextDue(running())).toBeNull();
    expect(nextDue(running(seen.subscription(2, { cancelAt: NEXT.end })))).toBeNull();
  });
});

test('an end is not taken back by what comes late', () => {
  const ended = running(seen.subscription(9, { state: 'canceled', endedAt: at('2027-01-09') }));
  expect(decide(ended, input(seen.subscription(10)))).toEqual({ outcome: 'unchanged', rule: 'follow.old' });
  expect(ended).toMatchObject({ state: 'canceled', endedAt: at('2027-01-09') });
  const { types } = does(ended, seen.invoice(4));
  expect(types).toEqual(['mirror_invoice', 'announce', 'earn_rest']);
});

test('mail is sent once: of a failed payment, of one to be confirmed, of a trial that ends', () => {
  const failed = seen.invoice(2, { attempts: 1 });
  expect(does(running(), failed).effects).toContainEqual(expect.objectContaining({ event: 'payment.failed' }));
  const waits = seen.invoice(2, { attempts: 1, needsAction: true });
  const asked = does(running(), waits);
  expect(asked.effects).toContainEqual(expect.objectContaining({ event: 'payment.needs_action' }));
  expect(decide(asked.state, input(waits)).outcome).toBe('unchanged');
  const ending = seen.subscription(2, { state: 'trialing', trialEnding: true });
  const told = does(running(), ending);
  expect(told.effects).toContainEqual(expect.objectContaining({ event: 'subscription.trial_will_end' }));
  expect(decide(told.state, input(ending)).outcome).toBe('unchanged');
});

test('what we collect by ourselves does not follow', () => {
  expect(decide(active(), input(seen.subscription(1)))).toEqual({ outcome: 'unchanged', rule: 'engine.collects' });
});

test('a page that nobody came back from ends what it was for, unless it has begun', () => {
  const opened = must(decide(followedDraft(), input(subscribe({ checkout: true })))).state;
  expect(does(opened, { type: 'checkout_expired' }).state).toMatchObject({ state: 'canceled', reason: 'not_accepted' });
  expect(decide(running(), input({ type: 'checkout_expired' })).outcome).toBe('unchanged');
  expect(isAccepted(followed(seen.payment(payment())))).toBe(true);
});

describe('who tells too little to be believed is only heard to say that something has changed', () => {
  const stirred = (id = 'theirs_1', what: 'subscription' | 'invoice' = 'subscription') =>
    ({ type: 'object_stirred', what, id, of: null }) as const;

  test('the object itself is asked, once at a time, and once more where it stirred meanwhile', () => {
    const asked = does(running(), stirred());
    expect(asked.effects).toMatchObject([{ type: 'read_back', what: 'subscription', theirs: 'theirs_1', version: 1 }]);
    expect(asked.state).toMatchObject({ state: 'active' });
    const again = does(asked.state, stirred());
    expect(again.types).toEqual([]);
    const answered = does(again.state, seen.subscription(4, { read: 1, state: 'paused' }));
    expect(answered.state.state).toBe('paused');
    expect(answered.types).toContain('read_back');
  });

  test('an invoice that nobody knows yet is asked for as well, and another subscription is not', () => {
    expect(does(running(), stirred('SALE1', 'invoice')).effects).toMatchObject([
      { type: 'read_back', what: 'invoice', theirs: 'SALE1', version: 0 },
    ]);
    expect(decide(running(), input(stirred('theirs_2')))).toEqual({ outcome: 'unchanged', rule: 'follow.another' });
  });

  test('before anything is known of it, what was named is looked at: whose it is the look says', () => {
    expect(does(begun(), stirred('theirs_9')).types).toEqual(['read_back']);
  });
});

describe('an end that the processor can’t plan', () => {
  const planned = seen.subscription(2, { cancelAt: NEXT.start, endsByOrder: true });

  test('is told when its time has come: once, until it is answered', () => {
    expect(nextDue(running(planned))).toEqual({ type: 'cancel_due', at: NEXT.start });
    const told = does(running(planned), { type: 'cancel_due' }, NEXT.start);
    expect(told.effects).toMatchObject([{ type: 'tell_processor', order: { what: 'cancel', when: 'now' } }]);
    expect(nextDue(told.state)).toBeNull();
    const ended = does(told.state, seen.subscription(9, { state: 'canceled', endedAt: NEXT.start }));
    expect(ended.state).toMatchObject({ state: 'canceled', endedAt: NEXT.start });
  });

  test('is not told for ever where it is refused', () => {
    const told = does(running(planned), { type: 'cancel_due' }, NEXT.start);
    const refused = does(told.state, { type: 'order_answered', order: 2, refused: 'subscription_status_invalid' });
    expect(refused.effects).toContainEqual(expect.objectContaining({ event: 'subscription.order_refused' }));
    expect(nextDue(refused.state)).toBeNull();
  });
});
