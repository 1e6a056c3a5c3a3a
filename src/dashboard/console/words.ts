/** The words of billing as an operator reads them: what the API calls by its names, in a sentence. */
import type { Schemas } from '../api/client.ts';
import type { Tone } from '../base/Badge.tsx';

/** `payment.first_succeeded` reads “Payment: first succeeded”. */
export function spoken(name: string): string {
  const [head = '', ...rest] = name.split('.').map((part) => part.replaceAll('_', ' '));
  const begun = head.charAt(0).toUpperCase() + head.slice(1);
  return rest.length === 0 ? begun : `${begun}: ${rest.join(' ')}`;
}

const TONES: Record<string, Tone> = {
  active: 'good',
  paid: 'good',
  succeeded: 'good',
  applied: 'good',
  repaired: 'good',
  published: 'good',
  ready: 'good',
  done: 'good',
  announced: 'good',
  full: 'good',
  enabled: 'good',
  delivered: 'good',
  sent: 'good',
  balanced: 'good',
  trialing: 'accent',
  open: 'accent',
  running: 'accent',
  advancing: 'accent',
  requested: 'accent',
  queued: 'accent',
  processing: 'accent',
  received: 'accent',
  signalled: 'accent',
  past_due: 'warn',
  grace: 'warn',
  paused: 'warn',
  parked: 'warn',
  pending: 'warn',
  needs_action: 'warn',
  incomplete: 'warn',
  restricted: 'warn',
  unpaid: 'bad',
  failed: 'bad',
  bounced: 'bad',
  dead: 'bad',
  quarantined: 'bad',
  blocked: 'bad',
  uncollectible: 'bad',
};
export const toneOf = (state: string): Tone => TONES[state] ?? 'plain';

export const inWords = (state: string): string => state.replaceAll('_', ' ');

const KINDS: Record<Schemas['Happening']['kind'], string> = {
  event: 'Event',
  decision: 'Decision',
  charge: 'Charge',
  entry: 'Ledger',
  message: 'Message',
  mail: 'Mail',
  action: 'Operator',
};
export const kindOf = (kind: Schemas['Happening']['kind']): string => KINDS[kind];
export const HAPPENINGS = Object.keys(KINDS) as Schemas['Happening']['kind'][];

const DUE: Record<string, string> = {
  draft_expired: 'the draft expires',
  incomplete_expired: 'the first payment is given up',
  trial_ended: 'the trial ends',
  trial_reminder_due: 'the trial’s end is announced',
  period_ended: 'it renews',
  retry_came_due: 'the payment is tried again',
  access_step_due: 'grace ends and access is restricted',
  dunning_ended: 'dunning ends',
  resume_due: 'it resumes',
  cancel_due: 'it ends',
  listening_ended: 'late money is waited for no longer',
};
export const dueInWords = (type: string): string => DUE[type] ?? inWords(type);

/** Where something stands in the console, by its id. */
export function pageOf(id: string): string | null {
  const [prefix] = id.split('_');
  const page = {
    cus: 'customers',
    sub: 'subscriptions',
    inv: 'invoices',
    pb: 'price-books',
    co: 'coupons',
    clk: 'clocks',
    mail: 'mails',
  };
  const at = page[prefix as keyof typeof page];
  if (at) return `/${at}/${id}`;
  if (prefix === 'evt') return `/events?q=${id}`;
  return prefix === 'dis' ? '/discrepancies' : null;
}

/** A few fields on one line. */
export const short = (fields: Record<string, string | number | null>): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
