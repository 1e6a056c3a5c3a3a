import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '../api/client.ts';
import { Button } from '../base/Button.tsx';
import { Empty } from '../base/Empty.tsx';
import { ErrorNote } from '../base/ErrorNote.tsx';
import { Field } from '../base/Field.tsx';
import { formatMoney } from '../base/format.ts';
import { Loaded } from '../base/Loaded.tsx';
import { Link, navigate } from '../base/router.tsx';
import { toast } from '../base/toast.ts';
import { useReader } from '../base/words.ts';
import { AddCard } from './CardForm.tsx';
import { type Plan, refresh, useMethods, usePlans, useQueryClient } from './data.ts';
import { PayWith } from './PayWith.tsx';
import { confirmed } from './stripe.ts';
import { useWords } from './words.ts';

export function usePriceWords() {
  const words = useWords();
  const { locale } = useReader();
  return ({ price, perUnit, tiered, interval }: Plan): string => {
    const said = tiered ? words.perFrom : perUnit ? words.perUnit : words.per;
    return said(formatMoney(price, locale), words.every[interval.unit](interval.count));
  };
}

export function Plans() {
  const words = useWords();
  const { locale } = useReader();
  const plans = usePlans();
  const priceOf = usePriceWords();
  return (
    <>
      <h1>{words.plansTitle}</h1>
      <Loaded query={plans}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={words.noPlans} />
          ) : (
            <ul className="plans">
              {all.map((plan) => (
                <li key={plan.id} className="card stack tight">
                  <h2>{plan.name}</h2>
                  <p>{priceOf(plan)}</p>
                  {plan.trialDays > 0 && <p className="soft">{words.trialDays(plan.trialDays)}</p>}
                  {plan.fees.amount > 0 && <p className="soft">{words.fee(formatMoney(plan.fees, locale))}</p>}
                  <p className="bottom">
                    <Link className="button" to={`/plans/${plan.id}`} aria-label={words.chooseNamed(plan.name)}>
                      {words.choose}
                    </Link>
                  </p>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}

export function Subscribe({ planId }: { planId: string }) {
  const words = useWords();
  return (
    <Loaded query={usePlans()}>
      {(plans) => {
        const plan = plans.find(({ id }) => id === planId);
        return plan ? <SubscribeTo plan={plan} /> : <Empty title={words.notFound} />;
      }}
    </Loaded>
  );
}

function SubscribeTo({ plan }: { plan: Plan }) {
  const words = useWords();
  const { locale } = useReader();
  const client = useQueryClient();
  const priceOf = usePriceWords();
  const { data: methods = [] } = useMethods();
  const [quantity, setQuantity] = useState(1);
  const [code, setCode] = useState('');
  const [method, setMethod] = useState('');
  const [isAdding, setAdding] = useState(false);
  const subscribe = useMutation({
    async mutationFn(paymentMethodId: string) {
      const answer = await ask(
        api.POST('/api/billing/subscribe', {
          body: {
            planId: plan.id,
            ...(plan.perUnit && { quantity }),
            ...(paymentMethodId && { paymentMethodId }),
            ...(code && { promotionCode: code }),
          },
        }),
      );
      return confirmed(answer?.payment ?? null);
    },
    async onSuccess(how) {
      await refresh(client);
      if (how === 'succeeded') toast(words.subscribed(plan.name));
      if (how === 'processing') toast(words.processing);
      if (how === 'declined') toast(words.declined, { bad: true });
      if (how === 'not_confirmed') toast(words.notConfirmed, { bad: true });
      navigate('/');
    },
  });
  const chosen = method || methods[0]?.id || '';
  const needsCard = chosen === '' && plan.trialDays === 0;
  return (
    <>
      <h1>{words.subscribeTitle(plan.name)}</h1>
      <section className="card narrow">
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (needsCard) setAdding(true);
            else if (!subscribe.isPending) subscribe.mutate(chosen);
          }}
        >
          <p>
            <strong>{priceOf(plan)}</strong>
            {plan.trialDays > 0 && <span className="soft"> · {words.trialDays(plan.trialDays)}</span>}
            {plan.fees.amount > 0 && <span className="soft"> · {words.fee(formatMoney(plan.fees, locale))}</span>}
          </p>
          {plan.perUnit && <Quantity value={quantity} onChange={setQuantity} />}
          <PayWith value={chosen} onChange={setMethod} onAdd={() => setAdding(true)} />
          <Field label={words.promotionCode} value={code} onChange={(event) => setCode(event.target.value.trim())} />
          {subscribe.isError && <ErrorNote error={subscribe.error} />}
          <div className="row">
            <Button type="submit" look="primary" busy={subscribe.isPending}>
              {plan.trialDays > 0 ? words.startTrial : words.subscribe}
            </Button>
            <Link className="button quiet" to="/plans">
              {words.cancel}
            </Link>
          </div>
        </form>
      </section>
      {isAdding && (
        <AddCard
          onClose={() => setAdding(false)}
          onAdded={({ id }) => {
            setAdding(false);
            setMethod(id);
            void client.invalidateQueries({ queryKey: ['methods'] });
          }}
        />
      )}
    </>
  );
}

export function Quantity({
  value,
  onChange,
  label,
}: {
  value: number;
  onChange: (value: number) => void;
  label?: string;
}) {
  const words = useWords();
  return (
    <Field
      label={label ?? words.quantity}
      type="number"
      min={label ? 0 : 1}
      step={1}
      value={value}
      onChange={(event) => onChange(Math.max(label ? 0 : 1, Math.trunc(event.target.valueAsNumber) || 0))}
    />
  );
}
