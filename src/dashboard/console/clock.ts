/** The test clock that the time machine stands on: the one that was chosen last, kept in this tab. */
import { useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';

const KEY = 'hydra-clock';
const listeners = new Set<() => void>();

export function chooseClock(id: string): void {
  sessionStorage.setItem(KEY, id);
  for (const listener of listeners) listener();
}

const useChosen = (): string | null =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => sessionStorage.getItem(KEY),
  );

/** Live mode has no clocks, and says so. */
export function useClocks(): {
  all: readonly Schemas['Clock'][];
  chosen: Schemas['Clock'] | undefined;
  isPending: boolean;
} {
  const id = useChosen();
  const { data, isPending } = useQuery({
    queryKey: ['clocks', 'bar'],
    queryFn: () => ask(api.GET('/api/admin/clocks', { params: { query: { limit: 50 } } })),
  });
  const all = data?.data ?? [];
  return { all, chosen: all.find((each) => each.id === id) ?? all[0], isPending };
}

/** What time it is for whoever lives by the chosen clock, or by the wall’s. Null until that is known. */
export function usePresent(): string | null {
  const { chosen, isPending } = useClocks();
  return isPending ? null : (chosen?.now ?? new Date().toISOString().slice(0, 13));
}
