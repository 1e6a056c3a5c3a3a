import { useState } from 'react';
import { api, ask } from '../api/client.ts';
import { Button } from '../base/Button.tsx';
import { Dialog } from '../base/Dialog.tsx';
import { Field } from '../base/Field.tsx';
import type { Subscription } from './data.ts';
import { useCommand } from './useCommand.ts';
import { useWords } from './words.ts';

export function PauseDialog({ subscription, onClose }: { subscription: Subscription; onClose: () => void }) {
  const words = useWords();
  const [until, setUntil] = useState('');
  const pause = useCommand({
    subscription,
    send: () => {
      const resumeAt = until === '' ? {} : { resumeAt: new Date(`${until}T00:00:00`).toISOString() };
      return ask(api.POST('/api/billing/pause', { body: { subscriptionId: subscription.id, ...resumeAt } }));
    },
    said: () => words.paused,
    onDone: onClose,
  });
  return (
    <Dialog title={words.pauseTitle} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!pause.isPending) pause.mutate();
        }}
      >
        <p>{words.pauseBody}</p>
        <Field
          label={words.pauseUntil}
          type="date"
          value={until}
          min={new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)}
          onChange={(event) => setUntil(event.target.value)}
        />
        <div className="row end">
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button type="submit" look="primary" busy={pause.isPending}>
            {words.pause}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
