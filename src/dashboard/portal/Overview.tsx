import { Empty } from '../base/Empty.tsx';
import { formatMoney } from '../base/format.ts';
import { Loaded } from '../base/Loaded.tsx';
import { Link } from '../base/router.tsx';
import { Skeleton } from '../base/Skeleton.tsx';
import { useReader } from '../base/words.ts';
import {
  useCredit,
  useForecasts,
  useInvoices,
  useMethods,
  useOpenInvoices,
  usePlans,
  useSubscriptions,
} from './data.ts';
import { RecentInvoices } from './Invoices.tsx';
import { SubscriptionCard } from './SubscriptionCard.tsx';
import { methodName } from './sentence.ts';
import { useWords } from './words.ts';

const byLiving = (a: { state: string }, b: { state: string }) =>
  Number(a.state === 'canceled') - Number(b.state === 'canceled');

export function Overview() {
  const words = useWords();
  const subscriptions = useSubscriptions();
  // Asked for at the same time, and what is drawn waits for all: so nothing jumps.
  const forecasts = useForecasts();
  const open = useOpenInvoices();
  const methods = useMethods();
  const plans = usePlans();
  const credit = useCredit();
  const invoices = useInvoices();
  const isWaiting = [forecasts, open, methods, plans, credit, invoices].some(({ isPending }) => isPending);
  return (
    <>
      <h1>{words.nav.overview}</h1>
      <Loaded query={subscriptions} skeleton={<Waiting />}>
        {(all) => {
          if (isWaiting) return <Waiting />;
          if (all.length === 0) return <NoSubscription />;
          return (
            <div className="beside">
              <div className="stack">
                {[...all].sort(byLiving).map((each) => (
                  <SubscriptionCard
                    key={each.id}
                    subscription={each}
                    forecast={forecasts.data?.get(each.id)}
                    open={open.data ?? []}
                    methods={methods.data ?? []}
                    plans={plans.data ?? []}
                  />
                ))}
                {all.every(({ state }) => state === 'canceled') && <SeePlans />}
              </div>
              <aside className="stack">
                <Method />
                <Credit />
                <DevicesLink />
                <RecentInvoices />
              </aside>
            </div>
          );
        }}
      </Loaded>
    </>
  );
}

const Waiting = () => (
  <div className="card">
    <Skeleton block lines={2} />
  </div>
);

const SeePlans = () => {
  const words = useWords();
  return (
    <Link className="button primary" to="/plans">
      {words.seePlans}
    </Link>
  );
};

function NoSubscription() {
  const words = useWords();
  return (
    <section className="card">
      <Empty title={words.noSubscription}>
        <SeePlans />
      </Empty>
    </section>
  );
}

function Method() {
  const words = useWords();
  const { data = [] } = useMethods();
  const chosen = data.find(({ isDefault }) => isDefault);
  return (
    <section className="card stack tight">
      <h2>{words.payWith}</h2>
      <p>{chosen ? methodName(chosen, words) : <span className="soft">{words.noMethods}</span>}</p>
      <p>
        <Link to="/payment-methods">{words.nav.methods}</Link>
      </p>
    </section>
  );
}

function Credit() {
  const words = useWords();
  const { locale } = useReader();
  const { data = [] } = useCredit();
  const held = data.filter(({ amount }) => amount > 0);
  if (held.length === 0) return null;
  return (
    <section className="card stack tight">
      <h2>{words.credit}</h2>
      <p className="number">{held.map((each) => formatMoney(each, locale)).join(', ')}</p>
      <p className="small soft">{words.creditHint}</p>
    </section>
  );
}

const DevicesLink = () => {
  const words = useWords();
  return (
    <section className="card stack tight">
      <h2>{words.devicesTitle}</h2>
      <p>
        <Link to="/devices">{words.seeDevices}</Link>
      </p>
    </section>
  );
};
