/** One event as it was sent, shaped like a CloudEvent. What is wrong with one is told of that one, and harms no other. */
import type { Instant } from './time.ts';

export type UsageEvent = {
  id: string;
  source: string;
  type: string;
  subject: string;
  time: Instant;
  data: Readonly<Record<string, unknown>>;
};
export type RejectCode =
  | 'malformed'
  | 'data_too_large'
  | 'sensitive_data'
  | 'unknown_subject'
  | 'unknown_meter'
  | 'bad_value'
  | 'too_late'
  | 'too_early';
export type UsageOutcome =
  | { outcome: 'accepted' | 'duplicate' }
  | { outcome: 'conflict'; reason: string }
  | { outcome: 'rejected'; code: RejectCode; reason: string };
export type Rejected = Extract<UsageOutcome, { outcome: 'rejected' }>;

export const MOST_EVENTS = 1_000;
/** Of an event's data, as text. */
export const MOST_DATA = 64 * 1024;

export const rejected = (code: RejectCode, reason: string): Rejected => ({ outcome: 'rejected', code, reason });

const FIELDS = { id: 255, source: 255, type: 255, subject: 255 } as const;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

export function readEvent(said: unknown): UsageEvent | Rejected {
  if (typeof said !== 'object' || said === null || Array.isArray(said))
    return rejected('malformed', 'an event is an object');
  const { source = '', data = {}, time, ...rest } = said as Record<string, unknown>;
  const texts = { id: rest.id, source, type: rest.type, subject: rest.subject };
  for (const [name, most] of Object.entries(FIELDS)) {
    const text = texts[name as keyof typeof FIELDS];
    if (typeof text !== 'string' || text.length > most || (text === '' && name !== 'source')) {
      return rejected('malformed', `${name} is a text of up to ${most} letters`);
    }
  }
  if (typeof time !== 'string' || !TIME.test(time)) {
    return rejected('malformed', 'time is when it happened, such as 2027-01-31T12:00:00Z');
  }
  const at = Date.parse(time);
  if (Number.isNaN(at)) return rejected('malformed', `time is ${time}, and there is no such time`);
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    return rejected('malformed', 'data is an object');
  return { ...(texts as Record<keyof typeof FIELDS, string>), time: at, data: data as UsageEvent['data'] };
}
