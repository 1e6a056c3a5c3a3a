import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { Button } from '../base/Button.tsx';
import { Field } from '../base/Field.tsx';
import { Loaded } from '../base/Loaded.tsx';
import { Link, useSearch } from '../base/router.tsx';
import { Act } from './Act.tsx';
import { List } from './List.tsx';
import { usePaged } from './paged.ts';
import { Card, Facts, Id, Page, State, Sum, When } from './Shown.tsx';
import { StateFilter } from './StateFilter.tsx';
import { inWords, short } from './words.ts';

type Heard = Schemas['InboxEvent'];
type Differing = Schemas['Discrepancy'];

const FEW = 5;

/** What waits for a person: of each the newest few. */
export function ToLookAt() {
  const owing = usePaged<Schemas['Subscription']>(['subscriptions', { state: 'past_due', few: true }], () =>
    ask(api.GET('/api/admin/subscriptions', { params: { query: { state: 'past_due', limit: FEW } } })),
  );
  const dead = usePaged<Heard>(['events', { state: 'dead', few: true }], () =>
    ask(api.GET('/api/admin/events', { params: { query: { state: 'dead', limit: FEW } } })),
  );
  const quarantined = usePaged<Heard>(['events', { state: 'quarantined', few: true }], () =>
    ask(api.GET('/api/admin/events', { params: { query: { state: 'quarantined', limit: FEW } } })),
  );
  const differing = usePaged<Differing>(['discrepancies', { few: true }], () =>
    ask(api.GET('/api/admin/reconciliation/discrepancies', { params: { query: { state: 'open', limit: FEW } } })),
  );
  const refunds = usePaged<Schemas['Refund']>(['refunds', { failed: true }], () =>
    ask(api.GET('/api/admin/refunds', { params: { query: { state: 'failed', limit: FEW } } })),
  );
  const disputes = usePaged<Schemas['Dispute']>(['disputes', { open: true }], () =>
    ask(api.GET('/api/admin/disputes', { params: { query: { open: 'true', limit: FEW } } })),
  );
  const eventColumns = [
    { title: 'Type', cell: ({ type }: Heard) => type },
    { title: 'Why', cell: ({ reason }: Heard) => reason ?? '–' },
    { title: 'When', cell: ({ receivedAt }: Heard) => <When at={receivedAt} /> },
  ];
  return (
    <Page title="To look at" about="What the engine can’t settle by itself, and who owes.">
      <div className="tiles">
        <Card title="Past due" actions={<Link to="/subscriptions">All</Link>}>
          <List
            of={owing}
            caption="Past due"
            none="Nobody owes anything"
            keyOf={({ id }) => id}
            columns={[
              { title: 'Plan', cell: ({ id, planId }) => <Id of={id}>{planId ?? id}</Id> },
              { title: 'Access', cell: ({ access }) => <State of={access.level} /> },
              { title: 'Next', cell: ({ nextDueAt }) => <When at={nextDueAt} /> },
            ]}
          />
        </Card>
        <Card title="Discrepancies" actions={<Link to="/discrepancies">All</Link>}>
          <List
            of={differing}
            caption="Discrepancies"
            none="Processor, books and workflows agree"
            keyOf={({ id }) => id}
            columns={[
              { title: 'What', cell: ({ kind }) => inWords(kind) },
              { title: 'Subscription', cell: ({ subscriptionId }) => <Id of={subscriptionId} /> },
            ]}
          />
        </Card>
        <Card title="Events that nobody could apply" actions={<Link to="/events?state=dead">All</Link>}>
          <List of={dead} caption="Dead events" none="None" keyOf={({ id }) => id} columns={eventColumns} />
        </Card>
        <Card title="Events in quarantine" actions={<Link to="/events?state=quarantined">All</Link>}>
          <List
            of={quarantined}
            caption="Quarantined events"
            none="None"
            keyOf={({ id }) => id}
            columns={eventColumns}
          />
        </Card>
        <Card title="Refunds that failed">
          <List
            of={refunds}
            caption="Failed refunds"
            none="None"
            keyOf={({ id }) => id}
            columns={[
              { title: 'Invoice', cell: ({ invoiceId }) => <Id of={invoiceId}>Invoice</Id> },
              { title: 'Why', cell: ({ code }) => code ?? '–' },
              { title: 'Amount', number: true, cell: ({ amount }) => <Sum of={amount} /> },
            ]}
          />
        </Card>
        <Card title="Open disputes">
          <List
            of={disputes}
            caption="Open disputes"
            none="None"
            keyOf={({ id }) => id}
            columns={[
              { title: 'Customer', cell: ({ customerId }) => <Id of={customerId}>Customer</Id> },
              { title: 'Reason', cell: ({ reason }) => reason ?? '–' },
              { title: 'Amount', number: true, cell: ({ amount }) => <Sum of={amount} /> },
            ]}
          />
        </Card>
      </div>
    </Page>
  );
}

const EVENT_STATES = ['received', 'signalled', 'applied', 'ignored', 'parked', 'quarantined', 'dead'] as const;
type EventState = (typeof EVENT_STATES)[number];
const REPLAYABLE: ReadonlySet<string> = new Set(['parked', 'quarantined', 'dead', 'signalled', 'received']);

export function EventsIn() {
  const asked = useSearch();
  const [state, setState] = useState(asked.get('state') ?? '');
  const [type, setType] = useState('');
  const [open, setOpen] = useState<string | null>(null);
  const filter = { ...(state && { state: state as EventState }), ...(type && { type }) };
  const events = usePaged<Heard>(['events', filter], (cursor) =>
    ask(api.GET('/api/admin/events', { params: { query: { limit: 50, ...(cursor && { cursor }), ...filter } } })),
  );
  return (
    <Page
      title="Events in"
      about="What the processors have told us: of each only what is allowed to be kept, and what became of it."
      actions={
        <Act
          label="Replay these…"
          title="Have events told again"
          says={() =>
            `Every event ${state ? `that is ${state}` : 'that was not applied'}${type ? ` of type ${type}` : ''} is told to its subscription once more, the oldest first, 5,000 at most; what was applied already changes nothing.`
          }
          run={() => {
            const replayed = REPLAYABLE.has(state) ? { state: state as 'parked' } : {};
            return ask(
              api.POST('/api/admin/events/replay', { body: { filter: { ...replayed, ...(type && { type }) } } }),
            );
          }}
          done={(answer) => `${(answer as Schemas['EventsReplayed']).replayed} events are told again`}
        />
      }
    >
      <section className="card stack">
        <div className="filters">
          <StateFilter<string> states={EVENT_STATES} value={state} onChange={setState} />
          <Field
            label="Type"
            placeholder="payment_intent.succeeded"
            value={type}
            onChange={(event) => setType(event.target.value.trim())}
          />
        </div>
        <List
          of={events}
          caption="Events, the newest first"
          none="No such event"
          keyOf={({ id }) => id}
          columns={[
            { title: 'Received', cell: ({ receivedAt }) => <When at={receivedAt} /> },
            {
              title: 'Type',
              cell: (event) => (
                <div className="stack tight">
                  <button
                    type="button"
                    className="linked"
                    aria-expanded={open === event.id}
                    onClick={() => setOpen(open === event.id ? null : event.id)}
                  >
                    {event.type}
                  </button>
                  {open === event.id && <Opened of={event} />}
                </div>
              ),
            },
            { title: 'From', cell: ({ provider }) => provider },
            { title: 'Subscription', cell: ({ subscriptionId }) => <Id of={subscriptionId} /> },
            { title: 'Verdict', cell: ({ state }) => <State of={state} /> },
            {
              title: 'What can be done',
              untitled: true,
              cell: ({ id, state, type }) =>
                REPLAYABLE.has(state) && (
                  <Act
                    label="Replay…"
                    title={`Have ${type} told again`}
                    says={() =>
                      'It is told to its subscription once more; if that has applied it already, nothing changes.'
                    }
                    run={() => ask(api.POST('/api/admin/events/{id}/replay', { params: { path: { id } } }))}
                    done="It is told again"
                  />
                ),
            },
          ]}
        />
      </section>
    </Page>
  );
}

const Opened = ({ of: it }: { of: Heard }) => (
  <div className="stack">
    <Facts
      of={[
        [
          'Id',
          <span key="id" className="id">
            {it.id}
          </span>,
        ],
        [
          'Theirs',
          <span key="theirs" className="id">
            {it.eventId}
          </span>,
        ],
        ['Why', it.reason ?? '–'],
        ['Happened', <When key="happened" at={it.occurredAt} />],
        ['Settled', <When key="settled" at={it.settledAt} />],
        ['Replayed', <When key="replayed" at={it.replayedAt} />],
        ['Attempts', it.attempts],
        ['Vouched for by', it.verifiedBy ?? '–'],
      ]}
    />
    <h3>What was kept of it</h3>
    <Document of={it.facts} />
  </div>
);

export const Document = ({ of }: { of: unknown }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
  <pre className="document" tabIndex={0}>
    {JSON.stringify(of, null, 2)}
  </pre>
);

const DISCREPANCY_STATES = ['open', 'repaired', 'settled', 'dismissed'] as const;

export function Discrepancies() {
  const [state, setState] = useState<(typeof DISCREPANCY_STATES)[number]>('open');
  const discrepancies = usePaged<Differing>(['discrepancies', { state }], (cursor) =>
    ask(
      api.GET('/api/admin/reconciliation/discrepancies', {
        params: { query: { state, limit: 50, ...(cursor && { cursor }) } },
      }),
    ),
  );
  return (
    <Page
      title="Discrepancies"
      about="Where processor, books and workflows say something else. What is no money repairs itself; money waits for a person."
      actions={
        <Act
          label="Reconcile now…"
          title="Reconcile now"
          says={() =>
            'The processors’ own records of the last days are read and compared with the books and the workflows.'
          }
          run={() => ask(api.POST('/api/admin/reconciliation', { body: {} }))}
          done="It is under way"
        />
      }
    >
      <section className="card stack">
        <div className="chips">
          {DISCREPANCY_STATES.map((each) => (
            <button
              key={each}
              type="button"
              className="chip"
              aria-pressed={state === each}
              onClick={() => setState(each)}
            >
              {each}
            </button>
          ))}
        </div>
        <List
          of={discrepancies}
          caption="Discrepancies, the newest first"
          none={state === 'open' ? 'Processor, books and workflows agree' : `None was ${state}`}
          keyOf={({ id }) => id}
          columns={[
            { title: 'What', cell: ({ kind }) => inWords(kind) },
            {
              title: 'About',
              cell: ({ subscriptionId, subject }) =>
                subscriptionId ? <Id of={subscriptionId} /> : <span className="id">{subject}</span>,
            },
            {
              title: 'Theirs',
              cell: ({ theirs }) => <span className="small">{theirs ? short(theirs) : 'nothing'}</span>,
            },
            { title: 'Ours', cell: ({ ours }) => <span className="small">{ours ? short(ours) : 'nothing'}</span> },
            { title: 'Since', cell: ({ openedAt }) => <When at={openedAt} /> },
            {
              title: 'What can be done',
              untitled: true,
              cell: (each) => (each.state === 'open' ? <Settle of={each} /> : each.how),
            },
          ]}
        />
      </section>
      <Runs />
    </Page>
  );
}

const Settle = ({ of: { id } }: { of: Differing }) => {
  const params = { path: { id } };
  const blanks = [{ name: 'reason', label: 'Reason', hint: 'It stands in the audit log' }];
  return (
    <span className="row end">
      <Act
        label="Settle…"
        title="Settle it by what the processor says"
        blanks={blanks}
        says={() => 'The books are brought to what the processor has on record, by postings of their own.'}
        run={({ reason = '' }) =>
          ask(api.POST('/api/admin/reconciliation/discrepancies/{id}/settle', { params, body: { reason } }))
        }
        done="It is settled"
      />
      <Act
        label="Dismiss…"
        title="Dismiss it"
        blanks={blanks}
        says={() => 'Nothing is booked, and the same difference is not shown again.'}
        run={({ reason = '' }) =>
          ask(api.POST('/api/admin/reconciliation/discrepancies/{id}/dismiss', { params, body: { reason } }))
        }
        done="It is dismissed"
      />
    </span>
  );
};

function Runs() {
  const runs = useQuery({
    queryKey: ['reconciliations'],
    queryFn: () => ask(api.GET('/api/admin/reconciliation', { params: { query: { limit: 10 } } })),
    refetchInterval: ({ state }) => (state.data?.data.some((run) => run.state === 'running') ? 1_000 : false),
  });
  return (
    <Card
      title="Reconciliations"
      actions={
        <Button slim look="quiet" onClick={() => void runs.refetch()}>
          Look again
        </Button>
      }
    >
      <Loaded query={runs}>
        {({ data }) => (
          <ul className="stack">
            {data.length === 0 && <li className="soft">None has run yet.</li>}
            {data.map(({ id, startedAt, state, report, reason }) => (
              <li key={id} className="row">
                <State of={state} /> <When at={startedAt} />
                <span className="small soft">
                  {report
                    ? `${report.movements} movements and ${report.workflows} workflows compared; ${report.repaired} repaired, ${report.open} open`
                    : (reason ?? '')}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}
