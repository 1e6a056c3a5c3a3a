/** Another plan, quantity or add-ons; what it costs is asked of the server while one chooses, line by line. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { Button } from '../base/Button.tsx';
import { Empty } from '../base/Empty.tsx';
import { ErrorNote } from '../base/ErrorNote.tsx';
import { formatMoney } from '../base/format.ts';
import { Loaded } from '../base/Loaded.tsx';
import { Link, navigate } from '../base/router.tsx';
import { Skeleton } from '../base/Skeleton.tsx';
import { useReader } from '../base/words.ts';
import { type Plan, type Subscription, usePlans, useSubscriptions } from './data.ts';
import { Lines } from './Lines.tsx';
import { Quantity, usePriceWords } from './Plans.tsx';
import { dateIn } from './sentence.ts';
import { useCommand } from './useCommand.ts';
import { useWords } from './words.ts';

export function ChangePlan({ id }: { id: string }) {
  const words = useWords();
  const plans = usePlans();
  return (
    <>
      <h1>{words.changeTitle}</h1>
      <Loaded query={useSubscriptions()}>
        {(all) => {
          const subscription = all.find((each) => each.id === id);
          if (!subscription) return <Empty title={words.notFound} />;
          return <Loaded query={plans}>{(offered) => <Choose subscription={subscription} plans={offered} />}</Loaded>;
        }}
      </Loaded>
    </>
  );
}

type Wanted = { planId: string; quantity: number; addOns: Record<string, number> };

function bodyOf(subscription: Subscription, wanted: Wanted, plan: Plan | undefined): Schemas['Change'] | null {
  const { id, planId, quantity, addOns } = subscription;
  const held = Object.fromEntries(addOns.map((each) => [each.id, each.quantity]));
  const sold = new Set(plan?.addOns.map((each) => each.id));
  const chosen = Object.entries(wanted.addOns).filter(([name, count]) => count > 0 && sold.has(name));
  const isOther = wanted.planId !== planId;
  const hasOtherAddOns = chosen.length !== addOns.length || chosen.some(([name, count]) => held[name] !== count);
  const hasOtherQuantity = plan?.perUnit && wanted.quantity !== quantity;
  if (!isOther && !hasOtherAddOns && !hasOtherQuantity) return null;
  return {
    subscriptionId: id,
    ...(isOther && { planId: wanted.planId }),
    ...(plan?.perUnit ? { quantity: wanted.quantity } : isOther && { quantity: 1 }),
    ...((hasOtherAddOns || isOther) && { addOns: chosen.map(([name, count]) => ({ id: name, quantity: count })) }),
  };
}

function Choose({ subscription, plans }: { subscription: Subscription; plans: readonly Plan[] }) {
  const words = useWords();
  const { locale } = useReader();
  const priceOf = usePriceWords();
  const [wanted, setWanted] = useState<Wanted>({
    planId: subscription.planId ?? '',
    quantity: subscription.quantity ?? 1,
    addOns: Object.fromEntries(subscription.addOns.map(({ id, quantity }) => [id, quantity])),
  });
  const plan = plans.find(({ id }) => id === wanted.planId);
  const body = bodyOf(subscription, wanted, plan);
  return (
    <div className="beside even">
      <section className="card stack">
        <fieldset className="choices">
          <legend>{words.changeTo}</legend>
          {plans.map((each) => (
            <label key={each.id} className="choice">
              <input
                type="radio"
                name="plan"
                value={each.id}
                checked={each.id === wanted.planId}
                onChange={() => setWanted({ ...wanted, planId: each.id })}
              />
              <span className="stack tight">
                <strong>{each.name}</strong>
                <span className="small soft">
                  {priceOf(each)}
                  {each.id === subscription.planId && ` · ${words.present}`}
                </span>
              </span>
            </label>
          ))}
        </fieldset>
        {plan?.perUnit && (
          <Quantity value={wanted.quantity} onChange={(quantity) => setWanted({ ...wanted, quantity })} />
        )}
        {plan && plan.addOns.length > 0 && (
          <fieldset className="choices">
            <legend>{words.addOns}</legend>
            {plan.addOns.map(({ id, name, price, perUnit }) => {
              const count = wanted.addOns[id] ?? 0;
              const set = (value: number) => setWanted({ ...wanted, addOns: { ...wanted.addOns, [id]: value } });
              const label = `${name} (${formatMoney(price, locale)})`;
              return perUnit ? (
                <Quantity key={id} label={label} value={count} onChange={set} />
              ) : (
                <label key={id} className="choice">
                  <input type="checkbox" checked={count > 0} onChange={(event) => set(event.target.checked ? 1 : 0)} />
                  <span>{label}</span>
                </label>
              );
            })}
          </fieldset>
        )}
      </section>
      <section className="card stack" aria-live="polite">
        <h2>{words.preview}</h2>
        {body ? <Preview subscription={subscription} body={body} /> : <Nothing />}
      </section>
    </div>
  );
}

function Nothing() {
  const words = useWords();
  return (
    <>
      <p className="soft">{words.previewNothing}</p>
      <p>
        <Link className="button quiet" to="/">
          {words.keep}
        </Link>
      </p>
    </>
  );
}

function Preview({ subscription, body }: { subscription: Subscription; body: Schemas['Change'] }) {
  const words = useWords();
  const { locale } = useReader();
  const preview = useQuery({
    queryKey: ['preview', subscription.version, body],
    queryFn: () => ask(api.POST('/api/billing/change/preview', { body })),
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
  const on = subscription.currentPeriod && dateIn({ words, locale }, subscription, subscription.currentPeriod.end);
  const change = useCommand({
    subscription,
    send: () => ask(api.POST('/api/billing/change', { body })),
    said: (after) => (after?.pendingChange && on ? words.changedLater(on) : words.changed),
    onDone: () => navigate('/'),
  });
  if (preview.isError) return <ErrorNote error={preview.error} onRetry={() => void preview.refetch()} />;
  if (!preview.data) return <Skeleton lines={5} />;
  const { lines, when, proration, total } = preview.data;
  const isLater = when === 'period_end';
  return (
    <>
      {lines.length > 0 && <Lines lines={lines} sums={preview.data} caption={words.preview} />}
      <p>
        {isLater ? (
          on && words.previewLater(on)
        ) : proration === 'next_invoice' ? (
          words.previewNext
        ) : (
          <strong>
            {words.previewNow}:{' '}
            {formatMoney(preview.data.amountDue.amount > 0 ? preview.data.amountDue : total, locale)}
          </strong>
        )}
      </p>
      <div className="row">
        <Button look="primary" busy={change.isPending || preview.isPlaceholderData} onClick={() => change.mutate()}>
          {isLater ? words.confirmLater : words.confirmChange}
        </Button>
        <Link className="button quiet" to="/">
          {words.cancel}
        </Link>
      </div>
    </>
  );
}
