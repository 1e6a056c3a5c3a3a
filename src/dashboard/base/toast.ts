/** What has happened, said in passing. */
import { useSyncExternalStore } from 'react';

export type ToastMessage = { id: number; text: string; bad: boolean };

const SHOWN_MS = 7_000;
let messages: readonly ToastMessage[] = [];
let count = 0;
const listeners = new Set<() => void>();

function set(next: readonly ToastMessage[]): void {
  messages = next;
  for (const listener of listeners) listener();
}

export function dismiss(id: number): void {
  set(messages.filter((each) => each.id !== id));
}

export function toast(text: string, { bad = false } = {}): void {
  const id = ++count;
  set([...messages, { id, text, bad }]);
  // What went wrong stays until it is put away.
  if (!bad) setTimeout(() => dismiss(id), SHOWN_MS);
}

export const useToasts = (): readonly ToastMessage[] =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => messages,
  );
