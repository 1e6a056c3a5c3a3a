import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type Body, CliError, call } from './api.ts';
import { type Output, print, shortTime } from './output.ts';

const LOOK_EVERY_MS = 200;

export function clockCommands(program: Command): void {
  const clock = program.command('clock').description('Test clocks: lead subscriptions through time.');
  clock
    .command('create')
    .description('Create a clock that stands at the present.')
    .option('--name <name>', 'what it is called')
    .option('--customer <id>', 'put this customer on it')
    .option('--json', 'print JSON')
    .action(async (options: Output & { name?: string; customer?: string }) => {
      const made = await call('POST', '/api/admin/clocks', options.name ? { name: options.name } : {});
      if (options.customer) await join(made.id, options.customer);
      print(options, made, () => [`${made.id} stands at ${shortTime(made.now)}`]);
    });
  clock
    .command('advance')
    .description('Advance a clock, or the clock of a subscription; one without a clock gets its own.')
    .argument('<id>', 'a clock (clk_…) or a subscription (sub_…)')
    .argument('<by>', '30d, 12h, 2w, 6mo, 1y, an ISO 8601 duration, or `next` for whatever is due next')
    .option('--json', 'print JSON')
    .action(async (id: string, by: string, options: Output) => {
      const clockId = id.startsWith('sub_') ? await clockOf(id) : id;
      await call('POST', `/api/admin/clocks/${encodeURIComponent(clockId)}/advance`, bodyOf(by));
      const at = await arrival(clockId);
      const subscription = id.startsWith('sub_') ? await call('GET', `/api/admin/subscriptions/${id}`) : null;
      print(options, subscription ? { clock: at, subscription } : at, () => [
        `${at.id} stands at ${shortTime(at.now)}`,
        ...(subscription ? [`${subscription.id} is ${subscription.state}`] : []),
      ]);
    });
}

const UNITS: Record<string, (n: string) => string> = {
  h: (n) => `PT${n}H`,
  d: (n) => `P${n}D`,
  w: (n) => `P${n}W`,
  mo: (n) => `P${n}M`,
  y: (n) => `P${n}Y`,
};

/** `30d` as people write it; anything else is for the API to judge. */
export function bodyOf(by: string): object {
  if (by === 'next') return { next: true };
  const [, count, unit] = /^(\d+)(h|d|w|mo|y)$/.exec(by) ?? [];
  return { by: count && unit ? UNITS[unit]!(count) : by };
}

const join = (clock: string, customerId: string): Promise<Body> =>
  call('POST', `/api/admin/clocks/${clock}/customers`, { customerId });

async function clockOf(id: string): Promise<string> {
  const { clockId, customerId } = await call('GET', `/api/admin/subscriptions/${encodeURIComponent(id)}`);
  if (clockId) return clockId;
  const { id: made } = await call('POST', '/api/admin/clocks', {});
  await join(made, customerId);
  return made;
}

async function arrival(id: string): Promise<Body> {
  for (;;) {
    const clock = await call('GET', `/api/admin/clocks/${encodeURIComponent(id)}`);
    if (clock.state === 'blocked') throw new CliError(`${id} is blocked at ${shortTime(clock.now)}: ${clock.reason}`);
    if (clock.state === 'ready') return clock;
    await sleep(LOOK_EVERY_MS);
  }
}
