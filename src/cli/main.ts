/** What `hydra` does once its dependencies are there; `bin/hydra.mjs` has the rest. */
import { Command } from 'commander';
import { CliError } from './api.ts';
import { auditCommands } from './audit.ts';
import { catalogCommands } from './catalog.ts';
import { clockCommands } from './clock.ts';
import { dunningCommands } from './dunning.ts';
import { eventCommands } from './events.ts';
import { ledgerCommands } from './ledger.ts';
import { red } from './output.ts';
import { privacyCommands } from './privacy.ts';
import { reconcileCommand } from './reconcile.ts';
import { whyCommand } from './why.ts';

const program = new Command('hydra')
  .description('A subscription billing engine that you run yourself.')
  .showHelpAfterError()
  .addHelpText(
    'after',
    '\nThe API and the token come from HYDRA_API and HYDRA_TOKEN, or from the running `npm start`.',
  );
clockCommands(program);
catalogCommands(program);
whyCommand(program);
privacyCommands(program);
ledgerCommands(program);
dunningCommands(program);
auditCommands(program);
eventCommands(program);
reconcileCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CliError)) throw error;
  console.error(red(error.message));
  process.exitCode = 1;
}
