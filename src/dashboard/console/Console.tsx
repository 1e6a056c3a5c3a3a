/** The operator's pages: signed in or not, and which of them an address means. */
import { type ComponentType, lazy, type ReactNode, Suspense } from 'react';
import { useSession } from '../api/session.ts';
import { match } from '../base/match.ts';
import { usePath } from '../base/router.tsx';
import { Skeleton } from '../base/Skeleton.tsx';
import './console.css';
import { Frame } from './Frame.tsx';
import { Mark } from './Mark.tsx';
import { Missing } from './Missing.tsx';

export function Console() {
  const session = useSession();
  if (session.state === 'out') {
    return (
      <main className="page signed-out" id="main">
        <Mark />
        <h1>Console</h1>
        <p className="soft">
          You are not signed in. Open this page by the link that you were given; <code>npm start</code> prints one.
        </p>
      </main>
    );
  }
  return (
    <Frame>
      <Suspense fallback={<Skeleton lines={8} />}>
        <Where />
      </Suspense>
    </Frame>
  );
}

type Place = readonly [pattern: string, page: ComponentType<{ id: string }>];

/** A page's script comes when the page is first opened. */
const page = <Name extends string>(load: () => Promise<Record<Name, ComponentType<{ id: string }>>>, name: Name) =>
  lazy(async () => ({ default: (await load())[name] }));

const books = () => import('./BooksPages.tsx');
const out = () => import('./OutPages.tsx');
const offer = () => import('./OfferPages.tsx');
const operations = () => import('./OperationsPages.tsx');
const settings = () => import('./SettingsPages.tsx');
const customers = () => import('./CustomerPages.tsx');
const invoices = () => import('./InvoicePages.tsx');

const PLACES: readonly Place[] = [
  ['/', page(operations, 'ToLookAt')],
  ['/search', page(() => import('./SearchPage.tsx'), 'SearchPage')],
  ['/customers', page(customers, 'Customers')],
  ['/customers/:id', page(customers, 'Customer')],
  ['/subscriptions', page(customers, 'Subscriptions')],
  ['/subscriptions/:id', page(() => import('./SubscriptionPage.tsx'), 'Subscription')],
  ['/invoices', page(invoices, 'Invoices')],
  ['/invoices/:id', page(invoices, 'InvoicePage')],
  ['/events', page(operations, 'EventsIn')],
  ['/messages', page(out, 'MessagesOut')],
  ['/endpoints', page(out, 'Endpoints')],
  ['/endpoints/:id', page(out, 'Endpoint')],
  ['/mails', page(out, 'Mails')],
  ['/mails/:id', page(out, 'Mail')],
  ['/discrepancies', page(operations, 'Discrepancies')],
  ['/ledger', page(books, 'Accounts')],
  ['/ledger/entries', page(books, 'Entries')],
  ['/ledger/trial-balance', page(books, 'TrialBalance')],
  ['/ledger/close', page(books, 'Close')],
  ['/ledger/transactions/:id', page(books, 'Transaction')],
  ['/reports', page(() => import('./ReportPages.tsx'), 'Reports')],
  ['/price-books', page(offer, 'PriceBooks')],
  ['/price-books/:id', page(offer, 'PriceBook')],
  ['/dunning-policies', page(offer, 'DunningPolicies')],
  ['/processor-accounts', page(settings, 'ProcessorAccounts')],
  ['/coupons', page(offer, 'Coupons')],
  ['/coupons/:id', page(offer, 'Coupon')],
  ['/clocks', page(settings, 'Clocks')],
  ['/clocks/:id', page(settings, 'ClockPage')],
  ['/keys', page(settings, 'Keys')],
  ['/seller', page(settings, 'SellerPage')],
];

function Where(): ReactNode {
  const path = usePath();
  for (const [pattern, Page] of PLACES) {
    const params = match(pattern, path) as { id?: string } | null;
    if (params) return <Page key={path} id={params.id ?? ''} />;
  }
  return <Missing />;
}
