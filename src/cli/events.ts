import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type Body, CliError, call } from './api.ts';
import { bold, dim, type Output, print, shortTime } from './output.ts';

const LOOK_EVERY_MS = 1_000;
const AT_ONCE = 50;

export function eventCommands(program: Command): void {
  const events = program.command('events').description('What the processors tell us.');
  events
    .command('resend')
    .description('Have events told again: one by its id, or all that fit. Without a state: what is parked or dead.')
    .argument('[id]', 'an event of the inbox (evt_…)')
    .option('--state <state>', 'received, signalled, parked, quarantined or dead')
    .option('--type <type>', 'as the processor calls it')
    .option('--provider <name>', 'stripe or paypal')
    .option('--since <time>', 'what came from then on: 2027-03-01T00:00:00Z')
    .option('--subscription <id>', 'only those of this subscription')
    .option('--json', 'print JSON')
    .action(async (id: string | undefined, { json = false, subscription, ...given }: Output & Filter) => {
      const filter = { ...given, ...(subscription && { subscriptionId: subscription }) };
      if (id === undefined && Object.keys(filter).length === 0) {
        throw new CliError('Which? Name an event, or a filter: --state dead');
      }
      if (id !== undefined && Object.keys(filter).length > 0) {
        throw new CliError('An event, or a filter, but not both.');
      }
      if (id !== undefined) {
        const event = await call('POST', `/api/admin/events/${encodeURIComponent(id)}/replay`);
        print({ json }, event, () => [`${event.id} (${event.type}) is told again`]);
        return;
      }
      const { replayed, more } = await call('POST', '/api/admin/events/replay', { filter });
      print({ json }, { replayed, more }, () => [
        `${replayed} ${replayed === 1 ? 'event is' : 'events are'} told again`,
        ...(more ? ['There are others: ask again.'] : []),
      ]);
    });
  events
    .command('tail')
    .description('Show the latest events, and then each as it comes.')
    .option('-n, --lines <count>', 'how many of the past, at most 50', '10')
    .option('--subscription <id>', 'only those of this subscription')
    .option('--once', 'only those of the past')
    .option('--json', 'one JSON object a line')
    .action(async (options: Output & { lines: string; subscription?: string; once?: boolean }) => {
      const seen = new Map<string, string>();
      const latest = await look(options.subscription);
      const shown = latest.slice(-Math.min(Number(options.lines) || 0, AT_ONCE));
      for (const event of latest) seen.set(event.id, event.state);
      for (const event of shown) show(event, options);
      while (!options.once) {
        await sleep(LOOK_EVERY_MS);
        for (const event of await look(options.subscription)) {
          if (seen.get(event.id) !== event.state) show(event, options);
          seen.set(event.id, event.state);
        }
      }
    });
}

type Filter = { state?: string; type?: string; provider?: string; since?: string; subscription?: string };

/** The oldest first, as they are read on a terminal. */
async function look(subscription: string | undefined): Promise<Body[]> {
  const filter = subscription ? `&subscriptionId=${encodeURIComponent(subscription)}` : '';
  const { data } = await call('GET', `/api/admin/events?limit=${AT_ONCE}${filter}`);
  return data.reverse();
}

function show(event: Body, { json }: Output): void {
  const { receivedAt, type, state, subscriptionId, eventId } = event;
  console.log(
    json
      ? JSON.stringify(event)
      : `${shortTime(receivedAt)}  ${bold(type)}  ${state}  ${subscriptionId ?? '-'}  ${dim(eventId)}`,
  );
}
