/** What goes out: to endpoints in the order in which it was decided, and to customers by mail. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { Loaded } from '../base/Loaded.tsx';
import { Link } from '../base/router.tsx';
import { Tabs } from '../base/Tabs.tsx';
import { Act } from './Act.tsx';
import { List } from './List.tsx';
import { usePaged } from './paged.ts';
import { Card, Facts, Id, Page, State, When } from './Shown.tsx';
import { StateFilter } from './StateFilter.tsx';
import { inWords, short, spoken } from './words.ts';

type Told = Schemas['OutboxMessage'];
type Endpointed = Schemas['Endpoint'];
type Delivery = Schemas['EndpointDelivery'];
type Mailed = Schemas['Mail'];

const Ways = () => (
  <Tabs
    label="Messages out"
    tabs={[
      { to: '/messages', title: 'Announcements' },
      { to: '/endpoints', title: 'Endpoints' },
      { to: '/mails', title: 'Mails' },
    ]}
  />
);

export function MessagesOut() {
  const [pending, setPending] = useState(false);
  const messages = usePaged<Told>(['messages', { pending }], (cursor) =>
    ask(
      api.GET('/api/admin/outbox', {
        params: { query: { limit: 50, ...(cursor && { cursor }), ...(pending && { pending: 'true' as const }) } },
      }),
    ),
  );
  return (
    <Page title="Messages out" about="What was decided is told to others in one order, at least once.">
      <Ways />
      <section className="card stack">
        <div className="chips">
          <button type="button" className="chip" aria-pressed={pending} onClick={() => setPending(!pending)}>
            Only what waits
          </button>
        </div>
        <List
          of={messages}
          caption="Messages, the newest first"
          none={pending ? 'Nothing waits: all of it was announced' : 'Nothing was announced yet'}
          keyOf={({ id }) => id}
          columns={[
            { title: 'When', cell: ({ at }) => <When at={at} /> },
            { title: 'Type', cell: ({ type }) => type },
            { title: 'About', cell: ({ subscriptionId, customerId }) => <Id of={subscriptionId ?? customerId} /> },
            { title: 'Says', cell: ({ data }) => <span className="small">{short(data)}</span> },
            {
              title: 'Announced',
              cell: ({ relayedAt }) => (relayedAt ? <When at={relayedAt} /> : <State of="pending" />),
            },
          ]}
        />
      </section>
    </Page>
  );
}

export function Endpoints() {
  const [secret, setSecret] = useState<string | null>(null);
  const endpoints = usePaged<Endpointed>(['endpoints'], (cursor) =>
    ask(api.GET('/api/admin/endpoints', { params: { query: { limit: 50, ...(cursor && { cursor }) } } })),
  );
  return (
    <Page
      title="Endpoints"
      about="Your servers, told of what happens: signed, in order, and again for three days where they don’t answer."
      actions={
        <Act
          label="Add an endpoint…"
          look="primary"
          slim={false}
          title="Add an endpoint"
          blanks={[
            { name: 'url', label: 'Address', hint: 'https://' },
            { name: 'description', label: 'What it is for', optional: true },
          ]}
          says={({ url }) => `${url || 'It'} is told of everything that happens from now on; its secret is shown once.`}
          run={async ({ url = '', description }) => {
            const made = await ask(
              api.POST('/api/admin/endpoints', { body: { url, ...(description && { description }) } }),
            );
            setSecret(made?.secret ?? null);
          }}
          done="The endpoint is there"
        />
      }
    >
      <Ways />
      {secret && (
        <div className="note good" role="status">
          <p>
            <strong>Its signing secret. Keep it now: it is not shown again.</strong>
          </p>
          <p className="id">{secret}</p>
        </div>
      )}
      <section className="card">
        <List
          of={endpoints}
          caption="Endpoints"
          none="Nobody is told yet"
          keyOf={({ id }) => id}
          columns={[
            { title: 'Address', cell: ({ id, url }) => <Link to={`/endpoints/${id}`}>{url}</Link> },
            { title: 'State', cell: ({ state }) => <State of={state} /> },
            { title: 'Told of', cell: ({ eventTypes }) => eventTypes?.join(', ') ?? 'everything' },
            { title: 'Last delivery', cell: ({ health }) => <When at={health.lastDeliveredAt} /> },
            { title: 'Failures', number: true, cell: ({ health }) => health.failures },
          ]}
        />
      </section>
    </Page>
  );
}

const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const;
type DeliveryState = (typeof DELIVERY_STATES)[number];

export function Endpoint({ id }: { id: string }) {
  const params = { path: { id } };
  const [state, setState] = useState<DeliveryState | ''>('');
  const endpoint = useQuery({
    queryKey: ['endpoint', id],
    queryFn: () => ask(api.GET('/api/admin/endpoints/{id}', { params })),
  });
  const deliveries = usePaged<Delivery>(['deliveries', id, { state }], (cursor) =>
    ask(
      api.GET('/api/admin/endpoints/{id}/deliveries', {
        params: { ...params, query: { limit: 50, ...(cursor && { cursor }), ...(state && { state }) } },
      }),
    ),
  );
  return (
    <Loaded query={endpoint}>
      {(it) => (
        <Page
          above={<Link to="/endpoints">Endpoints</Link>}
          title={
            <>
              {it.description ?? new URL(it.url).host} <State of={it.state} />
            </>
          }
          about={it.pausedWhy}
          actions={<EndpointActions of={it} />}
        >
          <div className="beside">
            <Card title="Deliveries">
              <div className="stack">
                <div className="filters">
                  <StateFilter states={DELIVERY_STATES} value={state} onChange={setState} />
                </div>
                <List
                  of={deliveries}
                  caption="Deliveries, the newest first"
                  none="None"
                  keyOf={(delivery) => delivery.id}
                  columns={[
                    { title: 'When', cell: ({ createdAt }) => <When at={createdAt} /> },
                    { title: 'Type', cell: ({ type }) => type },
                    { title: 'Subscription', cell: ({ subscriptionId }) => <Id of={subscriptionId} /> },
                    { title: 'State', cell: (delivery) => <State of={delivery.state} /> },
                    { title: 'Last answer', cell: ({ attempts }) => lastAnswer(attempts) },
                    {
                      title: 'What can be done',
                      untitled: true,
                      cell: (delivery) => (
                        <Act
                          label="Send again…"
                          title={`Send ${delivery.type} again`}
                          says={() => 'It is sent once more, signed anew, under the same id.'}
                          run={() =>
                            ask(
                              api.POST('/api/admin/endpoints/{id}/deliveries/{delivery}/replay', {
                                params: { path: { id, delivery: delivery.id } },
                              }),
                            )
                          }
                          done="It is sent again"
                        />
                      ),
                    },
                  ]}
                />
              </div>
            </Card>
            <Card title="Endpoint">
              <Facts
                of={[
                  [
                    'Id',
                    <span key="id" className="id">
                      {it.id}
                    </span>,
                  ],
                  ['Address', it.url],
                  ['Told of', it.eventTypes?.join(', ') ?? 'everything'],
                  ['Failures', it.health.failures],
                  ['Failing since', <When key="failing" at={it.health.failingSince} />],
                  ['Last delivery', <When key="last" at={it.health.lastDeliveredAt} />],
                  ['Old secret until', <When key="secret" at={it.previousSecretUntil} />],
                ]}
              />
            </Card>
          </div>
        </Page>
      )}
    </Loaded>
  );
}

const lastAnswer = (attempts: Delivery['attempts']): string => {
  const last = attempts.at(-1);
  return last ? `${last.status ?? last.trouble} in ${last.ms} ms, attempt ${attempts.length}` : '–';
};

function EndpointActions({ of: { id, state } }: { of: Endpointed }) {
  const params = { path: { id } };
  return (
    <>
      <Act
        label="Test…"
        title="Send a test"
        says={() => 'A message that means nothing is sent to it, signed as any other.'}
        run={() => ask(api.POST('/api/admin/endpoints/{id}/test', { params }))}
        done="It is on its way"
      />
      <Act
        label="Send failed again…"
        title="Send all that failed again"
        says={() => 'Each delivery that was given up is sent once more, in its order.'}
        run={() => ask(api.POST('/api/admin/endpoints/{id}/replay', { params, body: { state: 'failed' } }))}
        done={(answer) => `${(answer as Schemas['DeliveriesReplayed']).replayed} are sent again`}
      />
      {state === 'enabled' ? (
        <Act
          label="Disable…"
          look="danger"
          title="Disable this endpoint"
          says={() => 'It is told of nothing until it is enabled again.'}
          run={() => ask(api.PATCH('/api/admin/endpoints/{id}', { params, body: { state: 'disabled' } }))}
          done="It is disabled"
        />
      ) : (
        <Act
          label="Enable…"
          title="Enable this endpoint"
          says={() => 'It is told of what happens from now on.'}
          run={() => ask(api.PATCH('/api/admin/endpoints/{id}', { params, body: { state: 'enabled' } }))}
          done="It is enabled"
        />
      )}
    </>
  );
}

export function Mails() {
  const mails = usePaged<Mailed>(['mails'], (cursor) =>
    ask(api.GET('/api/admin/mails', { params: { query: { limit: 50, ...(cursor && { cursor }) } } })),
  );
  return (
    <Page title="Mails" about="What customers were written, one mail for each cause, in their language.">
      <Ways />
      <section className="card">
        <List
          of={mails}
          caption="Mails, the newest first"
          none="Nobody was written to yet"
          keyOf={({ id }) => id}
          columns={[
            { title: 'When', cell: ({ at }) => <When at={at} /> },
            { title: 'What', cell: ({ id, message }) => <Link to={`/mails/${id}`}>{spoken(message)}</Link> },
            { title: 'Subject', cell: ({ subject }) => subject },
            { title: 'Customer', cell: ({ customerId }) => <Id of={customerId} /> },
            { title: 'State', cell: ({ state }) => <State of={state} /> },
            { title: 'Why', cell: ({ reason }) => (reason ? inWords(reason) : '–') },
          ]}
        />
      </section>
    </Page>
  );
}

export function Mail({ id }: { id: string }) {
  const mail = useQuery({
    queryKey: ['mail', id],
    queryFn: () => ask(api.GET('/api/admin/mails/{id}', { params: { path: { id } } })),
  });
  return (
    <Loaded query={mail}>
      {(it) => (
        <Page
          above={<Link to="/mails">Mails</Link>}
          title={
            <>
              {it.subject} <State of={it.state} />
            </>
          }
        >
          <div className="beside">
            <Card title="What it says">
              <p className="letter">{it.text}</p>
            </Card>
            <Card title="Mail">
              <Facts
                of={[
                  ['To', it.to ?? '–'],
                  ['What', spoken(it.message)],
                  ['Language', it.language],
                  ['Customer', <Id key="customer" of={it.customerId} />],
                  ['Subscription', <Id key="subscription" of={it.subscriptionId} />],
                  ['Attached', <Id key="attached" of={it.attachedInvoiceId} />],
                  [
                    'Cause',
                    <span key="cause" className="id">
                      {it.cause}
                    </span>,
                  ],
                  ['Attempts', it.attempts],
                  ['Sent', <When key="sent" at={it.sentAt} />],
                  ['Why not', it.reason ? inWords(it.reason) : '–'],
                ]}
              />
            </Card>
          </div>
        </Page>
      )}
    </Loaded>
  );
}
