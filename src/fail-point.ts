/**
 * For tests that kill a process in the middle of something: when HYDRA_FAIL_POINT names the place, the process ends
 * itself there as `kill -9` would, with nothing flushed and nothing closed. Never in production.
 */
export type FailPoint =
  | 'charge.before-call'
  | 'charge.after-call'
  | 'commit.before'
  | 'commit.after'
  | 'relay.before-signal'
  | 'relay.after-signal'
  | 'outbox.announced'
  | 'outbox.leased'
  | 'outbox.taken'
  | 'endpoint.told'
  | 'mail.before-send'
  | 'mail.after-send';

/** `HYDRA_FAIL_POINT=commit.after:1` lets it pass once, and strikes the second time. */
let passed = 0;

export function failPoint(name: FailPoint): void {
  if (process.env.NODE_ENV === 'production') return;
  const [wanted, after = '0'] = (process.env.HYDRA_FAIL_POINT ?? '').split(':');
  if (wanted !== name || passed++ < Number(after)) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal is delivered when it is delivered; nothing after this point may happen before that.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
