import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { Chart } from '../base/Chart.tsx';
import { Empty } from '../base/Empty.tsx';
import { Field, Select } from '../base/Field.tsx';
import { formatMoney } from '../base/format.ts';
import { Loaded } from '../base/Loaded.tsx';
import { Skeleton } from '../base/Skeleton.tsx';
import { Table } from '../base/Table.tsx';
import { usePresent } from './clock.ts';
import { MovementChart } from './MovementChart.tsx';
import { Card, Id, Page } from './Shown.tsx';

const WINDOW_MONTHS = 11;
const isMonth = (text: string) => /^\d{4}-\d{2}$/.test(text);
const monthsBefore = (month: string, count: number): string => {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 - count, 1)).toISOString().slice(0, 7);
};
const zones = ['UTC', 'America/New_York', 'Europe/Berlin', 'Asia/Tokyo'];

type Range = { from: string; to: string; timeZone: string };

/** Where a clock leads, the present is its own. */
export function Reports() {
  const now = usePresent();
  return now === null ? <Skeleton lines={8} /> : <ReportsAt now={now} />;
}

function ReportsAt({ now }: { now: string }) {
  const [to, setTo] = useState(now.slice(0, 7));
  const [from, setFrom] = useState(() => monthsBefore(now.slice(0, 7), WINDOW_MONTHS));
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [timeZone, setTimeZone] = useState('UTC');
  const isWhole = isMonth(from) && isMonth(to) && from <= to;
  // A report ends before its last month, a person means it to be in it.
  const range = { from, to: isWhole ? monthsBefore(to, -1) : to, timeZone };
  return (
    <Page title="Reports">
      <div className="filters">
        <Field label="From" type="month" value={from} onChange={(event) => setFrom(event.target.value)} />
        <Field label="To" type="month" value={to} onChange={(event) => setTo(event.target.value)} />
        <Select label="Time zone" value={timeZone} onChange={(event) => setTimeZone(event.target.value)}>
          {[...new Set([...zones, own])].map((zone) => (
            <option key={zone}>{zone}</option>
          ))}
        </Select>
      </div>
      {isWhole ? (
        <>
          <Recurring of={range} />
          <Churn of={range} />
          <Deferred of={range} />
          <Aging timeZone={timeZone} today={now.slice(0, 10)} />
        </>
      ) : (
        <Empty title="Choose a month to begin with, and one to end with that isn’t before it" />
      )}
    </Page>
  );
}

const none = <p className="soft">Nothing in these months.</p>;

function Recurring({ of: range }: { of: Range }) {
  const report = useQuery({
    queryKey: ['mrr', range],
    queryFn: () => ask(api.GET('/api/admin/reports/mrr', { params: { query: range } })),
  });
  return (
    <Card title="Monthly recurring revenue">
      <Loaded query={report}>
        {({ currencies }) =>
          currencies.length === 0 ? none : currencies.map((each) => <RecurringIn key={each.currency} of={each} />)
        }
      </Loaded>
    </Card>
  );
}

function RecurringIn({ of: { currency, months } }: { of: Schemas['MrrReport']['currencies'][number] }) {
  const money = (amount: number) => formatMoney({ amount, currency }, 'en');
  const last = months.at(-1);
  return (
    <div className="stack">
      <p>
        <span className="big number">{money(last?.closing ?? 0)}</span>{' '}
        <span className="soft">at the end of {last?.month}</span>
      </p>
      <MovementChart
        title={`How recurring revenue in ${currency.toUpperCase()} moved`}
        currency={currency}
        gains={['New', 'Expansion', 'Reactivation']}
        losses={['Churn', 'Contraction']}
        months={months.map((month) => ({
          label: month.month,
          gains: [month.new.amount, month.expansion.amount, month.reactivation.amount],
          losses: [month.churn.amount, month.contraction.amount],
          closing: month.closing,
        }))}
      />
      <details>
        <summary className="small">Show as a table</summary>
        <div className="scrolls">
          <Table
            caption={`Monthly recurring revenue in ${currency.toUpperCase()}`}
            rows={months}
            keyOf={({ month }) => month}
            columns={[
              { title: 'Month', cell: ({ month }) => month },
              { title: 'Opening', number: true, cell: ({ opening }) => money(opening) },
              { title: 'New', number: true, cell: (month) => money(month.new.amount) },
              { title: 'Expansion', number: true, cell: ({ expansion }) => money(expansion.amount) },
              { title: 'Reactivation', number: true, cell: ({ reactivation }) => money(reactivation.amount) },
              { title: 'Contraction', number: true, cell: ({ contraction }) => money(contraction.amount) },
              { title: 'Churn', number: true, cell: ({ churn }) => money(churn.amount) },
              { title: 'Closing', number: true, cell: ({ closing }) => money(closing) },
            ]}
          />
        </div>
      </details>
    </div>
  );
}

function Churn({ of: range }: { of: Range }) {
  const report = useQuery({
    queryKey: ['churn', range],
    queryFn: () => ask(api.GET('/api/admin/reports/churn', { params: { query: range } })),
  });
  const percent = (value: number) => `${value.toFixed(1)} %`;
  return (
    <Card title="Churn">
      <Loaded query={report}>
        {({ currencies }) =>
          currencies.length === 0
            ? none
            : currencies.map(({ currency, months }) => (
                <Chart
                  key={currency}
                  kind="lines"
                  title={`Customers and revenue lost, ${currency.toUpperCase()}`}
                  labels={months.map(({ month }) => month)}
                  series={[
                    { name: 'Customers', values: months.map(({ customers }) => Number(customers.churnPercent ?? 0)) },
                    {
                      name: 'Revenue, gross',
                      values: months.map(({ recurring }) => Number(recurring.grossChurnPercent ?? 0)),
                    },
                  ]}
                  format={percent}
                />
              ))
        }
      </Loaded>
    </Card>
  );
}

function Deferred({ of: { from, to } }: { of: Range }) {
  const report = useQuery({
    queryKey: ['deferred', from, to],
    queryFn: () => ask(api.GET('/api/admin/reports/deferred-revenue', { params: { query: { from, to } } })),
  });
  return (
    <Card title="Deferred revenue, by when it is earned">
      <Loaded query={report}>
        {({ currencies }) =>
          currencies.length === 0
            ? none
            : currencies.map(({ currency, origins }) => {
                const months = [...new Set(origins.flatMap(({ earned }) => earned.map(({ month }) => month)))].sort();
                const earnedIn = (month: string) =>
                  origins
                    .flatMap(({ earned }) => earned)
                    .reduce((all, each) => all + (each.month === month ? each.amount : 0), 0);
                return (
                  <Chart
                    key={currency}
                    title={`Earned in each month, ${currency.toUpperCase()}`}
                    labels={months}
                    series={[{ name: 'Earned', values: months.map(earnedIn) }]}
                    format={(amount) => formatMoney({ amount: Math.round(amount), currency }, 'en')}
                  />
                );
              })
        }
      </Loaded>
    </Card>
  );
}

const AGES = [
  ['current', 'Not due yet'],
  ['days1To30', '1 to 30 days'],
  ['days31To60', '31 to 60'],
  ['days61To90', '61 to 90'],
  ['over90', 'Over 90'],
] as const;

function Aging({ timeZone, today }: { timeZone: string; today: string }) {
  const [on, setOn] = useState(today);
  const report = useQuery({
    queryKey: ['aging', on, timeZone],
    queryFn: () => ask(api.GET('/api/admin/reports/aging', { params: { query: { on, timeZone } } })),
    enabled: on !== '',
  });
  return (
    <Card title="What is owed, by how long it has been due">
      <div className="stack">
        <div className="filters">
          <Field label="On" type="date" value={on} onChange={(event) => setOn(event.target.value)} />
        </div>
        <Loaded query={report}>
          {({ currencies }) =>
            currencies.length === 0 ? (
              <p className="soft">Nobody owed anything on that day.</p>
            ) : (
              <div className="stack wide">
                {currencies.map(({ currency, total, customers }) => {
                  const money = (amount: number) => formatMoney({ amount: Math.round(amount), currency }, 'en');
                  return (
                    <div key={currency} className="stack">
                      <Chart
                        title={`Owed, ${currency.toUpperCase()}: ${money(total.total)}`}
                        labels={AGES.map(([, name]) => name)}
                        series={[{ name: 'Owed', values: AGES.map(([age]) => total[age]) }]}
                        format={money}
                      />
                      <Table
                        caption="By customer"
                        rows={customers}
                        keyOf={({ customerId }) => customerId}
                        columns={[
                          { title: 'Customer', cell: ({ customerId }) => <Id of={customerId} /> },
                          ...AGES.map(([age, title]) => ({
                            title,
                            number: true,
                            cell: (customer: (typeof customers)[number]) => money(customer[age]),
                          })),
                        ]}
                      />
                    </div>
                  );
                })}
              </div>
            )
          }
        </Loaded>
      </div>
    </Card>
  );
}
