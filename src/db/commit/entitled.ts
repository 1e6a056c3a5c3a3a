/** Whether a step changed what its customer may use: told with the step itself, so nobody learns of one without the other. */
import type { Commit } from '../../domain/commit.ts';
import { isAccepted } from '../../domain/subscription.ts';
import type { EffectOf } from './effects.ts';
import type { Before, Entitled } from './projection.ts';

export function entitlementsChanged({ subscription, access, at }: Commit, before: Before): EffectOf<'announce'>[] {
  const accepted = isAccepted(subscription) ? subscription : null;
  const after: Entitled = {
    access: access.level,
    plan: accepted?.terms.planId ?? null,
    book: accepted?.terms.priceBookId ?? null,
    quantity: accepted?.quantity ?? null,
  };
  if (isSame(before.entitled, after)) return [];
  const { customer } = subscription;
  const data = { customer, access: after.access, plan: after.plan, quantity: after.quantity };
  return [{ type: 'announce', event: 'entitlements.changed', data, at }];
}

/** Without access the plan says nothing. */
function isSame(before: Entitled | null, after: Entitled): boolean {
  const was = before?.access ?? 'none';
  if (was !== after.access) return false;
  if (was === 'none') return true;
  return before?.plan === after.plan && before?.book === after.book && before?.quantity === after.quantity;
}
