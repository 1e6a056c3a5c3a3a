import type { Command } from 'commander';
import { type Body, call } from './api.ts';
import { bold, dim, type Output, print, shortTime } from './output.ts';

export function whyCommand(program: Command): void {
  program
    .command('why')
    .description('Why a subscription is in its state: the chain of causes, the newest first.')
    .argument('<subscription>', 'sub_…')
    .option('--json', 'print JSON')
    .action(async (id: string, options: Output) => {
      const why = await call('GET', `/api/admin/subscriptions/${encodeURIComponent(id)}/why`);
      print(options, why, () => [`${bold(why.subscriptionId)} is ${why.sentence}`, '', ...why.causes.flatMap(lines)]);
    });
}

function lines({ at, input, origin, rule, from, to, because, effects, ledger }: Body): string[] {
  const move = from === to ? from : `${from} → ${to}`;
  const facts = Object.entries(because).map(([name, value]) => `${name} ${value}`);
  return [
    `${shortTime(at)}  ${bold(move)}  ${rule}`,
    dim(`  because of ${input}, from the ${origin.by} (${origin.ref})`),
    ...(facts.length > 0 ? [dim(`  knowing ${facts.join(', ')}`)] : []),
    ...(effects.length > 0 ? [dim(`  so ${effects.join(', ')}`)] : []),
    ...(ledger.length > 0 ? [dim(`  in the books: ${ledger.map((each: Body) => each.kind).join(', ')}`)] : []),
  ];
}
