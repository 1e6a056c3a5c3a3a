/** What is owed, and what to do about it: on every page, above all else. */
import { useState } from 'react';
import { Button } from '../base/Button.tsx';
import { formatMoney } from '../base/format.ts';
import { useReader } from '../base/words.ts';
import { AddCard } from './CardForm.tsx';
import { type Subscription, useOpenInvoices, useSubscriptions } from './data.ts';
import { dateIn, owed } from './sentence.ts';
import { usePay } from './usePay.ts';
import { useWords } from './words.ts';

const OWING = ['past_due', 'unpaid', 'incomplete'];

export function OverdueNotes() {
  const { data: subscriptions = [] } = useSubscriptions();
  const { data: open = [] } = useOpenInvoices();
  return subscriptions
    .filter((each) => OWING.includes(each.state) && owed(open, each).amount > 0)
    .map((each) => <Overdue key={each.id} subscription={each} />);
}

function Overdue({ subscription }: { subscription: Subscription }) {
  const words = useWords();
  const { locale } = useReader();
  const { data: open = [] } = useOpenInvoices();
  const [isAdding, setAdding] = useState(false);
  const pay = usePay((how) => how === 'succeeded' && setAdding(false));
  const invoice = open.filter(({ subscriptionId }) => subscriptionId === subscription.id).at(-1);
  if (!invoice) return null;
  const { access } = subscription;
  const on = (iso: string) => dateIn({ words, locale }, subscription, iso);
  return (
    <section className="note bad" aria-labelledby={`${subscription.id}-overdue`}>
      <h2 id={`${subscription.id}-overdue`}>{words.overdueTitle}</h2>
      <p>
        {words.overdueBody(formatMoney(owed(open, subscription), locale), on(invoice.dueAt))}{' '}
        {access.level === 'grace' && access.until && words.overdueUntil(on(access.until))}
      </p>
      <div className="row">
        <Button look="primary" busy={pay.isPending} onClick={() => pay.mutate({ invoice: invoice.id })}>
          {words.payNow}
        </Button>
        <Button onClick={() => setAdding(true)}>{words.otherCard}</Button>
      </div>
      {isAdding && (
        <AddCard
          onClose={() => setAdding(false)}
          onAdded={({ id }) => {
            setAdding(false);
            pay.mutate({ invoice: invoice.id, paymentMethodId: id });
          }}
        />
      )}
    </section>
  );
}
