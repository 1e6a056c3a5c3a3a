import { Router } from 'express';
import { sql } from 'kysely';
import type { Parts } from './route.ts';

/** As long as a new connection may take. */
const PATIENCE_MS = 5_000;

export function healthRouter({ db, temporal, metrics }: Parts): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
  router.get('/readyz', async (_request, response) => {
    const [postgres, server] = await Promise.all([answers(db), temporal.isReachable()]);
    const ready = postgres && server;
    const named = (up: boolean) => (up ? 'ok' : 'unreachable');
    response
      .status(ready ? 200 : 503)
      .json({ status: ready ? 'ready' : 'not_ready', parts: { postgres: named(postgres), temporal: named(server) } });
  });
  router.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.render());
  });
  return router;
}

async function answers(db: Parts['db']): Promise<boolean> {
  const late = new Promise<false>((resolve) => setTimeout(resolve, PATIENCE_MS, false).unref());
  // Away, or too slow to be of use: the question was whether it answers.
  const asked = sql`select 1`.execute(db).then(
    () => true,
    () => false,
  );
  return Promise.race([asked, late]);
}
