/** Test mode's bar: what day it is on a clock, what will happen next, and buttons that bring it about. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { ProblemError } from '../api/problem.ts';
import { Button } from '../base/Button.tsx';
import { formatTime } from '../base/format.ts';
import { toast } from '../base/toast.ts';
import { chooseClock, useClocks } from './clock.ts';
import { countdown } from './countdown.ts';
import { Id } from './Shown.tsx';
import { dueInWords } from './words.ts';

type Clock = Schemas['Clock'];
const LOOK_EVERY_MS = 400;
const LEAPS = [
  { label: '1 day', by: 'P1D' },
  { label: '1 month', by: 'P1M' },
  { label: '1 year', by: 'P1Y' },
] as const;

export function TimeMachine() {
  const { all, chosen } = useClocks();
  return chosen ? <Bar key={chosen.id} clock={chosen} all={all} /> : null;
}

function Bar({ clock: { id }, all }: { clock: Clock; all: readonly Clock[] }) {
  const client = useQueryClient();
  const clock = useQuery({
    queryKey: ['clock', id],
    queryFn: () => ask(api.GET('/api/admin/clocks/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.state === 'advancing' ? LOOK_EVERY_MS : false),
  });
  const next = useQuery({
    queryKey: ['clock', id, 'next'],
    queryFn: () => ask(api.GET('/api/admin/clocks/{id}/next', { params: { path: { id } } })),
  });
  const advance = useMutation({
    mutationFn: (body: Schemas['ClockAdvance']) =>
      ask(api.POST('/api/admin/clocks/{id}/advance', { params: { path: { id } }, body })),
    onError: (error) =>
      toast(error instanceof ProblemError ? error.message : 'The clock can’t be reached.', { bad: true }),
    onSettled: () => client.invalidateQueries({ queryKey: ['clock', id] }),
  });
  const state = clock.data?.state;
  const was = useRef(state);
  // When it has arrived, everything that is shown may be another.
  useEffect(() => {
    if (was.current === 'advancing' && state !== 'advancing') void client.invalidateQueries();
    was.current = state;
  }, [state, client]);
  if (!clock.data) return <section className="machine" aria-label="Time machine" />;
  const { now, target } = clock.data;
  const isBusy = state === 'advancing' || advance.isPending;
  const due = next.data?.due[0];
  return (
    <section className="machine" aria-label="Time machine">
      <label>
        <span className="hidden">Clock</span>
        <select value={id} onChange={(event) => chooseClock(event.target.value)}>
          {all.map((each) => (
            <option key={each.id} value={each.id}>
              {each.name ?? each.id}
            </option>
          ))}
        </select>
      </label>
      <time className="now" dateTime={now}>
        {formatTime(now, 'en', 'UTC', 'time')} UTC
      </time>
      <span className="ahead" aria-live="polite">
        {state === 'blocked' && `It is blocked: ${clock.data.reason}`}
        {state === 'advancing' && target && `On its way to ${formatTime(target, 'en', 'UTC')} …`}
        {state === 'ready' && due && (
          <>
            {capital(countdown(now, due.at))}, {dueInWords(due.type)}: <Id of={due.subscriptionId} />
          </>
        )}
        {state === 'ready' && next.data && !due && 'Nothing is due on this clock.'}
      </span>
      <Button slim busy={isBusy} disabled={!due} onClick={() => advance.mutate({ next: true })}>
        To what is next
      </Button>
      {LEAPS.map(({ label, by }) => (
        <Button key={by} slim busy={isBusy} onClick={() => advance.mutate({ by })}>
          + {label}
        </Button>
      ))}
    </section>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
