/** The workflow as it answers itself, beside what is stored of it: where they differ it is said, and what time will bring. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { Loaded } from '../base/Loaded.tsx';
import { Table } from '../base/Table.tsx';
import { countdown } from './countdown.ts';
import { Card, Facts, State, When } from './Shown.tsx';
import { dueInWords } from './words.ts';

type Look = Schemas['WorkflowLook'];

const SILENT: Partial<Record<Look['outcome'], string>> = {
  unreachable: 'It can’t be asked just now: Temporal is away, or no worker answers.',
  no_workflow: 'It has no workflow any more: its life is over, or it was lost. Reconciliation starts a lost one again.',
};

export function WorkflowCard({ id, clockId }: { id: string; clockId: string | null }) {
  const look = useQuery({
    queryKey: ['workflow', id],
    queryFn: () => ask(api.GET('/api/admin/subscriptions/{id}/workflow', { params: { path: { id } } })),
  });
  return (
    <>
      <Card title="What time will bring">
        <Loaded query={look}>{(seen) => <Timers of={seen} stands={clockId !== null} />}</Loaded>
      </Card>
      <Card title="Workflow">
        <Loaded query={look}>{(seen) => <Beside of={seen} />}</Loaded>
      </Card>
    </>
  );
}

function Timers({ of: { timers, now }, stands }: { of: Look; stands: boolean }) {
  const present = useNow(stands ? now : null);
  if (timers.length === 0) return <p className="soft">Nothing, until somebody does something.</p>;
  return (
    <ol className="stack">
      {timers.map(({ type, at }) => (
        <li key={`${type} ${at}`} className="stack tight">
          <span>
            <strong>{countdown(present, at)}</strong> {dueInWords(type)}
          </span>
          <span className="small soft">
            <When at={at} />
          </span>
        </li>
      ))}
    </ol>
  );
}

/** A test clock stands until it is advanced; the wall's goes on. */
function useNow(standing: string | null): string | number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const ticking = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(ticking);
  }, []);
  return standing ?? now;
}

function Beside({ of: look }: { of: Look }) {
  const silent = SILENT[look.outcome];
  return (
    <div className="stack">
      {silent ? (
        <p className="note warn">{silent}</p>
      ) : look.differences.length === 0 ? (
        <p className="note good">What is stored says the same as the workflow.</p>
      ) : (
        <div className="note bad">
          <p>
            <strong>What is stored says something else than the workflow.</strong>
          </p>
          <div className="scrolls">
            <Table
              caption="Differences"
              rows={look.differences}
              keyOf={({ path }) => path}
              columns={[
                { title: 'Field', cell: ({ path }) => <span className="id">{path}</span> },
                { title: 'Workflow', cell: ({ workflow }) => String(workflow) },
                { title: 'Stored', cell: ({ stored }) => String(stored) },
              ]}
            />
          </div>
        </div>
      )}
      <Facts
        of={[
          ['State', look.state ? <State key="state" of={look.state} /> : '–'],
          ['Version', look.version ?? '–'],
          ['Inputs that wait', look.pendingInputs ?? '–'],
          ['Calls outside', look.outsideCalls ?? '–'],
          [
            'Workflow',
            <span key="id" className="id">
              {look.workflowId}
            </span>,
          ],
        ]}
      />
      {look.url && (
        <p>
          <a href={look.url} target="_blank" rel="noreferrer">
            Its run in Temporal
          </a>
        </p>
      )}
    </div>
  );
}
