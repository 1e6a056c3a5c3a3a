import { useState } from 'react';
import { api, ask } from '../api/client.ts';
import { Button } from '../base/Button.tsx';
import { Empty } from '../base/Empty.tsx';
import { TextArea } from '../base/Field.tsx';
import { Loaded } from '../base/Loaded.tsx';
import { Link, navigate } from '../base/router.tsx';
import { useReader } from '../base/words.ts';
import { type Subscription, useSubscriptions } from './data.ts';
import { dateIn } from './sentence.ts';
import { useCommand } from './useCommand.ts';
import { useWords } from './words.ts';

const REASONS = ['too_expensive', 'missing_feature', 'switched', 'no_longer_needed', 'other'] as const;

/** Of the one that is named, or of the only one that goes on: a mail's link names none. */
export function Cancel({ id }: { id: string | null }) {
  const words = useWords();
  return (
    <>
      <h1>{words.cancelTitle}</h1>
      <Loaded query={useSubscriptions()}>
        {(all) => {
          const found = all.find((each) => (id === null ? each.state !== 'canceled' : each.id === id));
          return found ? <Confirm subscription={found} /> : <Empty title={words.noSubscription} />;
        }}
      </Loaded>
    </>
  );
}

function Confirm({ subscription }: { subscription: Subscription }) {
  const words = useWords();
  const { locale } = useReader();
  const [reason, setReason] = useState('');
  const [comment, setComment] = useState('');
  const { id, state, currentPeriod } = subscription;
  const atEnd = state === 'active' || state === 'trialing';
  const end = atEnd ? (currentPeriod?.end ?? null) : null;
  const on = end && dateIn({ words, locale }, subscription, end);
  const cancel = useCommand({
    subscription,
    send: () =>
      ask(
        api.POST('/api/billing/cancel', {
          body: {
            subscriptionId: id,
            at: atEnd ? 'period_end' : 'now',
            ...(reason && { reason }),
            ...(comment.trim() && { comment: comment.trim() }),
          },
        }),
      ),
    ...(end && { expected: () => ({ cancelAt: end }) }),
    said: () => (on ? words.canceledOn(on) : words.canceledNow),
    onDone: () => navigate('/'),
  });
  return (
    <section className="card narrow">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!cancel.isPending) cancel.mutate();
        }}
      >
        <p>{on ? words.cancelKeeps(on) : words.cancelNow}</p>
        <fieldset className="choices">
          <legend>{words.cancelWhy}</legend>
          {REASONS.map((each) => (
            <label key={each} className="choice">
              <input
                type="radio"
                name="reason"
                value={each}
                checked={reason === each}
                onChange={() => setReason(each)}
              />
              <span>{words.reasons[each]}</span>
            </label>
          ))}
        </fieldset>
        <TextArea
          label={words.cancelComment}
          rows={3}
          maxLength={1_000}
          value={comment}
          onChange={(event) => setComment(event.target.value)}
        />
        <div className="row">
          <Link className="button primary" to="/">
            {words.keep}
          </Link>
          <Button type="submit" look="danger" busy={cancel.isPending}>
            {words.confirmCancel}
          </Button>
        </div>
      </form>
    </section>
  );
}
