import { useState } from 'react';
import { api, ask } from '../api/client.ts';
import { Badge, type Tone } from '../base/Badge.tsx';
import { Button } from '../base/Button.tsx';
import { formatTime } from '../base/format.ts';
import { Link } from '../base/router.tsx';
import { useReader } from '../base/words.ts';
import type { Forecast, Invoice, PaymentMethod, Plan, Subscription } from './data.ts';
import { PauseDialog } from './PauseDialog.tsx';
import { usePriceWords } from './Plans.tsx';
import { dateIn, methodName, nextSteps, sentence } from './sentence.ts';
import { useCommand } from './useCommand.ts';
import { useWords } from './words.ts';

const TONES: Record<Subscription['state'], Tone> = {
  draft: 'plain',
  incomplete: 'warn',
  trialing: 'accent',
  active: 'good',
  past_due: 'bad',
  unpaid: 'bad',
  paused: 'warn',
  canceled: 'plain',
};
const GOES_ON = ['active', 'trialing', 'past_due'];

type Props = {
  subscription: Subscription;
  forecast: Forecast | undefined;
  open: readonly Invoice[];
  methods: readonly PaymentMethod[];
  plans: readonly Plan[];
};

export function SubscriptionCard({ subscription, forecast, open, methods, plans }: Props) {
  const words = useWords();
  const { locale } = useReader();
  const speaker = { words, locale };
  const { id, state, cancelAt, addOns, collection, access } = subscription;
  const chosen = methods.find(({ isDefault, processor }) => isDefault && processor === subscription.processor);
  const steps = nextSteps(speaker, subscription, forecast, chosen ? methodName(chosen, words) : null);
  const priceOf = usePriceWords();
  const plan = plans.find((each) => each.id === subscription.planId);
  const [isPausing, setPausing] = useState(false);
  const uncancel = useCommand({
    subscription,
    send: () => ask(api.POST('/api/billing/uncancel', { body: { subscriptionId: id } })),
    expected: () => ({ cancelAt: null }),
    said: () => words.undone,
  });
  const resume = useCommand({
    subscription,
    send: () => ask(api.POST('/api/billing/resume', { body: { subscriptionId: id } })),
    said: () => words.resumed,
  });
  const goesOn = GOES_ON.includes(state);
  return (
    <section className="card stack subscription" aria-labelledby={`${id}-title`}>
      <div className="stack tight">
        <div className="row">
          <Badge tone={TONES[state]}>{words.state[state]}</Badge>
          {plan && <span className="small soft">{priceOf(plan)}</span>}
        </div>
        <h2 id={`${id}-title`} className="sentence">
          {sentence(speaker, subscription, forecast, open)}
        </h2>
        {addOns.length > 0 && (
          <p className="soft">
            {addOns
              .map((each) => {
                const name = plan?.addOns.find((one) => one.id === each.id)?.name ?? each.id;
                return each.quantity > 1 ? words.quantityOf(String(each.quantity), name) : name;
              })
              .join(' · ')}
          </p>
        )}
        {access.level === 'grace' && access.until && (
          <p className="soft">{words.accessUntil(dateIn(speaker, subscription, access.until))}</p>
        )}
      </div>
      {state !== 'canceled' && state !== 'incomplete' && (
        <div className="stack tight">
          <h3>{words.next}</h3>
          {steps.length === 0 ? (
            <p className="soft">{words.nothingNext}</p>
          ) : (
            <ol className="steps">
              {steps.map(({ key, at, what, detail }) => (
                <li key={key}>
                  <time dateTime={at} className="soft number">
                    {formatTime(at, locale, subscription.timeZone)}
                  </time>
                  <span>
                    {what}
                    {detail && <span className="soft"> · {detail}</span>}
                  </span>
                </li>
              ))}
            </ol>
          )}
        </div>
      )}
      {state !== 'canceled' && state !== 'draft' && (
        <div className="row">
          {goesOn && !cancelAt && (
            <Link className="button primary" to={`/subscriptions/${id}/change`}>
              {words.changePlan}
            </Link>
          )}
          {cancelAt && goesOn && (
            <Button look="primary" busy={uncancel.isPending} onClick={() => uncancel.mutate()}>
              {words.undoCancel}
            </Button>
          )}
          {state === 'paused' && (
            <Button look="primary" busy={resume.isPending} onClick={() => resume.mutate()}>
              {words.resume}
            </Button>
          )}
          {state === 'active' && !cancelAt && collection === 'engine' && (
            <Button onClick={() => setPausing(true)}>{words.pause}</Button>
          )}
          {!cancelAt && (
            <Link className="button quiet" to={`/subscriptions/${id}/cancel`}>
              {words.cancelSubscription}
            </Link>
          )}
        </div>
      )}
      {isPausing && <PauseDialog subscription={subscription} onClose={() => setPausing(false)} />}
    </section>
  );
}
