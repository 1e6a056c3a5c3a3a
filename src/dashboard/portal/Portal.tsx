import './portal.css';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { signOut, useSession, whereFrom } from '../api/session.ts';
import { Button } from '../base/Button.tsx';
import { match } from '../base/match.ts';
import { navigate, usePath } from '../base/router.tsx';
import { Shortcuts } from '../base/Shortcuts.tsx';
import { Tabs } from '../base/Tabs.tsx';
import { ThemeSwitch } from '../base/ThemeSwitch.tsx';
import { Toasts } from '../base/Toasts.tsx';
import { toast } from '../base/toast.ts';
import { ReaderContext } from '../base/words.ts';
import { Cancel } from './Cancel.tsx';
import { ChangePlan } from './ChangePlan.tsx';
import { Details } from './Details.tsx';
import { Devices } from './Devices.tsx';
import { useProfile } from './data.ts';
import { InvoicePage, Invoices } from './Invoices.tsx';
import { Methods } from './Methods.tsx';
import { OverdueNotes } from './Overdue.tsx';
import { Overview } from './Overview.tsx';
import { Plans, Subscribe } from './Plans.tsx';
import { en, type Words } from './words/en.ts';
import {
  hasKeptLanguage,
  keepLanguage,
  LANGUAGES,
  type Language,
  languageOf,
  preferredLocale,
  useWords,
  WordsContext,
  wordsOf,
} from './words.ts';

export function Portal() {
  const session = useSession();
  return <InLanguage>{session.state === 'out' ? <SignedOut /> : <Pages />}</InLanguage>;
}

/** What was chosen here; else the customer's own language, as soon as it is known; else the browser's. */
function InLanguage({ children }: { children: ReactNode }) {
  const isOut = useSession().state === 'out';
  const [locale, setLocale] = useState(preferredLocale);
  const [words, setWords] = useState<Words | null>(languageOf(locale) === 'en' ? en : null);
  useEffect(() => {
    let isCurrent = true;
    void wordsOf(languageOf(locale)).then((found) => {
      if (!isCurrent) return;
      document.documentElement.lang = locale;
      setWords(found);
    });
    return () => {
      isCurrent = false;
    };
  }, [locale]);
  if (!words) return null;
  return (
    <WordsContext value={words}>
      <ReaderContext value={{ locale, words }}>
        {!isOut && <OwnLanguage locale={locale} onLocale={setLocale} />}
        <div className="frame">
          <Header locale={locale} onLocale={setLocale} />
          {children}
        </div>
        <Toasts />
      </ReaderContext>
    </WordsContext>
  );
}

function OwnLanguage({ locale, onLocale }: { locale: string; onLocale: (locale: string) => void }) {
  const { data } = useProfile();
  const own = data?.locale;
  useEffect(() => {
    if (own && own !== locale && !hasKeptLanguage()) onLocale(own);
  }, [own, locale, onLocale]);
  return null;
}

function Header({ locale, onLocale }: { locale: string; onLocale: (locale: string) => void }) {
  const words = useWords();
  const isOut = useSession().state === 'out';
  const refused = (error: Error) => toast(words.notChanged(error.message), { bad: true });
  return (
    <header>
      <a className="skip" href="#main">
        {words.skip}
      </a>
      <span className="brand">{isOut ? words.billing : <Seller />}</span>
      <div className="row">
        <label className="switch">
          <span className="hidden">{words.language}</span>
          <select
            value={languageOf(locale)}
            onChange={(event) => {
              keepLanguage(event.target.value as Language);
              onLocale(event.target.value);
            }}
          >
            {Object.entries(LANGUAGES).map(([code, name]) => (
              <option key={code} value={code} lang={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <ThemeSwitch />
        {!isOut && (
          <Button look="quiet" slim onClick={() => void signOut().catch(refused)}>
            {words.signOut}
          </Button>
        )}
      </div>
    </header>
  );
}

function Seller() {
  const words = useWords();
  const { data } = useProfile();
  return <>{data?.seller || words.billing}</>;
}

function SignedOut() {
  const words = useWords();
  return (
    <main id="main">
      <h1>{words.signedOut}</h1>
      <p className="soft">{words.signInAgain}</p>
    </main>
  );
}

function Pages() {
  const words = useWords();
  const path = usePath();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const from = whereFrom();
  // Whoever hears the page is told that it is another one.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is what makes it another
  useEffect(() => {
    const heading = main.current?.querySelector('h1');
    document.title = `${heading?.textContent ?? words.billing} · ${words.billing}`;
    if (!first.current) main.current?.focus();
    first.current = false;
  }, [path, words]);
  const shortcuts = TABS.map(({ to, key, name }) => ({
    keys: `g ${key}`,
    does: words.nav[name],
    run: () => navigate(to),
  }));
  return (
    <>
      <Shortcuts shortcuts={shortcuts} />
      <Tabs label={words.billing} tabs={TABS.map(({ to, name }) => ({ to, title: words.nav[name] }))} />
      <main id="main" ref={main} tabIndex={-1}>
        <OverdueNotes />
        {pageAt(path) ?? <h1>{words.notFound}</h1>}
      </main>
      {from && (
        <footer>
          <a href={from}>{words.back(new URL(from).host)}</a>
        </footer>
      )}
    </>
  );
}

const TABS = [
  { to: '/', key: 'o', name: 'overview' },
  { to: '/plans', key: 'p', name: 'plans' },
  { to: '/invoices', key: 'i', name: 'invoices' },
  { to: '/payment-methods', key: 'm', name: 'methods' },
  { to: '/details', key: 'd', name: 'details' },
] as const;

type Page = (path: string) => ReactNode;
const at =
  <Pattern extends string>(
    pattern: Pattern,
    page: (params: NonNullable<ReturnType<typeof match<Pattern>>>) => ReactNode,
  ): Page =>
  (path) => {
    const params = match(pattern, path);
    return params && page(params);
  };

const PAGES: readonly Page[] = [
  at('/', () => <Overview />),
  at('/plans', () => <Plans />),
  at('/plans/:id', ({ id }) => <Subscribe planId={id} />),
  at('/subscriptions/:id/change', ({ id }) => <ChangePlan id={id} />),
  at('/subscriptions/:id/cancel', ({ id }) => <Cancel id={id} />),
  at('/cancel', () => <Cancel id={null} />),
  at('/invoices', () => <Invoices />),
  at('/invoices/:id', ({ id }) => <InvoicePage key={id} id={id} />),
  at('/invoices/:id/pay', ({ id }) => <InvoicePage key={id} id={id} isPaying />),
  at('/payment-methods', () => <Methods />),
  at('/update-card', () => <Methods isAddingAtOnce />),
  at('/details', () => <Details />),
  at('/devices', () => <Devices />),
];

function pageAt(path: string): ReactNode {
  for (const page of PAGES) {
    const found = page(path);
    if (found) return found;
  }
  return null;
}
