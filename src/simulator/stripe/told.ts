import type { Call } from './call.ts';

/** What is told once: true the first time that it is asked. */
export function tellOnce(call: Call, what: string): boolean {
  if (isTold(call, what)) return false;
  call.store.put('sim.told', { id: what });
  return true;
}

export const isTold = (call: Pick<Call, 'store'>, what: string) => call.store.get('sim.told', what) !== undefined;
