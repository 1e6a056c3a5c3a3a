import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { Button } from '../base/Button.tsx';
import { Empty } from '../base/Empty.tsx';
import { Loaded } from '../base/Loaded.tsx';
import { Link } from '../base/router.tsx';
import { Table } from '../base/Table.tsx';
import { Act } from './Act.tsx';
import { chooseClock } from './clock.ts';
import { countdown } from './countdown.ts';
import { List } from './List.tsx';
import { usePaged } from './paged.ts';
import { Card, Facts, Id, Page, State, When } from './Shown.tsx';
import { dueInWords } from './words.ts';

type Clock = Schemas['Clock'];

export function Clocks() {
  const clocks = usePaged<Clock>(['clocks', 'all'], (cursor) =>
    ask(api.GET('/api/admin/clocks', { params: { query: { limit: 50, ...(cursor && { cursor }) } } })),
  );
  return (
    <Page
      title="Clocks"
      about="Whoever lives by a test clock lives by its time: charges, renewals and mails come when it is advanced to them."
      actions={
        <Act
          label="Create a clock…"
          look="primary"
          slim={false}
          title="Create a clock"
          blanks={[{ name: 'name', label: 'Name' }]}
          says={() => 'It stands at the present until it is advanced.'}
          run={async ({ name = '' }) => {
            const clock = await ask(api.POST('/api/admin/clocks', { body: { name } }));
            if (clock) chooseClock(clock.id);
          }}
          done="The clock stands above"
        />
      }
    >
      <section className="card">
        <List
          of={clocks}
          caption="Clocks, the newest first"
          none="There are no clocks yet"
          keyOf={({ id }) => id}
          columns={[
            { title: 'Name', cell: ({ id, name }) => <Id of={id}>{name ?? id}</Id> },
            { title: 'It is', cell: ({ now }) => <When at={now} /> },
            { title: 'State', cell: ({ state }) => <State of={state} /> },
            {
              title: 'What can be done',
              untitled: true,
              cell: ({ id }) => (
                <Button slim onClick={() => chooseClock(id)}>
                  Stand on it
                </Button>
              ),
            },
          ]}
        />
      </section>
    </Page>
  );
}

export function ClockPage({ id }: { id: string }) {
  const params = { path: { id } };
  const clock = useQuery({
    queryKey: ['clock', id],
    queryFn: () => ask(api.GET('/api/admin/clocks/{id}', { params })),
  });
  const next = useQuery({
    queryKey: ['clock', id, 'next'],
    queryFn: () => ask(api.GET('/api/admin/clocks/{id}/next', { params })),
  });
  return (
    <Loaded query={clock}>
      {(it) => (
        <Page
          above={<Link to="/clocks">Clocks</Link>}
          title={
            <>
              {it.name ?? it.id} <State of={it.state} />
            </>
          }
          about={
            <>
              It is <When at={it.now} /> there.
            </>
          }
          actions={
            <Button slim onClick={() => chooseClock(id)}>
              Stand on it
            </Button>
          }
        >
          <Card title="What will happen">
            <Loaded query={next}>
              {({ due }) =>
                due.length === 0 ? (
                  <Empty title="Nothing is due: nobody lives by it, or all has ended" />
                ) : (
                  <Table
                    caption="What is due, the earliest first"
                    rows={due}
                    keyOf={({ subscriptionId, type }) => `${subscriptionId} ${type}`}
                    columns={[
                      { title: 'When', cell: ({ at }) => <When at={at} /> },
                      { title: 'From there', cell: ({ at }) => countdown(it.now, at) },
                      { title: 'What', cell: ({ type }) => dueInWords(type) },
                      { title: 'Subscription', cell: ({ subscriptionId }) => <Id of={subscriptionId} /> },
                    ]}
                  />
                )
              }
            </Loaded>
          </Card>
        </Page>
      )}
    </Loaded>
  );
}

export function Keys() {
  const [secret, setSecret] = useState<string | null>(null);
  const keys = useQuery({ queryKey: ['keys'], queryFn: () => ask(api.GET('/api/admin/keys')) });
  return (
    <Page
      title="Service keys"
      about="For programs. Of a key only a hash is kept: it is shown once."
      actions={
        <Act
          label="Create a key…"
          look="primary"
          slim={false}
          title="Create a service key"
          blanks={[
            { name: 'name', label: 'Name' },
            {
              name: 'scope',
              label: 'May',
              choices: [
                { value: 'read', label: 'Read everything' },
                { value: 'all', label: 'Do everything' },
              ],
            },
          ]}
          says={({ scope }) =>
            `Whoever has the key may ${scope === 'all' ? 'do everything that an owner may' : 'read customers, subscriptions, invoices, events, books and reports'}.`
          }
          run={async ({ name = '', scope }) => {
            const made = await ask(
              api.POST('/api/admin/keys', { body: { name, scopes: scope === 'all' ? ['*'] : READING } }),
            );
            setSecret(made?.secret ?? null);
          }}
          done="The key is made"
        />
      }
    >
      {secret && (
        <div className="note good" role="status">
          <p>
            <strong>Keep it now: it is not shown again.</strong>
          </p>
          <p className="id">{secret}</p>
        </div>
      )}
      <section className="card">
        <Loaded query={keys}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="There are no keys yet" />
            ) : (
              <Table
                caption="Service keys"
                rows={data}
                keyOf={({ id }) => id}
                columns={[
                  { title: 'Name', cell: ({ name }) => name },
                  { title: 'Begins', cell: ({ prefix }) => <span className="id">{prefix}…</span> },
                  {
                    title: 'May',
                    cell: ({ scopes }) => (
                      <span className="small">{scopes.includes('*') ? 'everything' : scopes.join(', ')}</span>
                    ),
                  },
                  { title: 'Last used', cell: ({ lastUsedAt }) => <When at={lastUsedAt} /> },
                  {
                    title: 'What can be done',
                    untitled: true,
                    cell: ({ id, name, revokedAt }) =>
                      revokedAt ? (
                        <State of="revoked" />
                      ) : (
                        <Act
                          label="Revoke…"
                          look="danger"
                          title={`Revoke ${name}`}
                          says={() => 'Every request with it is refused from now on; it can’t be brought back.'}
                          run={() => ask(api.DELETE('/api/admin/keys/{id}', { params: { path: { id } } }))}
                          done="It is revoked"
                        />
                      ),
                  },
                ]}
              />
            )
          }
        </Loaded>
      </section>
    </Page>
  );
}

const READING = [
  'customers:read',
  'subscriptions:read',
  'invoices:read',
  'events:read',
  'ledger:read',
  'reports:read',
] as const satisfies Schemas['ApiKeyCreate']['scopes'];

export function ProcessorAccounts() {
  const accounts = useQuery({
    queryKey: ['processor-accounts'],
    queryFn: () => ask(api.GET('/api/admin/processor-accounts')),
  });
  return (
    <Page
      title="Processor accounts"
      about="Your own accounts at the processors. Their keys are sealed where they are stored, and never shown again."
    >
      <section className="card">
        <Loaded query={accounts}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="None: the deployment’s default account takes the money">
                <p>An own account is added by the API, so that its keys pass through no browser.</p>
              </Empty>
            ) : (
              <Table
                caption="Processor accounts"
                rows={data}
                keyOf={({ id }) => id}
                columns={[
                  { title: 'Processor', cell: ({ processor }) => processor },
                  { title: 'Mode', cell: ({ mode }) => mode },
                  { title: 'Key', cell: ({ keyEndsWith }) => <span className="id">…{keyEndsWith}</span> },
                  { title: 'Its webhook’s address', cell: ({ webhook }) => <span className="id">{webhook.path}</span> },
                  { title: 'Proven', cell: ({ webhook }) => (webhook.proven ? 'yes' : 'not yet') },
                  { title: 'Since', cell: ({ createdAt }) => <When at={createdAt} /> },
                ]}
              />
            )
          }
        </Loaded>
      </section>
    </Page>
  );
}

export function SellerPage() {
  const tenants = useQuery({ queryKey: ['tenants'], queryFn: () => ask(api.GET('/api/admin/tenants')) });
  const seller = useQuery({ queryKey: ['seller'], queryFn: () => ask(api.GET('/api/admin/tenants/current/seller')) });
  return (
    <Page title="Tenant and seller" about="Who sells, as it stands on invoices, and where taxes are collected.">
      <div className="tiles">
        <Card title="Tenant">
          <Loaded query={tenants}>
            {({ data }) => (
              <>
                {data.map(({ id, name, timeZone, createdAt }) => (
                  <Facts
                    key={id}
                    of={[
                      ['Name', name],
                      [
                        'Id',
                        <span key="id" className="id">
                          {id}
                        </span>,
                      ],
                      ['Books are kept in', timeZone],
                      ['Since', <When key="since" at={createdAt} />],
                    ]}
                  />
                ))}
              </>
            )}
          </Loaded>
        </Card>
        <Card title="Seller">
          <Loaded query={seller}>
            {(it) => (
              <Facts
                of={[
                  ['Name', it.legalName],
                  [
                    'Address',
                    [it.address?.line1, it.address?.postalCode, it.address?.city, it.address?.country]
                      .filter(Boolean)
                      .join(', '),
                  ],
                  ['Tax ids', it.taxIds?.map(({ country, number }) => `${country} ${number}`).join(', ') || 'none'],
                  ['Prices are', it.taxBehavior === 'inclusive' ? 'with tax' : 'without tax'],
                  ['Time zone', it.timeZone ?? '–'],
                  ['Version', it.version],
                ]}
              />
            )}
          </Loaded>
        </Card>
        <Card title="Where taxes are collected">
          <Loaded query={seller}>
            {({ registrations = [] }) =>
              registrations.length === 0 ? (
                <p className="soft">Nowhere: nothing is taxed.</p>
              ) : (
                <Table
                  caption="Registrations"
                  rows={registrations}
                  keyOf={({ country, region, number }) => `${country} ${region} ${number}`}
                  columns={[
                    { title: 'Where', cell: ({ country, region }) => [country, region].filter(Boolean).join(', ') },
                    { title: 'Number', cell: ({ number }) => number },
                    { title: 'From', cell: ({ from }) => <When at={from} /> },
                  ]}
                />
              )
            }
          </Loaded>
        </Card>
      </div>
    </Page>
  );
}
