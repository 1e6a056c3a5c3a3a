/** Streams that are open, by whose news they wait for. What is told is that there is some: whoever hears it looks. */
export type News = {
  /** Returns what ends it. */
  on(whose: string, heard: () => void, closed: () => void): () => void;
  /** Without a name to everybody: something may have been missed. */
  tell(whose?: string): void;
  /** No more will come. */
  close(): void;
};

export function createNews(): News {
  type Waiting = { heard: () => void; closed: () => void };
  const waiting = new Map<string, Set<Waiting>>();
  const all = () => [...waiting.values()].flatMap((each) => [...each]);
  return {
    on(whose, heard, closed) {
      const own = waiting.get(whose) ?? new Set();
      const one = { heard, closed };
      waiting.set(whose, own.add(one));
      return () => {
        own.delete(one);
        if (own.size === 0 && waiting.get(whose) === own) waiting.delete(whose);
      };
    },
    tell(whose) {
      for (const { heard } of whose === undefined ? all() : [...(waiting.get(whose) ?? [])]) heard();
    },
    close() {
      for (const { closed } of all()) closed();
    },
  };
}
