import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type Body, call } from './api.ts';
import { bold, dim, type Output, shortTime } from './output.ts';

const LOOK_EVERY_MS = 1_000;
const AT_ONCE = 50;

export function eventCommands(program: Command): void {
  program
    .command('events')
    .description('What the processors tell us.')
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
