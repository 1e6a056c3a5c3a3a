import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ConfigError, loadConfig } from '../config.ts';
import { createDatabase } from '../db/client.ts';
import { type Hit, nothingSeen, type Seen, scanHistories, scanLogs, scanTables } from '../privacy/scan.ts';
import { createTemporal } from '../temporal/temporal.ts';
import { CliError } from './api.ts';
import { green, type Output, red } from './output.ts';

export function privacyCommands(program: Command): void {
  program
    .command('privacy')
    .description('What may not be kept.')
    .command('scan')
    .description(
      'Look through all that is stored, opened where it is sealed: every table, the histories of all workflows, the logs. Names the place and the kind of each hit, never the value. Exits with 1 on any.',
    )
    .option('--logs <folder>', 'where log files are', '.hydra')
    .option('--json', 'one JSON object a line; the last one says what was looked at')
    .action(async (options: Output & { logs: string }) => {
      let hits = 0;
      const seen = await scan(resolve(options.logs), (hit) => {
        hits++;
        console.log(options.json ? JSON.stringify(hit) : `${hit.place}  ${hit.row}  ${red(hit.kind)}`);
      });
      if (options.json) console.log(JSON.stringify({ hits, seen }));
      else
        console.log(hits === 0 ? green(`Nothing found in ${sizeOf(seen)}.`) : red(`${hits} found in ${sizeOf(seen)}.`));
      if (hits > 0) process.exitCode = 1;
    });
}

const sizeOf = ({ tables, rows, workflows, events, files, lines }: Seen): string =>
  `${rows} rows of ${tables} tables, ${events} events of ${workflows} workflows, ${lines} lines of ${files} log files`;

async function scan(logs: string, tell: (hit: Hit) => void): Promise<Seen> {
  const config = configOr((message) => new CliError(message));
  const db = createDatabase(config.DATABASE_URL, { applicationName: 'hydra-cli', max: 2 });
  const temporal = createTemporal(config, config.TEMPORAL_TASK_QUEUE);
  const seen = nothingSeen();
  try {
    await scanTables(db, config.ENCRYPTION_KEYS, seen, tell);
    for (const { mode } of config.namespaces) {
      const client = temporal.clientOf(mode);
      if (client) await scanHistories(client, seen, tell);
    }
    await scanLogs(logs, seen, tell);
    return seen;
  } finally {
    await temporal.close();
    await db.destroy();
  }
}

function configOr(refuse: (message: string) => CliError) {
  try {
    return loadConfig();
  } catch (error) {
    throw error instanceof ConfigError ? refuse(error.message) : error;
  }
}
