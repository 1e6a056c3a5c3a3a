/**
 * An event that wakes a workflow: from the inbox by the relay's signal to the step that has taken it in, beside a workflow that
 * answers each signal with a local activity that does nothing, on the same server. The ceiling are signals that wake
 * nobody. What Temporal is charged for it, its state transitions, is told beside it: of single events, and of twenty at once.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection, WithStartWorkflowOperation, type WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { startGuard } from '../bootstrap/guard.mjs';
import { startTemporal } from '../bootstrap/temporal.mjs';
import { findTemporal } from '../bootstrap/temporal-find.mjs';
import { type Kept, keepEvents } from '../src/db/inbox.ts';
import { createProcessors } from '../src/processors/processors.ts';
import { listen } from '../src/relay/listen.ts';
import { createRelay } from '../src/relay/relay.ts';
import { signalThrough } from '../src/relay/signal.ts';
import { createTaxes } from '../src/tax/taxes.ts';
import { runWorkers } from '../src/worker/run-workers.ts';
import { workflowBundle } from '../src/worker/workflow-bundle.ts';
import { draft, subscribe } from '../test/domain/builders.ts';
import { TEST_NAMESPACE } from '../test/support/namespace.ts';
import { type Answer, FACTS_SIGNAL, SUBSCRIPTION_WORKFLOW, workflowIdOf } from '../workflows/messages.ts';
import { type Benchmark, interleaved, median, type Result, range, rate, ratios } from './bench.ts';
import { customerOf, openBooks, SCOPE, withPostgres } from './postgres.ts';
import { KEYS } from './webhook-keys.ts';

const WORKFLOWS = 20;
const BURST = 20;

export const webhookDecide: Benchmark = {
  name: 'webhook.decide',
  run: (log) =>
    withPostgres(async (server) => {
      const books = await openBooks(server, 'ours', WORKFLOWS);
      const folder = mkdtempSync(join(tmpdir(), 'hydra-bench-temporal-'));
      const guard = startGuard();
      guard.removeAtEnd(folder);
      const temporal = await startTemporal({
        ...(await findTemporal({ log })),
        ...{ dbFile: join(folder, 'temporal.db'), namespaces: [TEST_NAMESPACE], guard },
      });
      Runtime.install({ logger: new DefaultLogger('WARN') });
      const [connection, native] = await Promise.all([
        Connection.connect({ address: temporal.address }),
        NativeConnection.connect({ address: temporal.address }),
      ]);
      const client = new Client({ connection, namespace: TEST_NAMESPACE });
      let taken = 0;
      let echoed = 0;
      const processors = createProcessors({ stripe: [] });
      const activities = createActivities({ db: books.db, processors, taxes: createTaxes({}) } as never);
      const workers = await runWorkers({
        ...{ connection: native, namespaces: [{ mode: 'test', namespace: TEST_NAMESPACE }], db: books.db, processors },
        activities: {
          ...activities,
          async commit(...step: Parameters<typeof activities.commit>) {
            const answer = await activities.commit(...step);
            taken += step[0].applied.length + step[0].ignored.length;
            return answer;
          },
        },
        ...{ workflowBundle: await workflowBundle(), clientConnection: connection, taskQueue: 'bench' },
      } as Parameters<typeof runWorkers>[0]);
      const echoing = await Worker.create({
        ...{ connection: native, namespace: TEST_NAMESPACE, taskQueue: 'bench-echo' },
        workflowBundle: await bundleWorkflowCode({
          workflowsPath: fileURLToPath(new URL('./webhook-echo.ts', import.meta.url)),
          logger: { trace() {}, debug() {}, info() {}, warn: log, error: log, log() {} },
        }),
        activities: {
          noted: async (count: number) => {
            echoed += count;
          },
        },
      });
      const echoEnded = echoing.run();
      const complain = (fields: object, message: string) => log(`${message} ${JSON.stringify(fields)}`);
      const relay = createRelay({
        ...{ db: books.db, keys: KEYS, modes: ['test'], log: { info() {}, warn: complain, error: complain } },
        signal: signalThrough(new Map([['test', client]]), 10_000),
      });
      const ear = listen(books.url, { hydra_inbox: relay.wake });
      relay.start();
      try {
        const ids = Array.from({ length: WORKFLOWS }, (_, i) => `sub_bench${i}` as const);
        const ours = await Promise.all(ids.map((id, i) => subscribed(client, id, i)));
        const started = (workflow: string, taskQueue: string) =>
          Promise.all(
            ids.map((id) => client.workflow.start(workflow, { workflowId: `${taskQueue}/${id}`, taskQueue, args: [] })),
          );
        const [echoes, deaf] = await Promise.all([started('echo', 'bench-echo'), started('nobody', 'bench-nobody')]);
        let told = 0;
        let signalled = 0;
        const tell = async (each: number) => {
          const wanted = taken + each * WORKFLOWS;
          await keepEvents(
            books.db,
            KEYS,
            ids.flatMap((id) => Array.from({ length: each }, () => news(id, ++told))),
          );
          while (taken < wanted) await sleep(2);
        };
        const seen = await interleaved({
          ours: () => rate(WORKFLOWS, () => tell(1)),
          echo: () =>
            rate(WORKFLOWS, async () => {
              signalled += WORKFLOWS;
              await Promise.all(echoes.map((handle) => handle.signal(FACTS_SIGNAL)));
              while (echoed < signalled) await sleep(2);
            }),
          signals: () =>
            rate(WORKFLOWS, async () => {
              await Promise.all(deaf.map((handle) => handle.signal(FACTS_SIGNAL)));
            }),
        });
        const costOf = async (each: number) => {
          const before = await transitionsOf(ours);
          await tell(each);
          await sleep(500); // the last task's end is told after the step
          return ((await transitionsOf(ours)) - before) / (each * WORKFLOWS);
        };
        const [single, burst] = [await costOf(1), await costOf(BURST)];
        const toEcho = ratios(seen.ours, seen.echo);
        await sleep(1_000);
        const states = await books.db.selectFrom('inbox').select('state').execute();
        const correct =
          states.length === told &&
          states.every(({ state }) => state === 'applied' || state === 'ignored') &&
          taken === told &&
          echoed === signalled;
        log(`${told} events, ${taken} taken in, ${echoed} echoed`);
        const cost = (name: string, value: number, most: number): Result => ({
          ...{ name, unit: 'state transitions an event', ours: value, spread: [value, value], aim: `≤ ${most}` },
          ...{ peer: null, ceiling: null, ratioToPeer: null, ratioToCeiling: null, met: value <= most, correct },
        });
        return [
          {
            ...{ name: 'webhook.decide', unit: 'events/s', ours: median(seen.ours), peer: median(seen.echo) },
            ...{ ceiling: median(seen.signals), ratioToPeer: median(toEcho), spread: range(toEcho) },
            ratioToCeiling: median(ratios(seen.ours, seen.signals)),
            ...{ aim: '≥ 0.9 of an echo workflow', met: median(toEcho) >= 0.9, correct },
          },
          cost('webhook.decide.cost', single, 3),
          cost(`webhook.decide.cost.${BURST}`, burst, 0.3),
        ];
      } finally {
        await ear.stop();
        await relay.stop();
        echoing.shutdown();
        await Promise.all([workers.stop(), echoEnded]);
        await native.close();
        await connection.close();
        await temporal.stop();
        await books.close();
        rmSync(folder, { recursive: true, force: true });
        guard.release();
      }
    }),
};

/** On trial, so nobody is charged. */
async function subscribed(client: Client, id: `sub_${string}`, n: number): Promise<WorkflowHandle> {
  const at = Date.now();
  const subscription = draft({ id, ...SCOPE, customer: customerOf(n), createdAt: at, expiresAt: at + 3_600_000 });
  const workflowId = workflowIdOf(SCOPE.tenant, id);
  const startWorkflowOperation = new WithStartWorkflowOperation(SUBSCRIPTION_WORKFLOW, {
    ...{ workflowId, taskQueue: 'bench', workflowIdConflictPolicy: 'USE_EXISTING', args: [{ subscription }] },
  });
  const command = subscribe({ trialDays: 14 });
  const asked = { id: `u${id}`, command, origin: { by: 'principal', ref: 'bench' } };
  const answer = (await client.workflow.executeUpdateWithStart('subscribe', {
    ...{ startWorkflowOperation, args: [asked] },
  } as never)) as Answer;
  if (answer.outcome !== 'applied') throw new Error(JSON.stringify(answer));
  return client.workflow.getHandle(workflowId);
}

/** Late news of a payment: looked at and left, which is a step like any other. */
const news = (subscription: `sub_${string}`, n: number): Kept => ({
  ...{ provider: 'stripe', account: 'default', mode: 'test', eventId: `evt_decide${n}`, tenant: SCOPE.tenant },
  ...{ subscription, type: 'payment_intent.processing', occurredAt: Date.now(), ignored: null },
  told: { type: 'payment_processing', invoice: 'inv_none_1', attempt: 1, payment: `pi_${n}` },
  ...{ verifiedBy: 'stripe:bench', rawMac: null },
});

async function transitionsOf(handles: readonly WorkflowHandle[]): Promise<number> {
  const all = await Promise.all(handles.map((handle) => handle.describe()));
  return all.reduce((sum, { raw }) => sum + Number(raw.workflowExecutionInfo!.stateTransitionCount), 0);
}
