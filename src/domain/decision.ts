import type { Effect } from './effect.ts';
import { type Refusal, type RefusalCode, refusalOf } from './refusal.ts';
import type { Subscription } from './subscription.ts';

/** The facts that a rule looked at: plain words and numbers that an operator reads. */
export type Because = Record<string, string | number | null>;

export type Decision =
  | { outcome: 'applied'; rule: string; state: Subscription; effects: Effect[]; because: Because }
  /** A command that can't be done; nothing changes. */
  | ({ outcome: 'refused' } & Refusal)
  /** Looked at and left: told twice, too old, or nothing to do with this state. */
  | { outcome: 'unchanged'; rule: string };

export const applied = (
  rule: string,
  state: Subscription,
  effects: Effect[] = [],
  because: Because = {},
): Decision => ({ outcome: 'applied', rule, state, effects, because });

export const refused = (code: RefusalCode, detail: string, path?: string): Decision =>
  refusedFor({ code, detail, path });

export const refusedFor = (refusal: Refusal): Decision => ({ outcome: 'refused', ...refusalOf(refusal) });

export const unchanged = (rule: string): Decision => ({ outcome: 'unchanged', rule });
