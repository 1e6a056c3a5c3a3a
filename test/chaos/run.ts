/**
 * `npm run chaos -- webhooks [--deliveries 20000] [--kills 40] [--subscriptions 60] [--seed 1]`: the same seed, the same order.
 * `npm run chaos -- outbox [--events 10000] [--kills 10] [--subscriptions 60]`.
 */
import { parseArgs } from 'node:util';
import { workflowBundle } from '../../src/worker/workflow-bundle.ts';
import { startProduct } from '../support/product.ts';
import { chaosOfOutbox } from './outbox.ts';
import { chaosOfWebhooks } from './webhooks.ts';

const { values, positionals } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '20000' },
    events: { type: 'string', default: '10000' },
    kills: { type: 'string' },
    subscriptions: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
  allowPositionals: true,
});
const [what] = positionals;
if (positionals.length !== 1 || (what !== 'webhooks' && what !== 'outbox')) {
  console.error('npm run chaos -- webhooks, or outbox');
  process.exit(2);
}
const product = await startProduct((await workflowBundle()).codePath);
try {
  const isWhole = what === 'webhooks' ? await webhooks() : await outbox();
  console.log(isWhole ? 'nothing lost, nothing applied twice' : 'NOT RIGHT');
  process.exitCode = isWhole ? 0 : 1;
} finally {
  await product.stop();
}

async function outbox(): Promise<boolean> {
  const { events, kills = '10', subscriptions } = values;
  const seen = await chaosOfOutbox(product, {
    ...{ events: Number(events), kills: Number(kills), subscriptions: Number(subscriptions), refusing: 200 },
    log: console.log,
  });
  console.log(JSON.stringify(seen, null, 2));
  return seen.arrived >= Number(events) && seen.outOfOrder.length + seen.twoBodies.length === 0;
}

async function webhooks(): Promise<boolean> {
  const { deliveries, kills = '40', subscriptions, seed } = values;
  console.log(`seed ${seed}`);
  const seen = await chaosOfWebhooks(product, {
    ...{
      deliveries: Number(deliveries),
      kills: Number(kills),
      subscriptions: Number(subscriptions),
      seed: Number(seed),
    },
    log: console.log,
  });
  console.log(JSON.stringify(seen, null, 2));
  const { expected, inbox, refunds, methods, differences } = seen;
  return (
    (inbox.applied ?? 0) + (inbox.ignored ?? 0) === expected.events &&
    Object.keys(inbox).every((state) => state === 'applied' || state === 'ignored') &&
    refunds.count === expected.refunds &&
    refunds.minor === expected.refundedMinor &&
    methods.count === expected.methods &&
    methods.defaults === 1 &&
    differences.length === 0
  );
}
