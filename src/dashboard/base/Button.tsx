import type { ComponentProps } from 'react';

type Look = 'primary' | 'danger' | 'quiet';
type Props = ComponentProps<'button'> & { look?: Look | undefined; slim?: boolean; busy?: boolean };

/** While it is busy it keeps its place and the focus, and does nothing. */
export function Button({ look, slim, busy = false, className, children, onClick, type = 'button', ...rest }: Props) {
  return (
    <button
      {...rest}
      type={type}
      className={['button', look, slim && 'slim', className].filter(Boolean).join(' ')}
      aria-disabled={busy || undefined}
      onClick={(event) => (busy ? event.preventDefault() : onClick?.(event))}
    >
      {busy && <span className="busy" aria-hidden="true" />}
      {children}
    </button>
  );
}
