import { inject } from 'vitest';
import { type Engine, startEngine } from '../support/engine.ts';
import { type Api, type Options, startApi } from './support.ts';

/** The API with workers, the simulator and all else behind it, which stops with it. */
export async function startApiOnEngine(options: Partial<Options> = {}): Promise<{ engine: Engine; api: Api }> {
  const engine = await startEngine();
  const { db, processors, taskQueue } = engine;
  const api = await startApi({ db, processors, taskQueue, temporalAddress: inject('temporalAddress'), ...options });
  return {
    engine,
    api: {
      ...api,
      async stop() {
        await api.stop();
        await engine.stop();
      },
    },
  };
}
