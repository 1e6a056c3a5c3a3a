import type { Effect } from '../../domain/effect.ts';
import type { Parties } from '../../domain/parties.ts';
import type { Subscription } from '../../domain/subscription.ts';

/** What one step does, and to whom. `parties` are those that an invoice of it names. */
export type Change = { subscription: Subscription; effects: readonly Effect[]; parties: Parties };

export type EffectOf<T extends Effect['type']> = Extract<Effect, { type: T }>;

export const ofType = <T extends Effect['type']>(effects: readonly Effect[], type: T): EffectOf<T>[] =>
  effects.filter((effect): effect is EffectOf<T> => effect.type === type);
