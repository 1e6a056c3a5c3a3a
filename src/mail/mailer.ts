/** The part of the relay that writes to customers: it is told what happens, and sends what is queued. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from '../outbox/consumer.ts';
import { backOff, relaySettings } from '../relay/settings.ts';
import { OCCASIONS } from './occasion.ts';
import { type SendDeps, sendDue } from './send.ts';
import { type MailDeps, mailFor } from './write.ts';

type Log = SendDeps['log'];

/** `written`: called when there may be something to send. */
export const mailConsumer = (deps: MailDeps & { log: Log; written?: () => void }): Consumer => ({
  name: 'mail',
  wants: (type) => OCCASIONS.has(type),
  async take(announcements) {
    for (const { subscription, version, type, data, at, tenant, mode, id } of announcements) {
      if (subscription === null || version === null) continue;
      try {
        const told = { tenant, mode, subscription, version, type, payload: data, at };
        if ((await mailFor(deps, told)) !== null) deps.written?.();
      } catch (error) {
        // The database or a service is away: it is told again. Anything else is wrong with this one, and holds up no other.
        if (isPassing(error)) throw error;
        deps.log.error({ event: id, type, error: nameOf(error) }, 'a mail cannot be written: a person has to look');
      }
    }
  },
});

/** What comes from outside has a code, or says that it may be asked again. */
const isPassing = (error: unknown): boolean =>
  !(error instanceof Error) || 'code' in error || 'retryAfterMs' in error || /timeout|terminated/i.test(error.message);

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');

/** Beside the outbox, so that a slow server holds up nobody's news. */
export function keepSending(deps: SendDeps): { wake(): void; stop(): Promise<void> } {
  let pause = new AbortController();
  let stopping = false;

  async function run(): Promise<void> {
    for (let failures = 0; !stopping; ) {
      pause = new AbortController();
      let waitMs: number = relaySettings.pollMs;
      try {
        if (await sendDue(deps)) waitMs = 0;
        failures = 0;
      } catch (error) {
        waitMs = backOff(relaySettings.awayMs, relaySettings.longestAwayMs, failures++);
        deps.log.error({ error: nameOf(error), waitMs }, 'sending mail cannot go on now');
      }
      if (waitMs > 0) await sleep(waitMs, undefined, { signal: pause.signal }).catch(() => {}); // woken
    }
  }

  const running = run();
  return {
    wake: () => pause.abort(),
    async stop() {
      stopping = true;
      pause.abort();
      await running;
      deps.smtp.transport.close();
    },
  };
}
