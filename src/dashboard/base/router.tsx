/** Addresses below the page's own (`/portal`): what is shown is a function of the path. */
import { type ComponentProps, useSyncExternalStore } from 'react';

let base = '';
const listeners = new Set<() => void>();
const tell = () => {
  for (const listener of listeners) listener();
};

/** Called once, by the page that starts. */
export function startRouter(at: string): void {
  base = at;
  addEventListener('popstate', tell);
}

const currentPath = (): string => {
  const { pathname } = location;
  const path = pathname.startsWith(base) ? pathname.slice(base.length) : pathname;
  return path.replace(/\/+$/, '') || '/';
};
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const usePath = (): string => useSyncExternalStore(subscribe, currentPath);
export const useSearch = (): URLSearchParams =>
  new URLSearchParams(useSyncExternalStore(subscribe, () => location.search));

/** `/customers/cus_1?tab=invoices`, below the base. */
export function navigate(to: string, { replace = false } = {}): void {
  const address = base + (to === '/' ? '' : to);
  if (replace) history.replaceState(null, '', address);
  else {
    history.pushState(null, '', address);
    scrollTo(0, 0);
  }
  tell();
}

/** A real link: it opens in a new tab as any other does. */
export function Link({ to, onClick, ...rest }: Omit<ComponentProps<'a'>, 'href'> & { to: string }) {
  return (
    <a
      {...rest}
      href={base + (to === '/' ? '' : to)}
      onClick={(event) => {
        onClick?.(event);
        const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
        if (!isPlain || event.defaultPrevented || rest.target) return;
        event.preventDefault();
        navigate(to);
      }}
    />
  );
}
