import { useQuery } from '@tanstack/react-query';
import { api, ask, type Schemas } from '../api/client.ts';
import { formatDay, formatTime } from '../base/format.ts';
import { Loaded } from '../base/Loaded.tsx';
import { Table } from '../base/Table.tsx';
import { Act } from './Act.tsx';
import { minorOf } from './amount.ts';
import { Card, Facts, Id, Page, State, Sum, When } from './Shown.tsx';
import { Timeline } from './Timeline.tsx';
import { Why } from './Why.tsx';
import { WorkflowCard } from './WorkflowCard.tsx';
import { inWords } from './words.ts';

type Subscribed = Schemas['Subscription'];

export function Subscription({ id }: { id: string }) {
  const subscription = useQuery({
    queryKey: ['subscription', id],
    queryFn: () => ask(api.GET('/api/admin/subscriptions/{id}', { params: { path: { id } } })),
  });
  return (
    <Loaded query={subscription}>
      {(it) => (
        <Page
          above={
            <>
              <Id of={it.customerId}>Customer</Id> / Subscription
            </>
          }
          title={
            <>
              {it.planId ?? 'No plan yet'} <State of={it.state} />
            </>
          }
          about={sentence(it)}
          actions={<Actions of={it} />}
        >
          <div className="beside">
            <div className="stack wide">
              <Why id={id} />
              <Card title="Timeline">
                <Timeline of={{ subscriptionId: id }} />
              </Card>
            </div>
            <div className="stack wide">
              <About of={it} />
              <WorkflowCard id={id} clockId={it.clockId} />
              <OpenInvoices id={id} />
            </div>
          </div>
        </Page>
      )}
    </Loaded>
  );
}

const day = (at: string, timeZone: string): string => formatTime(at, 'en', timeZone, 'long');

/** How it stands, in its own time zone. */
function sentence({ state, quantity, currentPeriod, cancelAt, canceledAt, access, timeZone, trialEndsAt }: Subscribed) {
  const units = quantity !== null && quantity > 1 ? `${quantity} units. ` : '';
  if (canceledAt && state === 'canceled') return `${units}It ended on ${day(canceledAt, timeZone)}.`;
  if (cancelAt) return `${units}It ends on ${day(cancelAt, timeZone)}, as was asked for.`;
  if (state === 'trialing' && trialEndsAt) return `${units}On trial until ${day(trialEndsAt, timeZone)}.`;
  if (state === 'past_due') {
    return `${units}A payment is owed; access is ${access.level}${access.until ? ` until ${day(access.until, timeZone)}` : ''}.`;
  }
  if (state === 'active' && currentPeriod) return `${units}It renews on ${day(currentPeriod.end, timeZone)}.`;
  return `${units}It is ${inWords(state)}; access is ${access.level}.`;
}

const About = ({ of: it }: { of: Subscribed }) => (
  <Card title="Subscription">
    <Facts
      of={[
        [
          'Id',
          <span key="id" className="id">
            {it.id}
          </span>,
        ],
        ['Customer', <Id key="customer" of={it.customerId} />],
        ['Plan', `${it.planId ?? '–'}${it.quantity === null ? '' : ` × ${it.quantity}`}`],
        ['Price book', <Id key="book" of={it.priceBookId} />],
        ...it.addOns.map((each) => [`Add-on ${each.id}`, `× ${each.quantity}`] as const),
        [
          'Access',
          `${it.access.level}${it.access.until ? ` until ${formatTime(it.access.until, 'en', it.timeZone)}` : ''}`,
        ],
        [
          'Period',
          it.currentPeriod
            ? `${formatTime(it.currentPeriod.start, 'en', it.timeZone)} – ${formatTime(it.currentPeriod.end, 'en', it.timeZone)}`
            : '–',
        ],
        ...(it.pendingChange
          ? ([
              [
                'Will be',
                `${it.pendingChange.planId} × ${it.pendingChange.quantity}, ${formatDay(it.pendingChange.at.slice(0, 10), 'en')}`,
              ],
            ] as const)
          : []),
        ...it.discounts.map((each) => [each.name, <Id key={each.couponId} of={each.couponId} />] as const),
        ['Collected by', `${it.collection === 'engine' ? 'us' : 'the processor'}, ${it.processor}`],
        ['Time zone', it.timeZone],
        ['Clock', <Id key="clock" of={it.clockId} />],
        ['Began', <When key="began" at={it.createdAt} />],
        ['Version', it.version],
      ]}
    />
  </Card>
);

function OpenInvoices({ id }: { id: string }) {
  const invoices = useQuery({
    queryKey: ['invoices', { subscriptionId: id, latest: true }],
    queryFn: () => ask(api.GET('/api/billing/invoices', { params: { query: { subscriptionId: id, limit: 6 } } })),
  });
  return (
    <Card title="Latest invoices">
      <Loaded query={invoices}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="soft">None was issued.</p>
          ) : (
            <Table
              caption="Latest invoices"
              rows={data}
              keyOf={(invoice) => invoice.id}
              columns={[
                { title: 'Number', cell: (invoice) => <Id of={invoice.id}>{invoice.number ?? 'Draft'}</Id> },
                { title: 'State', cell: (invoice) => <State of={invoice.state} /> },
                { title: 'Total', number: true, cell: (invoice) => <Sum of={invoice.total} /> },
              ]}
            />
          )
        }
      </Loaded>
    </Card>
  );
}

const ENDED = new Set(['canceled', 'draft', 'incomplete']);

function Actions({ of: it }: { of: Subscribed }) {
  const { id, state, currency, customerId, timeZone } = it;
  const isLive = !ENDED.has(state);
  const ends = it.currentPeriod ? day(it.currentPeriod.end, timeZone) : 'the period’s end';
  return (
    <>
      {state === 'past_due' && <Dunning of={it} />}
      {isLive && state !== 'paused' && it.collection === 'engine' && (
        <Act
          label="Pause…"
          title="Pause this subscription"
          blanks={[
            {
              name: 'resumeAt',
              label: 'Resume on',
              type: 'date',
              optional: true,
              hint: 'Empty: until somebody resumes it',
            },
          ]}
          says={({ resumeAt }) =>
            `Nothing is billed and access ends${resumeAt ? ` until ${formatDay(resumeAt, 'en', 'long')}` : ' until it is resumed'}.`
          }
          run={({ resumeAt }) =>
            ask(
              api.POST('/api/billing/pause', {
                body: { subscriptionId: id, ...(resumeAt && { resumeAt: `${resumeAt}T00:00:00Z` }) },
              }),
            )
          }
          done="It is paused"
        />
      )}
      {state === 'paused' && (
        <Act
          label="Resume…"
          title="Resume this subscription"
          says={() => 'A new period begins now, is invoiced and charged.'}
          run={() => ask(api.POST('/api/billing/resume', { body: { subscriptionId: id } }))}
          done="It is resumed"
        />
      )}
      <Act
        label="Credit…"
        title="Give the customer credit"
        blanks={[
          { name: 'amount', label: `Amount in ${currency.toUpperCase()}` },
          { name: 'reason', label: 'Reason', hint: 'It stands in the audit log' },
        ]}
        says={({ amount }) =>
          `${amount || 'The amount'} ${currency.toUpperCase()} becomes credit, which the customer’s next invoices use up.`
        }
        run={({ amount = '', reason = '' }) =>
          ask(
            api.POST('/api/admin/customers/{id}/credit', {
              params: { path: { id: customerId } },
              body: { amount: { amount: minorOf(amount, currency) ?? 0, currency }, reason },
            }),
          )
        }
        done="The credit was given"
      />
      <Act
        label="Replay…"
        title="Have its events told again"
        says={() =>
          'Every event of the processor’s for this subscription that was not applied is told to it once more; what was applied already changes nothing.'
        }
        run={() => ask(api.POST('/api/admin/events/replay', { body: { filter: { subscriptionId: id } } }))}
        done={(answer) => `${(answer as Schemas['EventsReplayed']).replayed} events are told again`}
      />
      {it.cancelAt && isLive && (
        <Act
          label="Keep…"
          title="Take the cancellation back"
          says={() => `It does not end on ${day(it.cancelAt!, timeZone)}, and renews as before.`}
          run={() => ask(api.POST('/api/billing/uncancel', { body: { subscriptionId: id } }))}
          done="The cancellation is taken back"
        />
      )}
      {isLive && (
        <Act
          label="Cancel…"
          look="danger"
          title="Cancel this subscription"
          blanks={[
            {
              name: 'at',
              label: 'When',
              choices: [
                { value: 'period_end', label: `At the period’s end, ${ends}` },
                { value: 'now', label: 'Now' },
              ],
            },
            {
              name: 'credit',
              label: 'Days that are paid and not used',
              choices: [
                { value: 'none', label: 'Are not given back' },
                { value: 'credit', label: 'Become credit' },
                { value: 'refund', label: 'Are refunded' },
              ],
            },
            { name: 'reason', label: 'Reason', optional: true },
          ]}
          says={({ at, credit }) =>
            at === 'now'
              ? `It ends now, access ends with it, and unused days ${credit === 'none' ? 'are not given back' : credit === 'refund' ? 'are refunded' : 'become credit'}.`
              : `It goes on until ${ends} and is not renewed.`
          }
          run={({ at = 'period_end', credit, reason }) =>
            ask(
              api.POST('/api/billing/cancel', {
                body: {
                  subscriptionId: id,
                  at,
                  ...(reason && { reason }),
                  ...(credit !== 'none' &&
                    at === 'now' && { credit: 'unused', creditTo: credit === 'refund' ? 'refund' : 'credit' }),
                },
              }),
            )
          }
          done="The cancellation is done"
        />
      )}
    </>
  );
}

/** What an operator does for one who owes. */
function Dunning({ of: { id, access, timeZone } }: { of: Subscribed }) {
  const params = { path: { id } };
  return (
    <>
      <Act
        label="Retry…"
        look="primary"
        title="Try again what is owed"
        says={() =>
          'The customer’s payment method is charged with what is owed, now; the plan of further tries stays as it is.'
        }
        run={() => ask(api.POST('/api/admin/subscriptions/{id}/retry', { params }))}
        done="It is tried again"
      />
      <Act
        label="Extend grace…"
        title="Extend the grace"
        blanks={[{ name: 'until', label: 'Until', type: 'date' }]}
        says={({ until }) =>
          `Access is full until ${until ? formatDay(until, 'en', 'long') : 'then'}${access.until ? ` instead of ${day(access.until, timeZone)}` : ''}.`
        }
        run={({ until }) =>
          ask(api.POST('/api/admin/subscriptions/{id}/grace', { params, body: { until: `${until}T00:00:00Z` } }))
        }
        done="The grace is extended"
      />
      <Act
        label="Hold dunning…"
        title="Hold the dunning"
        blanks={[
          { name: 'until', label: 'Until', type: 'date', optional: true, hint: 'Empty: until somebody lets it go on' },
        ]}
        says={({ until }) =>
          `Nothing is tried and nobody is reminded ${until ? `until ${formatDay(until, 'en', 'long')}` : 'until it is let go on'}.`
        }
        run={({ until }) =>
          ask(
            api.POST('/api/admin/subscriptions/{id}/hold', {
              params,
              body: until ? { until: `${until}T00:00:00Z` } : {},
            }),
          )
        }
        done="The dunning is held"
      />
      <Act
        label="Go on…"
        title="Go on with the dunning"
        says={() => 'If it is held, it goes on from where it was; the days that it was held are added.'}
        run={() => ask(api.POST('/api/admin/subscriptions/{id}/release', { params }))}
        done="The dunning goes on"
      />
      <Act
        label="Skip…"
        title="Leave out the next try"
        says={() => 'The next planned try is left out; those after it stay as they are.'}
        run={() => ask(api.POST('/api/admin/subscriptions/{id}/skip-retry', { params }))}
        done="The next try is left out"
      />
    </>
  );
}
