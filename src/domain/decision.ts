import type { Effect } from './effect.ts';
import type { Subscription } from './subscription.ts';

/** The facts that a rule looked at: plain words and numbers that an operator reads. */
export type Because = Record<string, string | number | null>;

export type Decision =
  | { outcome: 'applied'; rule: string; state: Subscription; effects: Effect[]; because: Because }
  /** A command that can't be done; nothing changes. */
  | { outcome: 'refused'; code: string; detail: string }
  /** Looked at and left: told twice, too old, or nothing to do with this state. */
  | { outcome: 'unchanged'; rule: string };

export const applied = (
  rule: string,
  state: Subscription,
  effects: Effect[] = [],
  because: Because = {},
): Decision => ({ outcome: 'applied', rule, state, effects, because });

export const refused = (code: string, detail: string): Decision => ({ outcome: 'refused', code, detail });

export const unchanged = (rule: string): Decision => ({ outcome: 'unchanged', rule });
