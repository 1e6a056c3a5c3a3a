import { afterAll, beforeAll, expect, test } from 'vitest';
import { bringTo } from '../../src/clock/fast-forward.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { verifyLedger } from '../../src/db/verify-ledger.ts';
import type { SubscriptionId } from '../../src/domain/ids.ts';
import { boundary, DAY, dayOf } from '../../src/domain/time.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { type Engine, startEngine, until } from '../support/engine.ts';
import { keepHistory } from '../support/histories.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.stop());

const NEW_YORK = 'America/New_York';

test('ten years of a monthly subscription: 120 renewals, no gap, no overlap, anchored on the 31st in New York', async () => {
  const customer = await engine.customer({ timeZone: NEW_YORK });
  // A trial up to the next 31st, so that this is where the anchor lies.
  let trialDays = 1;
  while (!dayOf(Date.now() + trialDays * DAY, NEW_YORK).endsWith('-31')) trialDays++;
  const id = await engine.subscribe(customer, { timeZone: NEW_YORK, command: { trialDays }, cyclesPerRun: 24 });
  const { subscription } = await engine.look(id);
  if (subscription.state !== 'trialing') throw new Error(subscription.state);
  const { anchor } = subscription;
  const end = boundary(anchor, { unit: 'month', count: 1 }, 119, NEW_YORK) + DAY;

  const began = Date.now();
  await bringTo(engine.client, workflowIdOf(engine.tenant, id), end);
  const lines = await until(
    () =>
      inTenant(engine.db, { tenant: engine.tenant, mode: 'test' }, (trx) =>
        trx
          .selectFrom('invoices as i')
          .innerJoin('invoice_lines as l', 'l.invoice_id', 'i.id')
          .where('i.subscription_id', '=', id)
          .orderBy('i.sequence')
          .select(['i.state', 'i.sequence', 'i.issued_at', 'l.period_from', 'l.period_to'])
          .execute(),
      ),
    (rows) => rows.length === 120 && rows.every(({ state }) => state === 'paid'),
    '120 paid invoices',
  );
  console.log(`ten years took ${Date.now() - began} ms`);

  lines.forEach((line, n) => {
    expect(line.issued_at.getTime()).toBe(boundary(anchor, { unit: 'month', count: 1 }, n, NEW_YORK));
    expect(line.sequence).toBe(n + 1);
    const [year, month, day] = line.period_from!.split('-').map(Number);
    expect(day).toBe(Math.min(31, new Date(Date.UTC(year!, month!, 0)).getUTCDate()));
    if (n > 0) expect(line.period_from).toBe(lines[n - 1]!.period_to);
  });
  await keepHistory('ten-years-last-run', engine.client.workflow.getHandle(workflowIdOf(engine.tenant, id)));
  await keepHistory(
    'ten-years-first-run',
    engine.client.workflow.getHandle(workflowIdOf(engine.tenant, id), await firstRun(id)),
  );
  const { continued } = await engine.look(id);
  expect(continued).toBeGreaterThanOrEqual(4);
  expect((await verifyLedger(engine.db)).differences).toEqual([]);
});

/** The run that the subscription began with; it ended by continuing as new. */
async function firstRun(id: SubscriptionId): Promise<string> {
  const { raw } = await engine.client.workflow.getHandle(workflowIdOf(engine.tenant, id)).describe();
  return raw.workflowExecutionInfo!.firstRunId!;
}
