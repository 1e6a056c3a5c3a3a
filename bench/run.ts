/**
 * `npm run bench`, or `npm run bench -- NAME` for those whose name begins so. `--json` prints one array on stdout.
 *
 * Other work on the same machine changes every number here: only the ratios, taken side by side in one run, mean much.
 */
import { parseArgs } from 'node:util';
import { auditVerify } from './audit-verify.ts';
import type { Benchmark, Result } from './bench.ts';
import { commandCommit } from './command-commit.ts';
import { decidePure } from './decide-pure.ts';
import { invoiceRun } from './invoice-run.ts';
import { ledgerGrowth } from './ledger-growth.ts';
import { ledgerHot, ledgerPost } from './ledger-post.ts';
import { outboxDrain } from './outbox-drain.ts';
import { usageIngest, usageRead } from './usage.ts';
import { webhookAccept, webhookDup } from './webhook-accept.ts';
import { webhookApply } from './webhook-apply.ts';
import { webhookDecide } from './webhook-decide.ts';

const benchmarks: readonly Benchmark[] = [
  ...[decidePure, ledgerPost, ledgerHot, ledgerGrowth, invoiceRun, commandCommit],
  ...[webhookAccept, webhookDup, webhookApply, webhookDecide, outboxDrain, auditVerify],
  ...[usageIngest, usageRead],
];

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
const wanted = positionals[0] ?? '';
const chosen = benchmarks.filter(({ name }) => name.startsWith(wanted));
if (chosen.length === 0) {
  console.error(`no benchmark begins with ${wanted}; there are ${benchmarks.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const results: Result[] = [];
for (const { name, run } of chosen) {
  console.error(`${name} …`);
  results.push(...(await run((line) => console.error(`  ${line}`))));
}
if (values.json) console.log(JSON.stringify(results, null, 2));
else console.log(results.map(lineOf).join('\n'));
process.exitCode = results.every(({ correct }) => correct) ? 0 : 1;

function lineOf(result: Result): string {
  const { name, unit, ours, peer, ceiling, ratioToPeer, ratioToCeiling, spread, aim, met, correct } = result;
  const beside = (what: string, value: number | null, ratio: number | null) =>
    value === null || ratio === null ? '' : `, ${what} ${short(value)} (ratio ${short(ratio)})`;
  const verdict = correct ? (met ? 'met' : 'MISSED') : 'VOID: the work was not done right';
  return `${name}: ${short(ours)} ${unit}${beside('peer', peer, ratioToPeer)}${beside('ceiling', ceiling, ratioToCeiling)}
  aim ${aim}: ${verdict} (${short(spread[0])} to ${short(spread[1])})`;
}

function short(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
