/** The small things that stand on every page: a state, a sum, an id that leads somewhere. */
import { type ReactNode, useEffect, useRef } from 'react';
import type { Schemas } from '../api/client.ts';
import { Badge } from '../base/Badge.tsx';
import { DateTime } from '../base/DateTime.tsx';
import { Money } from '../base/Money.tsx';
import { Link } from '../base/router.tsx';
import { inWords, pageOf, toneOf } from './words.ts';

export const State = ({ of }: { of: string }) => <Badge tone={toneOf(of)}>{inWords(of)}</Badge>;

export const Sum = ({ of }: { of: Schemas['Money'] | null | undefined }) => (of ? <Money of={of} /> : <span>–</span>);

/** An id, and the page of what it names where there is one. */
export function Id({ of, children }: { of: string | null | undefined; children?: ReactNode }) {
  if (!of) return <span>–</span>;
  const page = pageOf(of);
  const text = children ?? of;
  if (!page) return <span className="id">{text}</span>;
  return (
    <Link to={page} className={children ? undefined : 'id'}>
      {text}
    </Link>
  );
}

export const When = ({ at }: { at: string | null | undefined }) =>
  at ? <DateTime at={at} style={at.length === 10 ? 'day' : 'time'} /> : <span>–</span>;

type Named = readonly [name: string, value: ReactNode];
export const Facts = ({ of }: { of: readonly Named[] }) => (
  <dl className="facts">
    {of.map(([name, value]) => (
      <div key={name} className="contents">
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

type PageProps = { title: ReactNode; above?: ReactNode; about?: ReactNode; actions?: ReactNode; children: ReactNode };

let isFirst = true;

/** How each page begins: where one is, what it is, in a sentence how it stands, and what can be done. */
export function Page({ title, above, about, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  // Whoever comes from another page, perhaps by the keyboard, begins at its heading.
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    isFirst = false;
  }, []);
  return (
    <>
      <header className="heading">
        {above && <p className="path soft">{above}</p>}
        <div className="row apart">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {actions && <div className="row">{actions}</div>}
        </div>
        {about && <p className="soft">{about}</p>}
      </header>
      {children}
    </>
  );
}

export const Card = ({ title, children, actions }: { title: string; children: ReactNode; actions?: ReactNode }) => (
  <section className="card">
    <header className="row apart">
      <h2>{title}</h2>
      {actions}
    </header>
    {children}
  </section>
);
