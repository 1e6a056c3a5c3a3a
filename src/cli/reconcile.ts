import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type Body, CliError, call } from './api.ts';
import { bold, dim, green, type Output, print, red } from './output.ts';

const LOOK_EVERY_MS = 500;
const BASE = '/api/admin/reconciliation';

export function reconcileCommand(program: Command): void {
  program
    .command('reconcile')
    .description('Compare processor, books and workflows now. Exits with 1 while discrepancies are open.')
    .option('--since <time>', 'how far back: 2027-03-01T00:00:00Z; thirty days without it')
    .option('--json', 'print JSON')
    .action(async ({ since, ...output }: Output & { since?: string }) => {
      let look: Body = await call('POST', BASE, since === undefined ? {} : { since });
      while (look.state === 'running') {
        await sleep(LOOK_EVERY_MS);
        look = await call('GET', `${BASE}/${look.id}`);
      }
      if (look.state === 'failed')
        throw new CliError(`The reconciliation failed: ${look.reason}. The worker’s log says why.`);
      const { data: open } = await call('GET', `${BASE}/discrepancies?state=open&limit=50`);
      print(output, { ...look, discrepancies: open }, () => linesOf(look, open));
      if (look.report.open > 0) process.exitCode = 1;
    });
}

function linesOf({ report }: Body, open: Body[]): string[] {
  const { movements, workflows, fetched, fees, payouts, repaired } = report;
  const size = `${movements} movements, ${workflows} workflows; ${fetched} events fetched, ${fees} fees and ${payouts} payouts booked, ${repaired} repaired`;
  if (report.open === 0) return [green(`All sides agree: ${size}.`)];
  return [
    red(`${report.open} discrepancies are open (${size}):`),
    ...open.flatMap(({ id, about, subject, theirs, ours }) => [
      `  ${bold(subject)}  ${about}  ${dim(id)}`,
      dim(`    theirs ${JSON.stringify(theirs)}  ours ${JSON.stringify(ours)}`),
    ]),
  ];
}
