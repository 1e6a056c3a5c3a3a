/** Stripe's own test clocks: customers made on one live by it, and what waits for a day there happens on that day. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Stripe from 'stripe';
import { type Instant, SECOND } from '../domain/time.ts';
import { asking } from './stripe-errors.ts';
import { ProcessorTrouble } from './trouble.ts';

const LOOK_EVERY_MS = 5;
const LOOK_LESS_AFTER_MS = 500;
const LONGEST_LOOK_MS = 1_000;
const GIVE_UP_AFTER_MS = 120_000;

export async function createClock(stripe: Stripe, { now, key }: { now: Instant; key: string }): Promise<string> {
  const { id } = await asking(() =>
    stripe.testHelpers.testClocks.create({ frozen_time: Math.floor(now / SECOND) }, { idempotencyKey: key }),
  );
  return id;
}

/** A clock that is there already stays: an earlier call may have moved it and lost its answer. */
export async function advanceClock(stripe: Stripe, id: string, to: Instant): Promise<void> {
  const target = Math.floor(to / SECOND);
  const { frozen_time: frozen, status } = await asking(() => stripe.testHelpers.testClocks.retrieve(id));
  if (status === 'ready' && frozen < target) {
    await asking(() => stripe.testHelpers.testClocks.advance(id, { frozen_time: target }));
  }
  const began = Date.now();
  for (;;) {
    const { status: now } = await asking(() => stripe.testHelpers.testClocks.retrieve(id));
    if (now === 'ready') return;
    const waited = Date.now() - began;
    if (now === 'internal_failure' || waited > GIVE_UP_AFTER_MS) {
      throw new ProcessorTrouble('unreachable', 'clock_stuck', `the processor's clock ${id} is ${now}`);
    }
    await sleep(waited < LOOK_LESS_AFTER_MS ? LOOK_EVERY_MS : LONGEST_LOOK_MS);
  }
}
