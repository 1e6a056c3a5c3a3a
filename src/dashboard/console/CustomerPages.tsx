import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { Loaded } from '../base/Loaded.tsx';
import { Table } from '../base/Table.tsx';
import { Act } from './Act.tsx';
import { minorOf } from './amount.ts';
import { List } from './List.tsx';
import { usePaged } from './paged.ts';
import { Card, Facts, Id, Page, State, Sum, When } from './Shown.tsx';
import { StateFilter } from './StateFilter.tsx';
import { Timeline } from './Timeline.tsx';
import { inWords } from './words.ts';

type Customered = Schemas['Customer'];
type Subscribed = Schemas['Subscription'];

export function Customers() {
  const customers = usePaged<Customered>(['customers'], (cursor) =>
    ask(api.GET('/api/admin/customers', { params: { query: { limit: 50, ...(cursor && { cursor }) } } })),
  );
  return (
    <Page
      title="Customers"
      about="Names and e-mails are sealed where they are stored; an e-mail is found by the search above."
    >
      <section className="card">
        <List
          of={customers}
          caption="Customers, the newest first"
          none="There are no customers yet"
          keyOf={({ id }) => id}
          columns={[
            { title: 'Name', cell: ({ id, name }) => <Id of={id}>{name ?? 'Without a name'}</Id> },
            { title: 'E-mail', cell: ({ email }) => email ?? '–' },
            { title: 'Your id', cell: ({ externalId }) => externalId ?? '–' },
            { title: 'Currency', cell: ({ currency }) => currency.toUpperCase() },
            { title: 'Clock', cell: ({ clockId }) => (clockId ? <Id of={clockId}>on a clock</Id> : '–') },
            { title: 'Since', cell: ({ createdAt }) => <When at={createdAt} /> },
          ]}
        />
      </section>
    </Page>
  );
}

const subscriptionColumns = [
  {
    title: 'Plan',
    cell: ({ id, planId, quantity }: Subscribed) => <Id of={id}>{planId ? `${planId} × ${quantity}` : 'None yet'}</Id>,
  },
  { title: 'State', cell: ({ state }: Subscribed) => <State of={state} /> },
  { title: 'Access', cell: ({ access }: Subscribed) => access.level },
  { title: 'Next', cell: ({ nextDueAt }: Subscribed) => <When at={nextDueAt} /> },
];

const STATES = ['draft', 'incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled'] as const;
type StateName = (typeof STATES)[number];

export function Subscriptions() {
  const [state, setState] = useState<StateName | ''>('');
  const subscriptions = usePaged<Subscribed>(['subscriptions', { state }], (cursor) =>
    ask(
      api.GET('/api/admin/subscriptions', {
        params: { query: { limit: 50, ...(cursor && { cursor }), ...(state && { state }) } },
      }),
    ),
  );
  return (
    <Page title="Subscriptions">
      <section className="card stack">
        <div className="filters">
          <StateFilter states={STATES} value={state} onChange={setState} />
        </div>
        <List
          of={subscriptions}
          caption="Subscriptions, the newest first"
          none={state ? `None is ${inWords(state)}` : 'There are no subscriptions yet'}
          keyOf={({ id }) => id}
          columns={[
            ...subscriptionColumns,
            { title: 'Customer', cell: ({ customerId }) => <Id of={customerId} /> },
            { title: 'Began', cell: ({ createdAt }) => <When at={createdAt} /> },
          ]}
        />
      </section>
    </Page>
  );
}

export function Customer({ id }: { id: string }) {
  const customer = useQuery({
    queryKey: ['customer', id],
    queryFn: () => ask(api.GET('/api/admin/customers/{id}', { params: { path: { id } } })),
  });
  const subscriptions = useQuery({
    queryKey: ['subscriptions', { customerId: id }],
    queryFn: () => ask(api.GET('/api/admin/subscriptions', { params: { query: { customerId: id, limit: 50 } } })),
  });
  return (
    <Loaded query={customer}>
      {(it) => (
        <Page
          above="Customer"
          title={it.name ?? 'Without a name'}
          about={[it.email, it.address?.city, it.address?.country].filter(Boolean).join(' · ')}
          actions={<Actions of={it} />}
        >
          <div className="beside">
            <div className="stack wide">
              <Card title="Subscriptions">
                <Loaded query={subscriptions}>
                  {({ data }) =>
                    data.length === 0 ? (
                      <p className="soft">None was ever begun.</p>
                    ) : (
                      <Table
                        caption="Subscriptions"
                        rows={data}
                        keyOf={(each) => each.id}
                        columns={subscriptionColumns}
                      />
                    )
                  }
                </Loaded>
              </Card>
              <Card title="Timeline">
                <Timeline of={{ customerId: id }} />
              </Card>
            </div>
            <div className="stack wide">
              <About of={it} />
              <Credit id={id} />
              <Methods id={id} />
            </div>
          </div>
        </Page>
      )}
    </Loaded>
  );
}

const About = ({ of: it }: { of: Customered }) => (
  <Card title="Customer">
    <Facts
      of={[
        [
          'Id',
          <span key="id" className="id">
            {it.id}
          </span>,
        ],
        ['Your id', it.externalId ?? '–'],
        ['Users', it.subjects.join(', ') || '–'],
        ['Language', it.locale],
        ['Currency', it.currency.toUpperCase()],
        ['Time zone', it.timeZone],
        ['Tax id', it.taxId ? `${it.taxId}${it.taxIdState ? ` (${it.taxIdState})` : ''}` : '–'],
        ['Tax', it.taxExempt ? 'exempt' : 'as the law has it'],
        ['Clock', <Id key="clock" of={it.clockId} />],
        ['Since', <When key="since" at={it.createdAt} />],
      ]}
    />
  </Card>
);

function Credit({ id }: { id: string }) {
  const credit = useQuery({
    queryKey: ['credit', id],
    queryFn: () => ask(api.GET('/api/admin/customers/{id}/credit', { params: { path: { id }, query: { limit: 5 } } })),
  });
  return (
    <Card title="Credit">
      <Loaded query={credit}>
        {(seen) => (
          <Facts
            of={[
              ['For next invoices', <Sums key="credit" of={seen.credit} />],
              ['Unapplied cash', <Sums key="cash" of={seen.unappliedCash} />],
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}

const Sums = ({ of }: { of: readonly Schemas['Money'][] }) =>
  of.length === 0 ? 'none' : of.map((each) => <Sum key={each?.currency} of={each} />);

function Methods({ id }: { id: string }) {
  const methods = useQuery({
    queryKey: ['methods', id],
    queryFn: () => ask(api.GET('/api/billing/payment-methods', { params: { header: { 'Hydra-Customer': id } } })),
  });
  return (
    <Card title="Payment methods">
      <Loaded query={methods}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="soft">None: the next invoice can’t be charged.</p>
          ) : (
            <ul className="stack tight">
              {data.map(({ id, brand, last4, processor, isDefault }) => (
                <li key={id}>
                  {brand ?? processor} {last4 && `···· ${last4}`} {isDefault && <span className="badge">default</span>}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

function Actions({ of: { id, currency, clockId } }: { of: Customered }) {
  const changing =
    (path: '/api/admin/customers/{id}/credit' | '/api/admin/customers/{id}/credit/withdraw') =>
    ({ amount = '', reason = '' }: Record<string, string>) =>
      ask(
        api.POST(path, {
          params: { path: { id } },
          body: { amount: { amount: minorOf(amount, currency) ?? 0, currency }, reason },
        }),
      );
  const blanks = [
    { name: 'amount', label: `Amount in ${currency.toUpperCase()}` },
    { name: 'reason', label: 'Reason', hint: 'It stands in the audit log' },
  ];
  return (
    <>
      <Act
        label="Give credit…"
        title="Give credit"
        blanks={blanks}
        says={({ amount }) =>
          `${amount || 'The amount'} ${currency.toUpperCase()} becomes credit, which the next invoices use up.`
        }
        run={changing('/api/admin/customers/{id}/credit')}
        done="The credit was given"
      />
      <Act
        label="Take credit back…"
        title="Take credit back"
        blanks={blanks}
        says={({ amount }) =>
          `${amount || 'The amount'} ${currency.toUpperCase()} of credit is taken back, and no invoice uses it up.`
        }
        run={changing('/api/admin/customers/{id}/credit/withdraw')}
        done="The credit was taken back"
      />
      {!clockId && (
        <Act
          label="Put on a clock…"
          title="Put on a test clock"
          blanks={[{ name: 'clock', label: 'Clock', hint: 'An id that begins with clk_' }]}
          says={() =>
            'All that this customer has is brought to the clock’s time and lives by it from now on; there is no way back.'
          }
          run={({ clock = '' }) =>
            ask(
              api.POST('/api/admin/clocks/{id}/customers', {
                params: { path: { id: clock } },
                body: { customerId: id },
              }),
            )
          }
          done="The customer lives by the clock"
        />
      )}
    </>
  );
}
