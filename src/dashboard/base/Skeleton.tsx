import { useReader } from './words.ts';

/** Keeps the room of what is on its way, so that nothing jumps when it comes. */
export function Skeleton({ lines = 3, block = false }: { lines?: number; block?: boolean }) {
  const { words } = useReader();
  return (
    <div className="stack" role="status">
      <span className="hidden">{words.loading}</span>
      {block && <span className="skeleton block" />}
      {Array.from({ length: lines }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <span key={i} className="skeleton" />
      ))}
    </div>
  );
}
