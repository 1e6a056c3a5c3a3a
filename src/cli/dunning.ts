import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type BacktestResult, backtest, PEERS } from '../domain/backtest.ts';
import type { DunningPolicy } from '../domain/dunning.ts';
import { checkDunningPolicy } from '../domain/dunning-check.ts';
import { generatedPortfolio } from '../domain/dunning-portfolio.ts';
import { CliError, call } from './api.ts';
import { bold, dim, type Output, print } from './output.ts';

type Options = Output & { failures: string; seed: string; policy?: string; past?: boolean; svg?: string };
type Report = { failures: number; owedMinor: number; results: (BacktestResult & { name: string })[] };

export function dunningCommands(program: Command): void {
  program
    .command('dunning')
    .description('Dunning policies.')
    .command('backtest')
    .description('What policies recover of the same failures: made up, or the tenant’s own past.')
    .option('--failures <count>', 'how many are made up', '100000')
    .option('--seed <number>', 'the same seed, the same failures', '1')
    .option('--policy <file>', 'a policy of your own, as JSON, beside the others')
    .option('--past', 'over the tenant’s own failures, by the API')
    .option('--svg <file>', 'draw it, too')
    .option('--json', 'print JSON')
    .action(async ({ svg, ...options }: Options) => {
      const policy = options.policy === undefined ? null : readPolicy(options.policy);
      const report = options.past
        ? ((await call('POST', '/api/admin/dunning-policies/backtest', {
            ...{ over: 'past', ...(policy && { policy }) },
          })) as Report)
        : generated(countOf('--failures', options.failures), countOf('--seed', options.seed), policy);
      if (svg !== undefined) writeFileSync(svg, plotOf(report));
      print(options, report, () => linesOf(report));
    });
}

function readPolicy(file: string): DunningPolicy {
  const policy: DunningPolicy = JSON.parse(readFileSync(file, 'utf8'));
  const [first] = checkDunningPolicy(policy);
  if (first) throw new CliError(`${file}: ${first.path} ${first.message}`);
  return policy;
}

function countOf(option: string, text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0)
    throw new CliError(`${option} is ${text}, and has to be a whole number`);
  return count;
}

function generated(count: number, seed: number, policy: DunningPolicy | null): Report {
  const failures = generatedPortfolio(count, seed);
  const asked = policy ? [{ name: policy.name, policy }, ...PEERS] : PEERS;
  return {
    failures: failures.length,
    owedMinor: failures.reduce((sum, { amount }) => sum + amount, 0),
    results: asked.map(({ name, policy: rules }) => ({ name, ...backtest(failures, rules) })),
  };
}

const shareOf = (report: Report, { recoveredMinor }: BacktestResult): number =>
  report.owedMinor === 0 ? 0 : (100 * recoveredMinor) / report.owedMinor;

const linesOf = (report: Report): string[] => [
  bold(`${report.failures} failed payments`),
  dim(
    `${'policy'.padEnd(22)}${['money back', 'tries', 'tries each', 'days', 'lost'].map((name) => name.padStart(12)).join('')}`,
  ),
  ...report.results.map((result) => {
    const each = result.recovered === 0 ? '–' : (result.retries / result.recovered).toFixed(1);
    const cells = [
      `${shareOf(report, result).toFixed(1)} %`,
      result.retries,
      each,
      result.medianDays ?? '–',
      result.lost,
    ];
    return `${result.name.padEnd(22)}${cells.map((cell) => String(cell).padStart(12)).join('')}`;
  }),
];

const PLOT = { width: 720, height: 420, left: 64, right: 24, top: 24, bottom: 56 };

/** Money that came back against the tries that it took: up and to the left is better. */
function plotOf(report: Report): string {
  const { width, height, left, right, top, bottom } = PLOT;
  const most = Math.max(...report.results.map(({ retries }) => retries), 1) * 1.15;
  const x = (retries: number) => left + (retries / most) * (width - left - right);
  const y = (share: number) => height - bottom - (share / 100) * (height - top - bottom);
  const grid = [0, 25, 50, 75, 100].flatMap((share) => [
    `<line x1="${left}" x2="${width - right}" y1="${y(share)}" y2="${y(share)}" stroke="#8886" />`,
    `<text x="${left - 8}" y="${y(share) + 4}" text-anchor="end">${share} %</text>`,
  ]);
  const points = report.results.flatMap((result) => {
    const [cx, cy] = [x(result.retries).toFixed(1), y(shareOf(report, result)).toFixed(1)];
    const isLast = result.retries > most * 0.7;
    return [
      `<circle cx="${cx}" cy="${cy}" r="6" fill="#3b6fd4" />`,
      `<text x="${cx}" y="${cy}" dx="${isLast ? -10 : 10}" dy="-8" text-anchor="${isLast ? 'end' : 'start'}">${result.name}</text>`,
    ];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13" fill="#888">
<title>Money recovered against tries, ${report.failures} failures</title>
${[...grid, ...points].join('\n')}
<text x="${(left + width - right) / 2}" y="${height - 16}" text-anchor="middle">tries after the first, of ${report.failures} failures (0 to ${Math.round(most)})</text>
</svg>
`;
}
