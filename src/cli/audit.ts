import { resolve } from 'node:path';
import type { Command } from 'commander';
import { checkpointsIn } from '../audit/checkpoints.ts';
import { ConfigError, loadConfig } from '../config.ts';
import { type AuditFinding, type AuditReport, type Head, verifyAudit } from '../db/audit-chain.ts';
import { createDatabase } from '../db/client.ts';
import { readCheckpoint, signingKeyOf } from '../security/checkpoint.ts';
import { CliError } from './api.ts';
import { green, type Output, print, red } from './output.ts';

type Report = AuditReport & { forged: number; ms: number };

export function auditCommands(program: Command): void {
  program
    .command('audit')
    .description('Who did what.')
    .command('verify')
    .description(
      'Recompute every chain of the audit log, and compare it with the checkpoints that were kept elsewhere. Exits with 1 where a row was changed, deleted, inserted or moved, a chain written anew, or its end cut off.',
    )
    .option('--checkpoints <folder>', 'where they are kept; else AUDIT_CHECKPOINTS')
    .option('--json', 'print JSON')
    .action(async (options: Output & { checkpoints?: string }) => {
      const report = await verify(options.checkpoints);
      print(options, report, () => linesOf(report));
      if (report.findings.length + report.forged > 0) process.exitCode = 1;
    });
}

async function verify(folder: string | undefined): Promise<Report> {
  const config = configOrRefusal();
  const key = signingKeyOf(config.AUDIT_SIGNING_KEY);
  const began = Date.now();
  const witnessed: Head[] = [];
  let forged = 0;
  for await (const line of checkpointsIn(resolve(folder ?? config.AUDIT_CHECKPOINTS)).lines()) {
    const checkpoint = readCheckpoint(key, line);
    if (checkpoint) witnessed.push(...(checkpoint.heads as Head[]));
    else forged++;
  }
  const db = createDatabase(config.DATABASE_URL, { applicationName: 'hydra-cli', max: 1 });
  try {
    return { ...(await verifyAudit(db, witnessed)), forged, ms: Date.now() - began };
  } finally {
    await db.destroy();
  }
}

function configOrRefusal() {
  try {
    return loadConfig();
  } catch (error) {
    throw error instanceof ConfigError ? new CliError(error.message) : error;
  }
}

const WORDS: Readonly<Record<AuditFinding['kind'], string>> = {
  changed: 'is not the row that was sealed there, or what is before it is not',
  missing: 'has no row',
  rewritten: 'is not what a checkpoint says',
  cut: 'is in a checkpoint, and the chain ends before it',
  unsealed: 'was never sealed, for an hour',
};

function linesOf({ rows, chains, findings, checkpoints, forged, ms }: Report): string[] {
  const size = `${rows} rows in ${chains.length} chains, ${checkpoints} heads in checkpoints (${ms} ms)`;
  if (findings.length + forged === 0) return [green(`The audit log is whole: ${size}.`)];
  return [
    red(`${findings.length + forged} findings in ${size}:`),
    ...findings.map(
      ({ tenant, mode, place, id, kind }) =>
        `  ${tenant}/${mode}: ${place === null ? '' : `place ${place}`}${id === null ? '' : ` (row ${id})`} ${WORDS[kind]}`,
    ),
    ...(forged > 0 ? [`  ${forged} checkpoints are not signed by AUDIT_SIGNING_KEY`] : []),
  ];
}
