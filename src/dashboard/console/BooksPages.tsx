import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { Field } from '../base/Field.tsx';
import { formatMoney } from '../base/format.ts';
import { Loaded } from '../base/Loaded.tsx';
import { Link, navigate, useSearch } from '../base/router.tsx';
import { Table } from '../base/Table.tsx';
import { Tabs } from '../base/Tabs.tsx';
import { Act } from './Act.tsx';
import { List } from './List.tsx';
import { usePaged } from './paged.ts';
import { Card, Facts, Id, Page, State, Sum, When } from './Shown.tsx';
import { inWords } from './words.ts';

type Account = Schemas['LedgerAccount'];
type Entry = Schemas['LedgerEntry'];

const Ledgers = () => (
  <Tabs
    label="Ledger"
    tabs={[
      { to: '/ledger', title: 'Accounts' },
      { to: '/ledger/entries', title: 'Entries' },
      { to: '/ledger/trial-balance', title: 'Trial balance' },
      { to: '/ledger/close', title: 'Close' },
    ]}
  />
);

const entriesOf = (account: Pick<Account, 'code' | 'owner'>): string =>
  `/ledger/entries?account=${account.code}${account.owner ? `&owner=${encodeURIComponent(account.owner)}` : ''}`;

export function Accounts() {
  const accounts = usePaged<Account>(['accounts'], (cursor) =>
    ask(api.GET('/api/admin/ledger/accounts', { params: { query: { limit: 100, ...(cursor && { cursor }) } } })),
  );
  return (
    <Page title="Ledger" about="Double entry, append-only. A balance stands on the side on which its account grows.">
      <Ledgers />
      <section className="card">
        <List
          of={accounts}
          caption="Accounts with their balances"
          none="Nothing is booked yet"
          keyOf={({ code, owner, balance }) => `${code} ${owner} ${balance?.currency}`}
          columns={[
            { title: 'Account', cell: (each) => <Link to={entriesOf(each)}>{inWords(each.code)}</Link> },
            {
              title: 'Whose',
              cell: ({ owner, customerId }) => (customerId ? <Id of={customerId} /> : (owner ?? 'our own')),
            },
            { title: 'Grows by', cell: ({ kind }) => kind },
            { title: 'Balance', number: true, cell: ({ balance }) => <Sum of={balance} /> },
          ]}
        />
      </section>
    </Page>
  );
}

export function Entries() {
  const asked = useSearch();
  const account = asked.get('account') ?? '';
  const owner = asked.get('owner') ?? '';
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const filter = {
    ...(account && { account: account as never }),
    ...(owner && { owner }),
    ...(from && { from: `${from}T00:00:00Z` }),
    ...(to && { to: `${to}T00:00:00Z` }),
  };
  const entries = usePaged<Entry>(['entries', filter], (cursor) =>
    ask(
      api.GET('/api/admin/ledger/entries', { params: { query: { limit: 50, ...(cursor && { cursor }), ...filter } } }),
    ),
  );
  return (
    <Page title={account ? inWords(account) : 'Entries'} about={owner && <>Of {owner}</>}>
      <Ledgers />
      <section className="card stack">
        <div className="filters">
          <Field
            label="Account"
            value={account}
            placeholder="all"
            onChange={(event) => navigate(`/ledger/entries?account=${event.target.value.trim()}`, { replace: true })}
          />
          <Field label="From" type="date" value={from} onChange={(event) => setFrom(event.target.value)} />
          <Field label="Until" type="date" value={to} onChange={(event) => setTo(event.target.value)} />
        </div>
        <List
          of={entries}
          caption="Entries, the newest first"
          none="No such entry"
          keyOf={({ id }) => String(id)}
          columns={[
            { title: 'When', cell: ({ at }) => <When at={at} /> },
            { title: 'Account', cell: ({ account }) => inWords(account) },
            {
              title: 'Transaction',
              cell: ({ transactionId, kind }) => (
                <Link to={`/ledger/transactions/${transactionId}`}>{inWords(kind)}</Link>
              ),
            },
            { title: 'Subscription', cell: ({ subscriptionId }) => <Id of={subscriptionId} /> },
            { title: 'Debit', number: true, cell: ({ debit }) => <Sum of={debit} /> },
            { title: 'Credit', number: true, cell: ({ credit }) => <Sum of={credit} /> },
          ]}
        />
      </section>
    </Page>
  );
}

export function Transaction({ id }: { id: string }) {
  const transaction = useQuery({
    queryKey: ['transaction', id],
    queryFn: () => ask(api.GET('/api/admin/ledger/transactions/{id}', { params: { path: { id: Number(id) } } })),
  });
  return (
    <Loaded query={transaction}>
      {({ kind, key, at, recordedAt, subscriptionId, entries, cause }) => (
        <Page above={<Link to="/ledger">Ledger</Link>} title={inWords(kind)}>
          <div className="beside">
            <Card title="Entries">
              <Table
                caption="Entries"
                rows={entries}
                keyOf={(entry) => String(entry.id)}
                columns={[
                  {
                    title: 'Account',
                    cell: (entry) => (
                      <Link to={entriesOf({ code: entry.account, owner: entry.owner })}>{inWords(entry.account)}</Link>
                    ),
                  },
                  {
                    title: 'Whose',
                    cell: ({ owner, customerId }) => (customerId ? <Id of={customerId} /> : (owner ?? 'our own')),
                  },
                  { title: 'Debit', number: true, cell: ({ debit }) => <Sum of={debit} /> },
                  { title: 'Credit', number: true, cell: ({ credit }) => <Sum of={credit} /> },
                ]}
              />
            </Card>
            <Card title="Why it was made">
              <Facts
                of={[
                  [
                    'Key',
                    <span key="key" className="id">
                      {key}
                    </span>,
                  ],
                  ['Day', <When key="at" at={at} />],
                  ['Recorded', <When key="recorded" at={recordedAt} />],
                  ['Subscription', <Id key="subscription" of={subscriptionId} />],
                  [
                    'Invoice',
                    <Id key="invoice" of={cause.invoice?.id}>
                      {cause.invoice?.number ?? cause.invoice?.id}
                    </Id>,
                  ],
                  [
                    'Payment',
                    <span key="payment" className="id">
                      {cause.payment?.id ?? '–'}
                    </span>,
                  ],
                  [
                    'Refund',
                    <span key="refund" className="id">
                      {cause.refund?.id ?? '–'}
                    </span>,
                  ],
                  ['Rule', cause.decision ? `${cause.decision.rule}, version ${cause.decision.version}` : '–'],
                  [
                    'On',
                    cause.decision ? `${inWords(cause.decision.input)} from the ${cause.decision.origin.by}` : '–',
                  ],
                ]}
              />
            </Card>
          </div>
        </Page>
      )}
    </Loaded>
  );
}

export function TrialBalance() {
  const [day, setDay] = useState('');
  const balance = useQuery({
    queryKey: ['trial-balance', day],
    queryFn: () =>
      ask(api.GET('/api/admin/ledger/trial-balance', { params: { query: day ? { at: `${day}T23:59:59Z` } : {} } })),
  });
  return (
    <Page title="Trial balance">
      <Ledgers />
      <section className="card stack">
        <div className="filters">
          <Field
            label="At the end of"
            type="date"
            value={day}
            hint="Empty: now, and all that is booked ahead"
            onChange={(event) => setDay(event.target.value)}
          />
        </div>
        <Loaded query={balance}>
          {({ currencies }) => (
            <div className="stack wide">
              {currencies.length === 0 && <p className="soft">Nothing was booked by then.</p>}
              {currencies.map(({ currency, accounts, balanced }) => {
                const sum = (amount: number) => (amount === 0 ? '' : formatMoney({ amount, currency }, 'en'));
                const total = (side: 'debit' | 'credit') => accounts.reduce((all, each) => all + each[side], 0);
                return (
                  <div key={currency} className="stack">
                    <h2>
                      {currency.toUpperCase()} <State of={balanced ? 'balanced' : 'failed'} />
                    </h2>
                    <Table
                      caption={`Trial balance in ${currency.toUpperCase()}`}
                      rows={accounts}
                      keyOf={({ account }) => account}
                      columns={[
                        {
                          title: 'Account',
                          cell: ({ account }) => (
                            <Link to={`/ledger/entries?account=${account}`}>{inWords(account)}</Link>
                          ),
                        },
                        { title: 'Debit', number: true, cell: ({ debit }) => sum(debit) },
                        { title: 'Credit', number: true, cell: ({ credit }) => sum(credit) },
                      ]}
                      foot={
                        <tr className="sum">
                          <td>Together</td>
                          <td className="number">{sum(total('debit'))}</td>
                          <td className="number">{sum(total('credit'))}</td>
                        </tr>
                      }
                    />
                  </div>
                );
              })}
            </div>
          )}
        </Loaded>
      </section>
    </Page>
  );
}

export function Close() {
  const months = useQuery({ queryKey: ['months'], queryFn: () => ask(api.GET('/api/admin/ledger/close')) });
  return (
    <Page
      title="Close"
      about="A closed month takes no posting any more; what comes late is booked in the first open one."
    >
      <Ledgers />
      <Loaded query={months}>
        {({ closed, next }) => (
          <div className="beside">
            <Card title="Closed months">
              {closed.length === 0 ? (
                <p className="soft">None is closed yet.</p>
              ) : (
                <Table
                  caption="Closed months"
                  rows={closed}
                  keyOf={({ month }) => month}
                  columns={[
                    { title: 'Month', cell: ({ month }) => month },
                    { title: 'Closed', cell: ({ closedAt }) => <When at={closedAt} /> },
                    { title: 'By', cell: ({ closedBy }) => <span className="id">{closedBy}</span> },
                  ]}
                />
              )}
            </Card>
            <Card title={next ? `Next: ${next.month}` : 'Next'}>
              {next ? <NextMonth of={next} /> : <p className="soft">There is nothing to close.</p>}
            </Card>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function NextMonth({ of: { month, isOver, problems } }: { of: NonNullable<Schemas['LedgerMonths']['next']> }) {
  return (
    <div className="stack">
      {!isOver && <p className="note">It is not over yet.</p>}
      {problems.map(({ type, count, examples }) => (
        <p key={type} className="note warn">
          <strong>
            {count} × {inWords(type)}
          </strong>
          <span className="small id">{examples.join(', ')}</span>
        </p>
      ))}
      {isOver && problems.length === 0 && (
        <Act
          label={`Close ${month}…`}
          title={`Close ${month}`}
          look="primary"
          slim={false}
          says={() => `From now on nothing is booked in ${month} or before; it can’t be opened again.`}
          run={() => ask(api.POST('/api/admin/ledger/close', { body: { through: month } }))}
          done={`${month} is closed`}
        />
      )}
    </div>
  );
}
