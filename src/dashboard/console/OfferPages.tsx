import { useQuery } from '@tanstack/react-query';
import { api, ask, type Schemas } from '../api/client.ts';
import { formatUnitPrice } from '../base/format.ts';
import { Loaded } from '../base/Loaded.tsx';
import { Link } from '../base/router.tsx';
import { Table } from '../base/Table.tsx';
import { Act, type Given } from './Act.tsx';
import { minorOf } from './amount.ts';
import { List } from './List.tsx';
import { usePaged } from './paged.ts';
import { Card, Facts, Id, Page, State, When } from './Shown.tsx';
import { inWords } from './words.ts';

type Book = Schemas['PriceBook'];
type Plan = Book['document']['plans'][number];
type Couponed = Schemas['Coupon'];

export function PriceBooks() {
  const books = usePaged<Book>(['price-books'], (cursor) =>
    ask(api.GET('/api/admin/price-books', { params: { query: { limit: 50, ...(cursor && { cursor }) } } })),
  );
  return (
    <Page
      title="Price books"
      about="A version that is published stays as it is; subscriptions stay on theirs until they are migrated."
    >
      <section className="card">
        <List
          of={books}
          caption="Price books, the newest first"
          none="Nothing is for sale yet"
          hint={
            <p>
              Draft a price book by the API, or from a file by <code>hydra catalog push</code>.
            </p>
          }
          keyOf={({ id }) => id}
          columns={[
            { title: 'Version', cell: ({ id, version }) => <Id of={id}>Version {version}</Id> },
            { title: 'State', cell: ({ state }) => <State of={state} /> },
            { title: 'Plans', cell: ({ document }) => document.plans.map(({ name }) => name).join(', ') },
            { title: 'In effect', cell: ({ effectiveAt }) => <When at={effectiveAt} /> },
            { title: 'Published', cell: ({ publishedAt }) => <When at={publishedAt} /> },
          ]}
        />
      </section>
    </Page>
  );
}

export function PriceBook({ id }: { id: string }) {
  const book = useQuery({
    queryKey: ['price-book', id],
    queryFn: () => ask(api.GET('/api/admin/price-books/{id}', { params: { path: { id } } })),
  });
  return (
    <Loaded query={book}>
      {(it) => (
        <Page
          above={<Link to="/price-books">Price books</Link>}
          title={
            <>
              Version {it.version} <State of={it.state} />
            </>
          }
          actions={<Actions of={it} />}
        >
          <div className="beside">
            <div className="stack wide">
              <Card title="What it changes">
                <Changes id={id} />
              </Card>
              {it.document.plans.map((plan) => (
                <Card key={plan.id} title={plan.name}>
                  <PlanPrices of={plan} />
                </Card>
              ))}
              <Migrations id={id} />
            </div>
            <Card title="Price book">
              <Facts
                of={[
                  [
                    'Id',
                    <span key="id" className="id">
                      {it.id}
                    </span>,
                  ],
                  ['In effect', <When key="effect" at={it.effectiveAt} />],
                  ['Published', <When key="published" at={it.publishedAt} />],
                  [
                    'Content',
                    <span key="hash" className="id">
                      {it.contentHash}
                    </span>,
                  ],
                  ['Intact', it.intact ? 'yes' : 'NO: it was changed after it was kept'],
                ]}
              />
            </Card>
          </div>
        </Page>
      )}
    </Loaded>
  );
}

function Changes({ id }: { id: string }) {
  const diff = useQuery({
    queryKey: ['price-book', id, 'diff'],
    queryFn: () => ask(api.GET('/api/admin/price-books/{id}/diff', { params: { path: { id } } })),
  });
  return (
    <Loaded query={diff}>
      {({ with: before, changes }) => (
        <div className="stack">
          <p className="soft">{before ? `Beside version ${before.version}:` : 'It is the first.'}</p>
          {changes.length === 0 ? (
            <p>Nothing.</p>
          ) : (
            <ul className="stack tight">
              {changes.map(({ kind, path, words }) => (
                <li key={`${kind} ${path}`} className={`diff-${kind}`}>
                  <strong>{{ added: '+', removed: '−', changed: '±' }[kind]}</strong> {words}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </Loaded>
  );
}

type PriceRow = { key: string; name: string; model: string; currency: string; unitAmount?: string };

function PlanPrices({ of: plan }: { of: Plan }) {
  const { unit, count } = plan.interval;
  const rows: PriceRow[] = plan.prices.flatMap((price): PriceRow[] =>
    'charges' in price
      ? price.charges.map((charge) => ({ ...charge, key: `${price.currency} ${charge.id}`, currency: price.currency }))
      : [{ ...price, key: price.currency, name: 'Price' }],
  );
  return (
    <div className="stack">
      <p className="soft small">
        <span className="id">{plan.id}</span>, every {count === 1 ? unit : `${count} ${unit}s`}
        {plan.trialDays ? `, ${plan.trialDays} days of trial` : ''}
        {plan.tier ? `, tier ${plan.tier}` : ''}
      </p>
      <Table
        caption={`Prices of ${plan.name}`}
        rows={rows}
        keyOf={({ key }) => key}
        columns={[
          { title: 'Charge', cell: ({ name }) => name },
          { title: 'Model', cell: ({ model }) => inWords(model) },
          { title: 'Currency', cell: ({ currency }) => currency.toUpperCase() },
          {
            title: 'Unit price',
            number: true,
            cell: ({ unitAmount, currency }) =>
              unitAmount ? formatUnitPrice(unitAmount, currency, 'en') : 'by its terms',
          },
        ]}
      />
      {plan.features && plan.features.length > 0 && (
        <p className="small soft">Brings {plan.features.map(({ name }) => name).join(', ')}.</p>
      )}
    </div>
  );
}

function Migrations({ id }: { id: string }) {
  const params = { path: { id } };
  const migrations = useQuery({
    queryKey: ['migrations', id],
    queryFn: () =>
      ask(api.GET('/api/admin/price-books/{id}/migrations', { params: { ...params, query: { limit: 20 } } })),
    refetchInterval: ({ state }) => (state.data?.data.some((each) => each.state === 'running') ? 1_000 : false),
  });
  if (!migrations.data?.data.length) return null;
  return (
    <Card title="Migrations">
      <Table
        caption="Migrations to this version"
        rows={migrations.data.data}
        keyOf={(migration) => migration.id}
        columns={[
          { title: 'Began', cell: ({ createdAt }) => <When at={createdAt} /> },
          { title: 'State', cell: ({ state }) => <State of={state} /> },
          { title: 'Wave', number: true, cell: ({ wave }) => wave },
          { title: 'Moved', number: true, cell: ({ counts }) => counts.moved },
          { title: 'Waiting', number: true, cell: ({ counts }) => counts.pending },
          { title: 'Failed', number: true, cell: ({ counts }) => counts.failed },
          { title: 'What can be done', untitled: true, cell: (migration) => <Steer of={migration} /> },
        ]}
      />
    </Card>
  );
}

const STEERS = [
  ['pause', 'Pause', 'No further subscription is moved until it is resumed.', ['running']],
  ['resume', 'Resume', 'The next wave is moved.', ['paused', 'stopped']],
  ['cancel', 'Cancel', 'What was moved stays moved; nothing else is.', ['running', 'paused', 'stopped']],
  [
    'undo',
    'Undo',
    'What was moved goes back to where it was, as far as nothing has happened to it since.',
    ['done', 'paused', 'stopped', 'canceled'],
  ],
] as const;

function Steer({ of: { id: mid, priceBookId: id, state } }: { of: Schemas['PriceBookMigration'] }) {
  return (
    <span className="row end">
      {STEERS.filter(([, , , from]) => (from as readonly string[]).includes(state)).map(([what, label, says]) => (
        <Act
          key={what}
          label={`${label}…`}
          title={`${label} this migration`}
          says={() => says}
          run={() =>
            ask(api.POST(`/api/admin/price-books/{id}/migrations/{mid}/${what}`, { params: { path: { id, mid } } }))
          }
          done="Done"
        />
      ))}
    </span>
  );
}

function Actions({ of: { id, state, version } }: { of: Book }) {
  const params = { path: { id } };
  if (state === 'draft') {
    return (
      <Act
        label="Publish…"
        look="primary"
        title={`Publish version ${version}`}
        blanks={[{ name: 'day', label: 'In effect from', type: 'date', optional: true, hint: 'Empty: from now on' }]}
        says={({ day }) => `From ${day || 'now'} on who subscribes buys by it, and it can’t be changed any more.`}
        run={({ day }) =>
          ask(
            api.POST('/api/admin/price-books/{id}/publish', {
              params,
              body: day ? { effectiveAt: `${day}T00:00:00Z` } : {},
            }),
          )
        }
        done={`Version ${version} is published`}
      />
    );
  }
  return (
    <Act
      label="Migrate to it…"
      title={`Migrate subscriptions to version ${version}`}
      blanks={[
        {
          name: 'when',
          label: 'When',
          choices: [
            { value: 'period_end', label: 'Each at the end of its period' },
            { value: 'now', label: 'Now' },
          ],
        },
        {
          name: 'canary',
          label: 'First try, in percent',
          type: 'number',
          initial: '5',
          hint: 'Then it waits for somebody to resume it',
        },
      ]}
      says={({ when, canary }) =>
        `Subscriptions of earlier versions go over to the same plans in this one, ${when === 'now' ? 'now' : 'each when its period ends'}; ${canary}% go first, and the rest waits until it is resumed.`
      }
      run={({ when, canary }: Given) =>
        ask(
          api.POST('/api/admin/price-books/{id}/migrations', {
            params,
            body: {
              when: when === 'now' ? 'now' : 'period_end',
              canaryPercent: Number(canary),
              pauseAfterCanary: true,
            },
          }),
        )
      }
      done="The migration has begun"
    />
  );
}

type Policy = Schemas['DunningPolicy'];

export function DunningPolicies() {
  const policies = usePaged<Policy>(['dunning-policies'], (cursor) =>
    ask(api.GET('/api/admin/dunning-policies', { params: { query: { limit: 50, ...(cursor && { cursor }) } } })),
  );
  return (
    <Page
      title="Dunning policies"
      about="When a payment that failed is tried again, how long access lasts, and how it ends. Without one the built-in policy holds."
    >
      <section className="card">
        <List
          of={policies}
          caption="Dunning policies, the newest first"
          none="There is none: the built-in policy holds"
          keyOf={({ id }) => id}
          columns={[
            { title: 'Name', cell: ({ name, version }) => `${name}, version ${version}` },
            { title: 'State', cell: ({ state }) => <State of={state} /> },
            { title: 'For', cell: ({ document }) => document.plans?.join(', ') ?? 'all plans' },
            { title: 'Tries', cell: ({ document }) => <Tries of={document} /> },
            {
              title: 'Access',
              cell: ({ document: { access } }) =>
                `${access.graceDays} days of grace, ${access.restrictedDays} restricted`,
            },
            { title: 'Then', cell: ({ document }) => inWords(document.end) },
            {
              title: 'What can be done',
              untitled: true,
              cell: ({ id, name, version, state }) =>
                state === 'draft' && (
                  <Act
                    label="Publish…"
                    title={`Publish ${name}, version ${version}`}
                    says={() => 'Debts that begin from now on are dunned by it; it can’t be changed any more.'}
                    run={() => ask(api.POST('/api/admin/dunning-policies/{id}/publish', { params: { path: { id } } }))}
                    done="It is published"
                  />
                ),
            },
          ]}
        />
      </section>
    </Page>
  );
}

const Tries = ({ of: { retries } }: { of: Policy['document'] }) => (
  <ul className="small">
    {Object.entries(retries).map(([decline, { days, payday }]) => (
      <li key={decline}>
        {inWords(decline)}: {days.length === 0 ? 'none' : `day ${days.join(', ')}`}
        {payday ? ', by paydays' : ''}
      </li>
    ))}
  </ul>
);

const off = ({ percentOff, amountOff }: Couponed): string =>
  percentOff
    ? `${percentOff} %`
    : (amountOff ?? [])
        .map((each) => (each ? formatUnitPrice(String(each.amount), each.currency, 'en') : ''))
        .join(', ');

const lasting = ({ duration, periods }: Couponed): string =>
  duration === 'repeating' ? `${periods} periods` : duration;

export function Coupons() {
  const coupons = usePaged<Couponed>(['coupons'], (cursor) =>
    ask(api.GET('/api/admin/coupons', { params: { query: { limit: 50, ...(cursor && { cursor }) } } })),
  );
  return (
    <Page
      title="Coupons"
      actions={
        <Act
          label="Offer a coupon…"
          look="primary"
          slim={false}
          title="Offer a coupon"
          blanks={[
            { name: 'name', label: 'Name', hint: 'Customers see it on their invoices' },
            { name: 'percentOff', label: 'Percent off', optional: true },
            { name: 'amount', label: 'Or an amount off', optional: true },
            { name: 'currency', label: 'in', initial: 'usd' },
            {
              name: 'duration',
              label: 'For',
              choices: [
                { value: 'once', label: 'One invoice' },
                { value: 'repeating', label: 'Some periods' },
                { value: 'forever', label: 'Ever' },
              ],
            },
            { name: 'periods', label: 'How many periods', type: 'number', optional: true },
          ]}
          says={({ percentOff, amount, currency = '' }) =>
            `Whoever redeems it pays ${percentOff ? `${percentOff} %` : `${amount || 'that much'} ${currency.toUpperCase()}`} less; its terms can’t be changed afterwards.`
          }
          run={({ name = '', percentOff, amount = '', currency = 'usd', duration, periods }) =>
            ask(
              api.POST('/api/admin/coupons', {
                body: {
                  name,
                  duration: duration as Couponed['duration'],
                  ...(percentOff
                    ? { percentOff }
                    : { amountOff: { amount: minorOf(amount, currency) ?? 0, currency } }),
                  ...(periods && { periods: Number(periods) }),
                },
              }),
            )
          }
          done="The coupon is there"
        />
      }
    >
      <section className="card">
        <List
          of={coupons}
          caption="Coupons, the newest first"
          none="There are no coupons yet"
          keyOf={({ id }) => id}
          columns={[
            { title: 'Name', cell: ({ id, name }) => <Id of={id}>{name}</Id> },
            { title: 'Off', cell: off },
            { title: 'For', cell: lasting },
            { title: 'State', cell: ({ state }) => <State of={state} /> },
            {
              title: 'Redeemed',
              number: true,
              cell: ({ redeemed, maxRedemptions }) => `${redeemed}${maxRedemptions ? ` of ${maxRedemptions}` : ''}`,
            },
          ]}
        />
      </section>
    </Page>
  );
}

export function Coupon({ id }: { id: string }) {
  const params = { path: { id } };
  const coupon = useQuery({
    queryKey: ['coupon', id],
    queryFn: () => ask(api.GET('/api/admin/coupons/{id}', { params })),
  });
  const codes = usePaged<Schemas['PromotionCode']>(['codes', id], (cursor) =>
    ask(
      api.GET('/api/admin/coupons/{id}/promotion-codes', {
        params: { ...params, query: { limit: 50, ...(cursor && { cursor }) } },
      }),
    ),
  );
  const redemptions = usePaged<Schemas['Redemption']>(['redemptions', id], (cursor) =>
    ask(
      api.GET('/api/admin/coupons/{id}/redemptions', {
        params: { ...params, query: { limit: 50, ...(cursor && { cursor }) } },
      }),
    ),
  );
  return (
    <Loaded query={coupon}>
      {(it) => (
        <Page
          above={<Link to="/coupons">Coupons</Link>}
          title={
            <>
              {it.name} <State of={it.state} />
            </>
          }
          about={`${off(it)} off, ${it.duration === 'repeating' ? `for ${it.periods} periods` : it.duration}.`}
          actions={
            <>
              <Act
                label="Add a code…"
                title="Give it a promotion code"
                blanks={[{ name: 'code', label: 'Code', optional: true, hint: 'Empty: one is made up' }]}
                says={({ code }) => `Whoever types ${code || 'the code'} gets this coupon.`}
                run={({ code }) =>
                  ask(api.POST('/api/admin/coupons/{id}/promotion-codes', { params, body: code ? { code } : {} }))
                }
                done="The code is there"
              />
              {it.state === 'active' && (
                <Act
                  label="Archive…"
                  look="danger"
                  title="Archive this coupon"
                  says={() => 'Nobody can redeem it any more; who has it keeps it.'}
                  run={() => ask(api.PATCH('/api/admin/coupons/{id}', { params, body: { state: 'archived' } }))}
                  done="It is archived"
                />
              )}
            </>
          }
        >
          <Card title="Promotion codes">
            <List
              of={codes}
              caption="Promotion codes"
              none="It has none"
              keyOf={(code) => code.id}
              columns={[
                { title: 'Code', cell: ({ code }) => <span className="id">{code}</span> },
                { title: 'Works', cell: ({ active }) => (active ? 'yes' : 'no') },
                { title: 'Until', cell: ({ expiresAt }) => <When at={expiresAt} /> },
                { title: 'Redeemed', number: true, cell: ({ redeemed }) => redeemed },
              ]}
            />
          </Card>
          <Card title="Redemptions">
            <List
              of={redemptions}
              caption="Redemptions"
              none="Nobody has redeemed it"
              keyOf={(each) => `${each.subscriptionId} ${each.redeemedAt}`}
              columns={[
                { title: 'When', cell: ({ redeemedAt }) => <When at={redeemedAt} /> },
                { title: 'Customer', cell: ({ customerId }) => <Id of={customerId} /> },
                { title: 'Subscription', cell: ({ subscriptionId }) => <Id of={subscriptionId} /> },
                { title: 'Given up', cell: ({ releasedAt }) => <When at={releasedAt} /> },
              ]}
            />
          </Card>
        </Page>
      )}
    </Loaded>
  );
}
