/** `npm run chaos -- webhooks [--deliveries 20000] [--kills 40] [--subscriptions 60] [--seed 1]`: the same seed, the same order. */
import { parseArgs } from 'node:util';
import { workflowBundle } from '../../src/worker/workflow-bundle.ts';
import { startProduct } from '../support/product.ts';
import { chaosOfWebhooks } from './webhooks.ts';

const { values, positionals } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '20000' },
    kills: { type: 'string', default: '40' },
    subscriptions: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
  allowPositionals: true,
});
if (positionals.join() !== 'webhooks') {
  console.error('npm run chaos -- webhooks');
  process.exit(2);
}
const { deliveries, kills, subscriptions, seed } = values;
console.log(`seed ${seed}`);
const product = await startProduct((await workflowBundle()).codePath);
try {
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
  const isWhole =
    (inbox.applied ?? 0) + (inbox.ignored ?? 0) === expected.events &&
    Object.keys(inbox).every((state) => state === 'applied' || state === 'ignored') &&
    refunds.count === expected.refunds &&
    refunds.minor === expected.refundedMinor &&
    methods.count === expected.methods &&
    methods.defaults === 1 &&
    differences.length === 0;
  console.log(isWhole ? 'nothing lost, nothing applied twice' : 'NOT RIGHT');
  process.exitCode = isWhole ? 0 : 1;
} finally {
  await product.stop();
}
