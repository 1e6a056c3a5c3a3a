import { redact } from '../security/redact.ts';

/**
 * No answer, or none that we can use. Its message is made of codes and the processor's request id alone: it ends in logs
 * and in Temporal's histories, so nothing of what a processor wrote in free text goes with it, and no `cause` either.
 */
export type TroubleKind =
  /** Network, time-out, 5xx: it may have happened. */
  | 'unreachable'
  /** Asked too often: it has not happened, and will work later. */
  | 'throttled'
  /** The keys are wrong or lack a right: an operator has to look, then it works. */
  | 'unauthorized'
  /** Understood and refused: asking again can't help. */
  | 'refused';

export class ProcessorTrouble extends Error {
  override readonly name = 'ProcessorTrouble';
  readonly kind: TroubleKind;
  readonly code: string;
  readonly retryAfterMs: number | null;

  constructor(kind: TroubleKind, code: string, detail: string, retryAfterMs: number | null = null) {
    super(redact(detail, 'processor_error'));
    this.kind = kind;
    this.code = redact(code, 'processor_error');
    this.retryAfterMs = retryAfterMs;
  }
}

const LONGEST_WAIT_MS = 10 * 60_000;

/** `Retry-After` as RFC 9110 has it: seconds, or a date. Bounded, since it comes from outside. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_WAIT_MS) : null;
}
