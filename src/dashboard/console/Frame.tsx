/** What stands around each page: where one can go, the search, and in test mode the time machine. */
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { signOut } from '../api/session.ts';
import { Button } from '../base/Button.tsx';
import { Link, navigate, usePath } from '../base/router.tsx';
import { type Shortcut, Shortcuts } from '../base/Shortcuts.tsx';
import { ThemeSwitch } from '../base/ThemeSwitch.tsx';
import { Toasts } from '../base/Toasts.tsx';
import { toast } from '../base/toast.ts';
import { english } from '../base/words.ts';
import { Mark } from './Mark.tsx';
import { TimeMachine } from './TimeMachine.tsx';

const PLACES = [
  {
    title: 'Customers',
    places: [
      { to: '/customers', name: 'Customers', keys: 'g c' },
      { to: '/subscriptions', name: 'Subscriptions', keys: 'g s' },
      { to: '/invoices', name: 'Invoices', keys: 'g i' },
    ],
  },
  {
    title: 'Operations',
    places: [
      { to: '/', name: 'To look at', keys: 'g h' },
      { to: '/events', name: 'Events in', keys: 'g e' },
      { to: '/messages', name: 'Messages out', keys: 'g o' },
      { to: '/discrepancies', name: 'Discrepancies', keys: 'g d' },
    ],
  },
  {
    title: 'Books',
    places: [
      { to: '/ledger', name: 'Ledger', keys: 'g l' },
      { to: '/reports', name: 'Reports', keys: 'g r' },
    ],
  },
  {
    title: 'Offer',
    places: [
      { to: '/price-books', name: 'Price books', keys: 'g p' },
      { to: '/coupons', name: 'Coupons', keys: 'g u' },
      { to: '/dunning-policies', name: 'Dunning policies', keys: 'g y' },
    ],
  },
  {
    title: 'Settings',
    places: [
      { to: '/clocks', name: 'Clocks', keys: 'g t' },
      { to: '/processor-accounts', name: 'Processor accounts', keys: 'g a' },
      { to: '/keys', name: 'Keys', keys: 'g k' },
      { to: '/seller', name: 'Tenant and seller', keys: 'g n' },
    ],
  },
] as const;

const refused = (error: Error) => toast(`You are still signed in: ${error.message}`, { bad: true });

export function Frame({ children }: { children: ReactNode }) {
  const path = usePath();
  const [isOpen, setOpen] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever goes elsewhere has chosen
  useEffect(() => setOpen(false), [path]);
  return (
    <div className="frame">
      <a className="skip" href="#main">
        {english.skip}
      </a>
      <nav className={isOpen ? 'side open' : 'side'} aria-label="Console" id="places">
        <Link to="/" className="brand">
          <Mark />
          Hydra Billing
        </Link>
        {PLACES.map(({ title, places }) => (
          <div key={title}>
            <h2>{title}</h2>
            <ul>
              {places.map(({ to, name }) => (
                <li key={to}>
                  <Link to={to} aria-current={isAt(path, to) ? 'page' : undefined}>
                    {name}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
        <div className="foot">
          <ThemeSwitch />
          <Button look="quiet" slim onClick={() => void signOut().catch(refused)}>
            Sign out
          </Button>
        </div>
      </nav>
      <div>
        <header className="top">
          <Button className="opens" aria-expanded={isOpen} aria-controls="places" onClick={() => setOpen(!isOpen)}>
            Menu
          </Button>
          <Search of={search} />
        </header>
        <TimeMachine />
        <main className="console-page" id="main" tabIndex={-1}>
          {children}
        </main>
      </div>
      <Shortcuts shortcuts={shortcutsOf(() => search.current?.focus())} />
      <Toasts />
    </div>
  );
}

const isAt = (path: string, to: string): boolean => path === to || (to !== '/' && path.startsWith(`${to}/`));

const shortcutsOf = (find: () => void): Shortcut[] => [
  { keys: '/', does: 'Find a customer, an invoice, an event', run: find },
  ...PLACES.flatMap(({ places }) =>
    places.map(({ to, name, keys }) => ({ keys, does: `Go to ${name}`, run: () => navigate(to) })),
  ),
];

function Search({ of }: { of: React.RefObject<HTMLInputElement | null> }) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const asked = of.current?.value.trim();
    if (asked) navigate(`/search?q=${encodeURIComponent(asked)}`);
  };
  return (
    <search>
      <form onSubmit={submit}>
        <input
          ref={of}
          type="search"
          aria-label="Find anything"
          placeholder="Customer, e-mail, invoice number, any id"
          autoComplete="off"
          onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
        />
        <kbd>/</kbd>
      </form>
    </search>
  );
}
