import type { Effect } from '../../domain/effect.ts';

export type EffectOf<T extends Effect['type']> = Extract<Effect, { type: T }>;

export const ofType = <T extends Effect['type']>(effects: readonly Effect[], type: T): EffectOf<T>[] =>
  effects.filter((effect): effect is EffectOf<T> => effect.type === type);
