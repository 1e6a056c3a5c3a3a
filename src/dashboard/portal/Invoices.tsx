import { useState } from 'react';
import { Badge, type Tone } from '../base/Badge.tsx';
import { Button } from '../base/Button.tsx';
import { DateTime } from '../base/DateTime.tsx';
import { Empty } from '../base/Empty.tsx';
import { formatMoney } from '../base/format.ts';
import { Loaded } from '../base/Loaded.tsx';
import { Money } from '../base/Money.tsx';
import { Link, navigate } from '../base/router.tsx';
import { type Column, Table } from '../base/Table.tsx';
import { useReader } from '../base/words.ts';
import { AddCard } from './CardForm.tsx';
import { type Invoice, useInvoice, useInvoices } from './data.ts';
import { Lines } from './Lines.tsx';
import { PayWith } from './PayWith.tsx';
import { usePay } from './usePay.ts';
import { useWords } from './words.ts';

const TONES: Record<Invoice['state'], Tone> = {
  draft: 'plain',
  open: 'warn',
  paid: 'good',
  void: 'plain',
  uncollectible: 'bad',
};
const pdfOf = ({ id }: Invoice): string => `/api/billing/invoices/${id}/pdf`;
const isPayable = ({ state, amountRemaining }: Invoice): boolean =>
  (state === 'open' || state === 'uncollectible') && amountRemaining.amount > 0;

export const InvoiceState = ({ state }: Pick<Invoice, 'state'>) => (
  <Badge tone={TONES[state]}>{useWords().invoiceState[state]}</Badge>
);

export function Invoices() {
  const words = useWords();
  const invoices = useInvoices();
  const numberOf = ({ number }: Invoice) => number ?? words.invoiceState.draft;
  const columns: Column<Invoice>[] = [
    { title: words.number, cell: (each) => <Link to={`/invoices/${each.id}`}>{numberOf(each)}</Link> },
    { title: words.date, cell: ({ issuedAt }) => <DateTime at={issuedAt} /> },
    { title: words.status, cell: ({ state }) => <InvoiceState state={state} /> },
    { title: words.amount, number: true, cell: ({ total }) => <Money of={total} /> },
    {
      title: words.actions,
      untitled: true,
      number: true,
      cell: (each) => (
        <span className="row end">
          {isPayable(each) && (
            <Link className="button slim" to={`/invoices/${each.id}/pay`} aria-label={words.payNamed(numberOf(each))}>
              {words.payNow}
            </Link>
          )}
          {each.number && (
            <a className="button quiet slim" href={pdfOf(each)} aria-label={words.downloadNamed(each.number)}>
              {words.download}
            </a>
          )}
        </span>
      ),
    },
  ];
  return (
    <>
      <h1>{words.invoicesTitle}</h1>
      <section className="card">
        <Loaded query={invoices}>
          {(all) =>
            all.length === 0 ? (
              <Empty title={words.noInvoices} />
            ) : (
              <Table caption={words.invoicesTitle} columns={columns} rows={all} keyOf={({ id }) => id} />
            )
          }
        </Loaded>
        {invoices.hasNextPage && (
          <p className="row">
            <Button busy={invoices.isFetchingNextPage} onClick={() => void invoices.fetchNextPage()}>
              {words.more}
            </Button>
          </p>
        )}
      </section>
    </>
  );
}

const RECENT = 3;

export function RecentInvoices() {
  const words = useWords();
  const { data = [] } = useInvoices();
  if (data.length === 0) return null;
  return (
    <section className="card stack tight">
      <h2>{words.invoicesTitle}</h2>
      <ul className="stack tight">
        {data.slice(0, RECENT).map((each) => (
          <li key={each.id} className="row apart">
            <Link to={`/invoices/${each.id}`}>
              <DateTime at={each.issuedAt} />
            </Link>
            <span className="row">
              {each.state !== 'paid' && <InvoiceState state={each.state} />}
              <Money of={each.total} />
            </span>
          </li>
        ))}
      </ul>
      <p>
        <Link to="/invoices">{words.allInvoices}</Link>
      </p>
    </section>
  );
}

export function InvoicePage({ id, isPaying = false }: { id: string; isPaying?: boolean }) {
  const words = useWords();
  const invoice = useInvoice(id);
  return (
    <Loaded query={invoice}>
      {(found) => (
        <>
          <div className="row apart">
            <h1>{`${words.invoice} ${found.number ?? ''}`}</h1>
            {found.number && (
              <a className="button" href={pdfOf(found)} aria-label={words.downloadNamed(found.number)}>
                {words.download}
              </a>
            )}
          </div>
          {isPayable(found) && (isPaying ? <PayInvoice invoice={found} /> : <PayLink invoice={found} />)}
          <section className="card stack">
            <dl className="facts">
              <dt>{words.status}</dt>
              <dd>
                <InvoiceState state={found.state} />
              </dd>
              <dt>{words.date}</dt>
              <dd>
                <DateTime at={found.issuedAt} />
              </dd>
              {found.state === 'open' && (
                <>
                  <dt>{words.dueOn}</dt>
                  <dd>
                    <DateTime at={found.dueAt} />
                  </dd>
                </>
              )}
              {found.paidAt && (
                <>
                  <dt>{words.paidOn}</dt>
                  <dd>
                    <DateTime at={found.paidAt} />
                  </dd>
                </>
              )}
            </dl>
            <Lines lines={found.lines} sums={found} caption={words.invoice} />
            {found.taxNote && <p className="small soft">{found.taxNote}</p>}
          </section>
        </>
      )}
    </Loaded>
  );
}

const PayLink = ({ invoice: { id, amountRemaining } }: { invoice: Invoice }) => {
  const words = useWords();
  const { locale } = useReader();
  return (
    <p>
      <Link className="button primary" to={`/invoices/${id}/pay`}>
        {words.payAmount(formatMoney(amountRemaining, locale))}
      </Link>
    </p>
  );
};

function PayInvoice({ invoice }: { invoice: Invoice }) {
  const words = useWords();
  const { locale } = useReader();
  const [method, setMethod] = useState('');
  const [isAdding, setAdding] = useState(false);
  const pay = usePay((how) => how === 'succeeded' && navigate(`/invoices/${invoice.id}`, { replace: true }));
  return (
    <section className="card">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!pay.isPending) pay.mutate({ invoice: invoice.id, paymentMethodId: method || undefined });
        }}
      >
        <h2>{words.payTitle(invoice.number ?? '')}</h2>
        <PayWith value={method} onChange={setMethod} onAdd={() => setAdding(true)} />
        <div className="row">
          <Button type="submit" look="primary" busy={pay.isPending}>
            {words.payAmount(formatMoney(invoice.amountRemaining, locale))}
          </Button>
        </div>
      </form>
      {isAdding && (
        <AddCard
          onClose={() => setAdding(false)}
          onAdded={({ id }) => {
            setAdding(false);
            pay.mutate({ invoice: invoice.id, paymentMethodId: id });
          }}
        />
      )}
    </section>
  );
}
