/** What a card does when it is used: rules without side effects. `decline` is what it ends in; null is money. */

export type Behaviour =
  | { kind: 'ok' }
  | { kind: 'declines'; code: string; on: 'any_use' | 'charge' }
  | { kind: 'authenticates'; when: 'always' | 'unless_set_up' | 'on_session'; decline: string | null }
  | { kind: 'disputed'; reason: string; inquiry: boolean }
  | { kind: 'refund_fails' }
  | { kind: 'refund_pends' }
  | { kind: 'processes'; seconds: number; decline: string | null };

/** Trouble on the way to the card or back, whatever the card itself would do. */
export type Interruption =
  | { kind: 'server_error' }
  | { kind: 'rate_limited'; retryAfter: number | null }
  | { kind: 'answer_lost'; requests: number }
  | { kind: 'hangs'; seconds: number };

export type Habit = Behaviour | Interruption;
/** A habit that wears off after some uses, or never (null). */
export type Lasting = { habit: Habit; left: number | null };

export const OK: Behaviour = { kind: 'ok' };

export function isInterruption(habit: Habit): habit is Interruption {
  switch (habit.kind) {
    case 'server_error':
    case 'rate_limited':
    case 'answer_lost':
    case 'hangs':
      return true;
    case 'ok':
    case 'declines':
    case 'authenticates':
    case 'disputed':
    case 'refund_fails':
    case 'refund_pends':
    case 'processes':
      return false;
  }
}

/** `setUp`: the customer has agreed, with 3-D Secure, to be charged in their absence. */
export type Use = { offSession: boolean; setUp: boolean; authenticated: boolean };
export type Verdict =
  | { verdict: 'succeeds' }
  | { verdict: 'declined'; code: string }
  | { verdict: 'needs_authentication' }
  | { verdict: 'processes'; seconds: number; decline: string | null };

const succeedsOr = (code: string | null): Verdict =>
  code === null ? { verdict: 'succeeds' } : { verdict: 'declined', code };

export function judgeCharge(behaviour: Behaviour, use: Use): Verdict {
  switch (behaviour.kind) {
    case 'ok':
    case 'disputed':
    case 'refund_fails':
    case 'refund_pends':
      return { verdict: 'succeeds' };
    case 'declines':
      return { verdict: 'declined', code: behaviour.code };
    case 'processes':
      return { verdict: 'processes', seconds: behaviour.seconds, decline: behaviour.decline };
    case 'authenticates': {
      if (use.authenticated || (use.offSession && isExempt(behaviour.when, use.setUp)))
        return succeedsOr(behaviour.decline);
      return use.offSession
        ? { verdict: 'declined', code: 'authentication_required' }
        : { verdict: 'needs_authentication' };
    }
  }
}

function isExempt(when: 'always' | 'unless_set_up' | 'on_session', setUp: boolean): boolean {
  switch (when) {
    case 'always':
      return false;
    case 'unless_set_up':
      return setUp;
    case 'on_session':
      return true;
  }
}

/** Saving a card for later asks the bank too, but moves no money: a card that only fails charges passes. */
export function judgeSetup(behaviour: Behaviour, authenticated: boolean): Verdict {
  switch (behaviour.kind) {
    case 'declines':
      return behaviour.on === 'any_use' ? { verdict: 'declined', code: behaviour.code } : { verdict: 'succeeds' };
    case 'authenticates':
      return authenticated || behaviour.when === 'on_session'
        ? { verdict: 'succeeds' }
        : { verdict: 'needs_authentication' };
    case 'ok':
    case 'disputed':
    case 'refund_fails':
    case 'refund_pends':
    case 'processes':
      return { verdict: 'succeeds' };
  }
}
