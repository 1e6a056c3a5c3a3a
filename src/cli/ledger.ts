import type { Command } from 'commander';
import { createDatabase, type Db } from '../db/client.ts';
import { type LedgerReport, verifyLedger } from '../db/verify-ledger.ts';
import { type NewEntriesReport, verifyNewEntries } from '../db/verify-new-entries.ts';
import { type RevenueDifference, verifyRevenue } from '../db/verify-revenue.ts';
import { CliError, demo } from './api.ts';
import { green, type Output, print, red } from './output.ts';

export function ledgerCommands(program: Command): void {
  program
    .command('ledger')
    .description('The books.')
    .command('verify')
    .description('Recompute what was posted since the last time, for all tenants. Exits with 1 on any difference.')
    .option('--full', 'recompute everything: finds entries, too, that were changed after they were verified')
    .option('--json', 'print JSON')
    .action(async (options: Output & { full?: boolean }) => {
      const report = await verify(options.full ? verifyLedger : verifyNewEntries);
      print(options, report, () => linesOf(report));
      if (report.differences.length + report.revenue.length > 0) process.exitCode = 1;
    });
}

/** Revenue is looked at as a whole each time. */
type Report = (LedgerReport | NewEntriesReport) & { revenue: RevenueDifference[] };

async function verify(how: (db: Db) => Promise<LedgerReport | NewEntriesReport>): Promise<Report> {
  const url = process.env.DATABASE_URL ?? demo().databaseUrl;
  if (!url) throw new CliError('No database is known: start one with `npm start`, or set DATABASE_URL.');
  const db = createDatabase(url, { applicationName: 'hydra-cli', max: 1 });
  try {
    return { ...(await how(db)), revenue: await verifyRevenue(db) };
  } finally {
    await db.destroy();
  }
}

function linesOf(report: Report): string[] {
  const { accounts, transactions, entries } = report;
  const differences = [...report.differences, ...report.revenue];
  const size = `${accounts} accounts, ${transactions} transactions, ${entries} entries${sinceOf(report)}`;
  if (differences.length === 0) return [green(`The books balance: ${size}.`), ...remarks(report)];
  return [
    red(`${differences.length} differences in ${size}:`),
    ...differences.map((each) => `  ${JSON.stringify(each)}`),
  ];
}

const sinceOf = (report: Report): string =>
  'since' in report && report.since ? ` since ${report.since.toISOString()}` : '';

const remarks = (report: Report): string[] =>
  'remembered' in report && !report.remembered
    ? ['Someone was writing all the time: the next verification begins where this one did.']
    : [];
