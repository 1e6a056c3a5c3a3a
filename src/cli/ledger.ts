import type { Command } from 'commander';
import { createDatabase } from '../db/client.ts';
import { type LedgerReport, verifyLedger } from '../db/verify-ledger.ts';
import { CliError, demo } from './api.ts';
import { green, type Output, print, red } from './output.ts';

export function ledgerCommands(program: Command): void {
  program
    .command('ledger')
    .description('The books.')
    .command('verify')
    .description('Recompute everything from the entries, for all tenants. Exits with 1 on any difference.')
    .option('--json', 'print JSON')
    .action(async (options: Output) => {
      const report = await verify();
      print(options, report, () => linesOf(report));
      if (report.differences.length > 0) process.exitCode = 1;
    });
}

async function verify(): Promise<LedgerReport> {
  const url = process.env.DATABASE_URL ?? demo().databaseUrl;
  if (!url) throw new CliError('No database is known: start one with `npm start`, or set DATABASE_URL.');
  const db = createDatabase(url, { applicationName: 'hydra-cli', max: 1 });
  try {
    return await verifyLedger(db);
  } finally {
    await db.destroy();
  }
}

function linesOf({ accounts, transactions, entries, differences }: LedgerReport): string[] {
  const size = `${accounts} accounts, ${transactions} transactions, ${entries} entries`;
  if (differences.length === 0) return [green(`The books balance: ${size}.`)];
  return [
    red(`${differences.length} differences in ${size}:`),
    ...differences.map((each) => `  ${JSON.stringify(each)}`),
  ];
}
