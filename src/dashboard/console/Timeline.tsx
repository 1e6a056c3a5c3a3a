/**
 * What happened, the newest above. Of a list of any length only what is seen is drawn. Each item opens what it knows, what
 * brought it and what it brought.
 */
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { Empty } from '../base/Empty.tsx';
import { ErrorNote } from '../base/ErrorNote.tsx';
import { Skeleton } from '../base/Skeleton.tsx';
import { rowsOf, usePaged } from './paged.ts';
import { Facts, Id, State, Sum, When } from './Shown.tsx';
import { HAPPENINGS, inWords, kindOf, spoken } from './words.ts';

type Happening = Schemas['Happening'];
type Whose = { customerId: string } | { subscriptionId: string };

const PAGE = 100;
const ROW_HEIGHT = 41;
const nameOf = ({ kind, id }: Happening) => `${kind}/${id}`;

export function Timeline({ of }: { of: Whose }) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const paged = usePaged<Happening>(['timeline', of], (cursor) =>
    ask(api.GET('/api/admin/timeline', { params: { query: { ...of, limit: PAGE, ...(cursor && { cursor }) } } })),
  );
  const all = rowsOf(paged);
  const shown = useMemo(() => all.filter(({ kind }) => !hidden.has(kind)), [all, hidden]);
  if (paged.isPending) return <Skeleton lines={12} />;
  if (paged.isError && all.length === 0) return <ErrorNote error={paged.error} onRetry={() => void paged.refetch()} />;
  const toggle = (kind: string) => {
    const next = new Set(hidden);
    if (!next.delete(kind)) next.add(kind);
    setHidden(next);
  };
  return (
    <div className="stack">
      <fieldset className="chips bare">
        <legend className="hidden">What is shown</legend>
        {HAPPENINGS.map((kind) => (
          <button
            key={kind}
            type="button"
            className="chip"
            aria-pressed={!hidden.has(kind)}
            onClick={() => toggle(kind)}
          >
            {kindOf(kind)}
          </button>
        ))}
      </fieldset>
      {shown.length === 0 ? (
        <Empty title="Nothing of that has happened" />
      ) : (
        <Happenings all={all} shown={shown} more={paged.hasNextPage} onEnd={() => void paged.fetchNextPage()} />
      )}
      {paged.isFetchNextPageError && <ErrorNote error={paged.error} onRetry={() => void paged.fetchNextPage()} />}
    </div>
  );
}

type Props = { all: readonly Happening[]; shown: readonly Happening[]; more: boolean; onEnd: () => void };

function Happenings({ all, shown, more, onEnd }: Props) {
  const list = useRef<HTMLOListElement>(null);
  const [top, setTop] = useState(0);
  const [open, setOpen] = useState<string | null>(null);
  const related = useRelated(all);
  useLayoutEffect(() => setTop((list.current?.getBoundingClientRect().top ?? 0) + scrollY), []);
  const rows = useWindowVirtualizer({
    count: shown.length,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (i) => nameOf(shown[i]!),
    overscan: 12,
    scrollMargin: top,
  });
  const drawn = rows.getVirtualItems();
  const isAtEnd = (drawn.at(-1)?.index ?? 0) >= shown.length - 20;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is asked once for each length that there is
  useEffect(() => {
    if (isAtEnd && more) onEnd();
  }, [isAtEnd, more, shown.length]);
  const go = (to: Happening) => {
    setOpen(nameOf(to));
    const at = shown.findIndex((each) => nameOf(each) === nameOf(to));
    if (at >= 0) rows.scrollToIndex(at, { align: 'center' });
    requestAnimationFrame(() => document.getElementById(nameOf(to))?.focus());
  };
  return (
    <ol ref={list} className="timeline" style={{ height: rows.getTotalSize() }}>
      {drawn.map(({ index, key, start }) => {
        const one = shown[index]!;
        const isOpen = open === nameOf(one);
        return (
          <li
            key={key}
            ref={rows.measureElement}
            data-index={index}
            aria-setsize={more ? -1 : shown.length}
            aria-posinset={index + 1}
            className={`happening ${one.kind}`}
            style={{ transform: `translateY(${start - top}px)` }}
          >
            <span className="dot" aria-hidden="true" />
            <button
              type="button"
              id={nameOf(one)}
              aria-expanded={isOpen}
              onClick={() => setOpen(isOpen ? null : nameOf(one))}
            >
              <When at={one.at} />
              <span className="what">
                <span className="small soft">{kindOf(one.kind)}</span>
                <strong>{spoken(one.name)}</strong>
                <Moved of={one} />
              </span>
              {one.amount && <Sum of={one.amount} />}
            </button>
            {isOpen && <Inside of={one} related={related} onGo={go} />}
          </li>
        );
      })}
    </ol>
  );
}

/** Of a decision only a change of state is worth a badge. */
function Moved({ of: { kind, state, facts } }: { of: Happening }) {
  if (!state || (kind === 'decision' && facts.from === state) || state === 'announced') return null;
  return <State of={state} />;
}

type Related = { cause: (of: Happening) => Happening | undefined; effects: (of: Happening) => readonly Happening[] };

function useRelated(all: readonly Happening[]): Related {
  return useMemo(() => {
    const bringers = new Map<string, Happening>();
    const brought = new Map<string, Happening[]>();
    for (const one of all) {
      for (const key of one.brings) bringers.set(key, one);
      if (one.broughtBy) brought.set(one.broughtBy, [...(brought.get(one.broughtBy) ?? []), one]);
    }
    return {
      cause: ({ broughtBy }) => (broughtBy ? bringers.get(broughtBy) : undefined),
      effects: ({ brings }) => brings.flatMap((key) => brought.get(key) ?? []),
    };
  }, [all]);
}

type InsideProps = { of: Happening; related: Related; onGo: (to: Happening) => void };

function Inside({ of: one, related, onGo }: InsideProps) {
  const cause = related.cause(one);
  const effects = related.effects(one);
  const facts = Object.entries(one.facts).filter(([, value]) => value !== null && value !== '');
  return (
    <div className="inside">
      <Facts
        of={[
          ...(one.by ? ([['By', <span key="by">{by(one.by)}</span>]] as const) : []),
          ...facts.map(([name, value]) => [inWords(name), <Value key={name} of={value} />] as const),
          [
            'Id',
            one.kind === 'entry' ? (
              <Id key="id" of={one.id} />
            ) : (
              <span key="id" className="id">
                {one.id}
              </span>
            ),
          ],
        ]}
      />
      {cause ? (
        <Links title="Brought by" of={[cause]} onGo={onGo} />
      ) : (
        one.broughtBy && <p className="small soft">What brought it lies further back than what is loaded.</p>
      )}
      {effects.length > 0 && <Links title="Brought" of={effects} onGo={onGo} />}
    </div>
  );
}

const by = (who: string): string => {
  const [kind = '', ...ref] = who.split(' ');
  return ref.length === 0 ? kind : `${kind === 'principal' ? 'a person or service' : `the ${kind}`} (${ref.join(' ')})`;
};

function Value({ of }: { of: string | number | null | undefined }) {
  if (typeof of === 'string' && /^(inv|sub|cus|pb|co|mail)_/.test(of)) return <Id of={of} />;
  return <span className="number">{String(of)}</span>;
}

const Links = ({ title, of, onGo }: { title: string; of: readonly Happening[]; onGo: (to: Happening) => void }) => (
  <div className="links">
    <h3>{title}</h3>
    {of.map((one) => (
      <button key={nameOf(one)} type="button" className="linked" onClick={() => onGo(one)}>
        {kindOf(one.kind)}: {spoken(one.name)}
        {one.state && one.kind !== 'decision' ? `, ${inWords(one.state)}` : ''}
      </button>
    ))}
  </div>
);
