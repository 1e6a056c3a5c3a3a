import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { formatUnitPrice } from '../base/format.ts';
import { Loaded } from '../base/Loaded.tsx';
import { Table } from '../base/Table.tsx';
import { Act, type Given } from './Act.tsx';
import { minorOf } from './amount.ts';
import { List } from './List.tsx';
import { usePaged } from './paged.ts';
import { Card, Facts, Id, Page, State, Sum, When } from './Shown.tsx';
import { StateFilter } from './StateFilter.tsx';
import { inWords } from './words.ts';

type Invoiced = Schemas['Invoice'];
const STATES = ['draft', 'open', 'paid', 'void', 'uncollectible'] as const;
type StateName = (typeof STATES)[number];

export function Invoices() {
  const [state, setState] = useState<StateName | ''>('');
  const invoices = usePaged<Invoiced>(['invoices', { state }], (cursor) =>
    ask(
      api.GET('/api/billing/invoices', {
        params: { query: { limit: 50, ...(cursor && { cursor }), ...(state && { state }) } },
      }),
    ),
  );
  return (
    <Page title="Invoices">
      <section className="card stack">
        <div className="filters">
          <StateFilter states={STATES} value={state} onChange={setState} />
        </div>
        <List
          of={invoices}
          caption="Invoices, the newest first"
          none={state ? `None is ${inWords(state)}` : 'No invoice was issued yet'}
          keyOf={({ id }) => id}
          columns={[
            { title: 'Number', cell: ({ id, number }) => <Id of={id}>{number ?? 'Draft'}</Id> },
            { title: 'State', cell: ({ state }) => <State of={state} /> },
            { title: 'Customer', cell: ({ customerId }) => <Id of={customerId} /> },
            { title: 'Issued', cell: ({ issuedAt }) => <When at={issuedAt} /> },
            { title: 'Total', number: true, cell: ({ total }) => <Sum of={total} /> },
            { title: 'Remaining', number: true, cell: ({ amountRemaining }) => <Sum of={amountRemaining} /> },
          ]}
        />
      </section>
    </Page>
  );
}

export function InvoicePage({ id }: { id: string }) {
  const invoice = useQuery({
    queryKey: ['invoice', id],
    queryFn: () => ask(api.GET('/api/billing/invoices/{id}', { params: { path: { id } } })),
  });
  return (
    <Loaded query={invoice}>
      {(it) => (
        <Page
          above={
            <>
              <Id of={it.customerId}>Customer</Id> / <Id of={it.subscriptionId}>Subscription</Id> / Invoice
            </>
          }
          title={
            <>
              {it.number ?? 'Draft'} <State of={it.state} />
            </>
          }
          actions={<Actions of={it} />}
        >
          <div className="beside">
            <div className="stack wide">
              <Card title="Lines">
                <Lines of={it} />
              </Card>
              <Refunds id={id} />
              <Card title="Ledger">
                <Posted id={id} />
              </Card>
            </div>
            <About of={it} />
          </div>
        </Page>
      )}
    </Loaded>
  );
}

const Lines = ({ of: it }: { of: Invoiced }) => (
  <Table
    caption="Lines"
    rows={it.lines.map((line, i) => ({ ...line, key: String(i) }))}
    keyOf={({ key }) => key}
    columns={[
      { title: 'What', cell: ({ description }) => description },
      {
        title: 'Period',
        cell: ({ period }) => (period ? <span className="small">{`${period.from} – ${period.to}`}</span> : '–'),
      },
      { title: 'Quantity', number: true, cell: ({ quantity }) => quantity },
      {
        title: 'Each',
        number: true,
        cell: ({ unitPrice }) => (unitPrice === null ? '–' : formatUnitPrice(unitPrice, it.currency, 'en')),
      },
      { title: 'Amount', number: true, cell: ({ amount }) => <Sum of={amount} /> },
    ]}
    foot={(
      [
        ['Subtotal', it.subtotal],
        ['Discount', it.discount],
        ['Tax', it.tax],
        ['Total', it.total],
        ['Credit applied', it.creditApplied],
        ['Due', it.amountDue],
        ['Paid', it.amountPaid],
        ['Remaining', it.amountRemaining],
      ] as const
    )
      .filter(([name, of]) => (of?.amount ?? 0) !== 0 || name === 'Total' || name === 'Remaining')
      .map(([name, of]) => (
        <tr key={name} className={name === 'Total' || name === 'Remaining' ? 'sum' : undefined}>
          <td className="number" colSpan={4}>
            {name}
          </td>
          <td className="number">
            <Sum of={of} />
          </td>
        </tr>
      ))}
  />
);

const About = ({ of: it }: { of: Invoiced }) => (
  <Card title="Invoice">
    <Facts
      of={[
        [
          'Id',
          <span key="id" className="id">
            {it.id}
          </span>,
        ],
        ['Customer', <Id key="customer" of={it.customerId} />],
        ['Subscription', <Id key="subscription" of={it.subscriptionId} />],
        ['Issued', <When key="issued" at={it.issuedAt} />],
        ['Due', <When key="due" at={it.dueAt} />],
        ['Paid', <When key="paid" at={it.paidAt} />],
        ['Collected by', it.collect === 'charge' ? 'charging it' : 'sending it'],
        ['Purchase order', it.purchaseOrder ?? '–'],
        ...it.creditNotes.map(
          (note) =>
            [
              `Credit note ${note.number}`,
              <span key={note.id}>
                <Sum of={note.total} /> {note.to === 'open' ? 'off what was owed' : `as ${note.to}`}
              </span>,
            ] as const,
        ),
      ]}
    />
  </Card>
);

function Refunds({ id }: { id: string }) {
  const refunds = useQuery({
    queryKey: ['refunds', { invoiceId: id }],
    queryFn: () => ask(api.GET('/api/admin/refunds', { params: { query: { invoiceId: id, limit: 50 } } })),
  });
  if (!refunds.data?.data.length) return null;
  return (
    <Card title="Refunds">
      <Table
        caption="Refunds"
        rows={refunds.data.data}
        keyOf={(refund) => refund.id}
        columns={[
          { title: 'Asked', cell: ({ requestedAt }) => <When at={requestedAt} /> },
          { title: 'State', cell: ({ state }) => <State of={state} /> },
          { title: 'Why not', cell: ({ code }) => code ?? '–' },
          { title: 'Amount', number: true, cell: ({ amount }) => <Sum of={amount} /> },
          {
            title: 'What can be done',
            untitled: true,
            cell: (refund) => refund.state === 'failed' && <FailedRefund of={refund} />,
          },
        ]}
      />
    </Card>
  );
}

const FailedRefund = ({ of: { id } }: { of: Schemas['Refund'] }) => (
  <span className="row end">
    <Act
      label="Try again…"
      title="Try this refund again"
      says={() => 'The processor is asked once more to give the money back.'}
      run={() => ask(api.POST('/api/admin/refunds/{id}/retry', { params: { path: { id } } }))}
      done="The refund is tried again"
    />
    <Act
      label="Make it credit…"
      title="Turn this refund into credit"
      says={() => 'The money stays here, and the customer’s next invoices use it up.'}
      run={() => ask(api.POST('/api/admin/refunds/{id}/credit', { params: { path: { id } } }))}
      done="It became credit"
    />
  </span>
);

function Posted({ id }: { id: string }) {
  const entries = usePaged<Schemas['LedgerEntry']>(['entries', { invoiceId: id }], (cursor) =>
    ask(
      api.GET('/api/admin/ledger/entries', {
        params: { query: { invoiceId: id, limit: 50, ...(cursor && { cursor }) } },
      }),
    ),
  );
  return (
    <List
      of={entries}
      caption="Entries"
      none="Nothing is booked"
      keyOf={(entry) => String(entry.id)}
      columns={[
        { title: 'When', cell: ({ at }) => <When at={at} /> },
        { title: 'Account', cell: ({ account }) => inWords(account) },
        { title: 'Kind', cell: ({ kind }) => inWords(kind) },
        { title: 'Debit', number: true, cell: ({ debit }) => <Sum of={debit} /> },
        { title: 'Credit', number: true, cell: ({ credit }) => <Sum of={credit} /> },
      ]}
    />
  );
}

function Actions({ of: it }: { of: Invoiced }) {
  const { id, currency, state } = it;
  const params = { path: { id } };
  const code = currency.toUpperCase();
  const amount = { name: 'amount', label: `Amount in ${code}`, optional: true, hint: 'Empty: all that is left' };
  const reason = { name: 'reason', label: 'Reason', hint: 'It stands on the credit note and in the audit log' };
  const part = (given: Given) => (given.amount ? { amount: minorOf(given.amount, currency) ?? 0 } : {});
  const much = (given: Given) => (given.amount ? `${given.amount} ${code}` : 'All that is left');
  const isOpen = state === 'open' || state === 'uncollectible';
  return (
    <>
      {isOpen && (
        <Act
          label="Retry payment…"
          title="Charge it now"
          says={() => 'The customer’s default payment method is charged with what remains, now.'}
          run={() => ask(api.POST('/api/billing/invoices/{id}/pay', { params, body: {} }))}
          done={(answer) => {
            const payment = (answer as Schemas['InvoicePayment'] | undefined)?.payment;
            return payment ? `The payment is ${inWords(payment.status)}` : 'The payment was asked for';
          }}
        />
      )}
      {(it.amountPaid?.amount ?? 0) > 0 && (
        <Act
          label="Refund…"
          title={`Refund ${it.number ?? 'this invoice'}`}
          blanks={[amount, reason]}
          says={(given) => `${much(given)} goes back to how it was paid, and a credit note is issued.`}
          run={(given) =>
            ask(
              api.POST('/api/admin/invoices/{id}/refund', {
                params,
                body: { ...part(given), reason: given.reason ?? '' },
              }),
            )
          }
          done="The refund is on its way"
        />
      )}
      {state !== 'draft' && state !== 'void' && (
        <Act
          label="Credit note…"
          title={`Credit ${it.number ?? 'this invoice'}`}
          blanks={[
            { ...amount },
            {
              name: 'to',
              label: 'Where it goes',
              choices: [
                ...(isOpen ? [{ value: 'open', label: 'Off what is owed' }] : []),
                { value: 'credit', label: 'To the customer’s credit' },
              ],
            },
            reason,
          ]}
          says={(given) =>
            `${much(given)} is credited${given.to === 'open' ? ' off what is owed' : ', and the next invoices use it up'}; the credit note can’t be taken back.`
          }
          run={(given) =>
            ask(
              api.POST('/api/admin/invoices/{id}/credit-note', {
                params,
                body: { ...part(given), to: given.to === 'open' ? 'open' : 'credit', reason: given.reason ?? '' },
              }),
            )
          }
          done="The credit note is issued"
        />
      )}
      {isOpen && (
        <Act
          label="Record payment…"
          title="Record money that came another way"
          blanks={[
            { name: 'amount', label: `Amount in ${code}` },
            { name: 'reference', label: 'Reference', hint: 'Of the bank’s transfer, say' },
          ]}
          says={(given) => `${given.amount || 'The amount'} ${code} is booked as received and pays this invoice.`}
          run={(given) =>
            ask(
              api.POST('/api/admin/invoices/{id}/payments', {
                params,
                body: { amount: minorOf(given.amount ?? '', currency) ?? 0, reference: given.reference ?? '' },
              }),
            )
          }
          done="The payment is recorded"
        />
      )}
      {state === 'open' && (
        <>
          <Act
            label="Write off…"
            title="Give this invoice up as lost"
            blanks={[{ name: 'reason', label: 'Reason' }]}
            says={() => 'What remains is booked as bad debt; money that comes all the same is still taken.'}
            run={(given) =>
              ask(api.POST('/api/admin/invoices/{id}/write-off', { params, body: { reason: given.reason ?? '' } }))
            }
            done="It is written off"
          />
          <Act
            label="Void…"
            look="danger"
            title="Void this invoice"
            blanks={[{ name: 'reason', label: 'Reason' }]}
            says={() =>
              'It is as if it had never been issued: nothing of it is owed, and what it used of credit comes back.'
            }
            run={(given) =>
              ask(api.POST('/api/admin/invoices/{id}/void', { params, body: { reason: given.reason ?? '' } }))
            }
            done="It is void"
          />
        </>
      )}
      {state === 'draft' && (
        <Act
          label="Issue…"
          title="Issue this draft now"
          says={() => 'It gets its number, is booked, and is charged or sent.'}
          run={() => ask(api.POST('/api/admin/invoices/{id}/finalise', { params }))}
          done="It is issued"
        />
      )}
    </>
  );
}
