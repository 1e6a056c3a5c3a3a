import { Button } from './Button.tsx';
import { dismiss, useToasts } from './toast.ts';
import { useReader } from './words.ts';

export function Toasts() {
  const { words } = useReader();
  return (
    <section className="toasts" aria-live="polite" aria-label={words.notices}>
      {useToasts().map(({ id, text, bad }) => (
        <div key={id} className={bad ? 'toast bad' : 'toast'}>
          <span>{text}</span>
          <Button look="quiet" slim onClick={() => dismiss(id)}>
            {words.close}
          </Button>
        </div>
      ))}
    </section>
  );
}
