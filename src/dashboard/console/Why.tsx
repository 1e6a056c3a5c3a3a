/** Why it is in this state: the chain of causes, back to the move into it. */
import { useQuery } from '@tanstack/react-query';
import { api, ask, type Schemas } from '../api/client.ts';
import { Loaded } from '../base/Loaded.tsx';
import { Card, Id, State, When } from './Shown.tsx';
import { inWords, spoken } from './words.ts';

export function Why({ id }: { id: string }) {
  const why = useQuery({
    queryKey: ['why', id],
    queryFn: () => ask(api.GET('/api/admin/subscriptions/{id}/why', { params: { path: { id } } })),
  });
  return (
    <Card title="Why it is in this state">
      <Loaded query={why}>
        {({ state, causes }) => {
          const move = causes.find(({ from, to }) => from !== to && to === state);
          return move ? (
            <Because of={move} />
          ) : (
            <p>
              It has been <State of={state} /> from the beginning.
            </p>
          );
        }}
      </Loaded>
    </Card>
  );
}

function Because({ of: { at, rule, input, origin, from, to, because, effects } }: { of: Schemas['Cause'] }) {
  const facts = Object.entries(because).filter(([, value]) => value !== null);
  return (
    <div className="stack tight">
      <p>
        It went from <State of={from} /> to <State of={to} /> on{' '}
        <strong>
          <When at={at} />
        </strong>
        , since {WHO[origin.by] ?? origin.by} said <em>{inWords(input)}</em> and the rule for it is{' '}
        <strong>{spoken(rule)}</strong>.
      </p>
      {facts.length > 0 && (
        <p className="small">
          <span className="soft">What the rule looked at: </span>
          {facts.map(([name, value], i) => (
            <span key={name}>
              {i > 0 && ', '}
              {inWords(name)}{' '}
              <strong>
                {typeof value === 'string' && value.startsWith('inv_') ? <Id of={value} /> : String(value)}
              </strong>
            </span>
          ))}
        </p>
      )}
      {effects.length > 0 && (
        <details className="small">
          <summary>What followed from it</summary>
          <ul className="stack tight">
            {effects.map((effect) => (
              <li key={effect} className="id">
                {effect}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

const WHO: Record<string, string> = {
  principal: 'a person or a service',
  processor: 'the processor',
  clock: 'the clock',
  engine: 'the engine',
};
