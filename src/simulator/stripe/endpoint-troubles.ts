/** A switch for the next calls of an endpoint: trouble on the way there or back, whatever the call itself would do. */
import type { Interruption } from './behaviour.ts';
import type { Call } from './call.ts';

/** `endpoint`: a method and a path, with `*` for any part: `POST /v1/subscriptions/*`. */
export type EndpointTrouble = { id: string; endpoint: string; habit: Interruption; left: number | null };

/** Each call uses up one of the times that it has left. */
export function meetEndpoint(call: Call, method: string, path: string): Interruption | null {
  for (const trouble of call.store.all('sim.endpoint')) {
    if (!patternOf(trouble.endpoint).test(`${method} ${path}`)) continue;
    const left = trouble.left === null ? null : trouble.left - 1;
    if (left === 0) call.store.remove('sim.endpoint', trouble.id);
    else call.store.put('sim.endpoint', { ...trouble, left });
    return trouble.habit;
  }
  return null;
}

const patternOf = (endpoint: string) =>
  new RegExp(`^${endpoint.replaceAll(/[.+?^$()[\]{}|\\]/g, '\\$&').replaceAll('*', '.*')}$`);
