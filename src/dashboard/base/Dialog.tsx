import { type ReactNode, useEffect, useId, useRef } from 'react';
import { Button } from './Button.tsx';
import { useReader } from './words.ts';

type Props = { title: string; onClose: () => void; children: ReactNode; broad?: boolean };

/** The browser's own dialog: it keeps the focus inside, gives it back, and closes by Escape. Rendered is open. */
export function Dialog({ title, onClose, children, broad = false }: Props) {
  const { words } = useReader();
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className={broad ? 'dialog broad' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="inside">
        <header className="row apart">
          <h2 id={id}>{title}</h2>
          <Button look="quiet" slim onClick={onClose}>
            {words.close}
          </Button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
