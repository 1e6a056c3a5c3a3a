/** Keys of a page: one (`/`, `?`) or two after each other (`g c`). `?` shows them all. */
import { useEffect, useState } from 'react';
import { Dialog } from './Dialog.tsx';
import { useReader } from './words.ts';

export type Shortcut = { keys: string; does: string; run: () => void };
const PAUSE_MS = 1_000;

const isTyping = ({ target }: KeyboardEvent): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function Shortcuts({ shortcuts }: { shortcuts: readonly Shortcut[] }) {
  const { words } = useReader();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    let before = { key: '', at: 0 };
    const press = (event: KeyboardEvent) => {
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === '?') return setShown(true);
      if (document.querySelector('dialog[open]')) return;
      const chord = event.timeStamp - before.at < PAUSE_MS ? `${before.key} ${event.key}` : '';
      before = { key: event.key, at: event.timeStamp };
      const meant = shortcuts.find(({ keys }) => keys === chord) ?? shortcuts.find(({ keys }) => keys === event.key);
      if (!meant) return;
      event.preventDefault();
      meant.run();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [shortcuts]);
  if (!shown) return null;
  return (
    <Dialog title={words.shortcuts} onClose={() => setShown(false)}>
      <dl className="facts">
        {shortcuts.map(({ keys, does }) => (
          <div key={keys} className="contents">
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
