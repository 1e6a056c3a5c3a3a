import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api, ask, type Schemas } from '../api/client.ts';
import { Empty } from '../base/Empty.tsx';
import { Loaded } from '../base/Loaded.tsx';
import { navigate, useSearch } from '../base/router.tsx';
import { Table } from '../base/Table.tsx';
import { Id, Page } from './Shown.tsx';
import { inWords, pageOf } from './words.ts';

type Found = Schemas['Found'];

/** Of events there is no page of their own; what one is about has one. */
const goal = ({ kind, id, subscriptionId }: Found): string | null =>
  (kind === 'event' && subscriptionId && pageOf(subscriptionId)) || pageOf(id);

export function SearchPage() {
  const asked = useSearch().get('q') ?? '';
  const found = useQuery({
    queryKey: ['search', asked],
    queryFn: () => ask(api.GET('/api/admin/search', { params: { query: { q: asked } } })),
    enabled: asked !== '',
  });
  const only = found.data?.data.length === 1 ? found.data.data[0] : undefined;
  const to = only && goal(only);
  useEffect(() => {
    if (to) navigate(to, { replace: true });
  }, [to]);
  return (
    <Page title={`What is called “${asked}”`}>
      <section className="card">
        {asked === '' ? (
          <Hint title="Look for something" />
        ) : (
          <Loaded query={found}>
            {({ data }) =>
              data.length === 0 ? (
                <Hint title="Nothing here bears that name" />
              ) : (
                <Table
                  caption="Found"
                  rows={data}
                  keyOf={({ kind, id }) => `${kind} ${id}`}
                  columns={[
                    { title: 'What', cell: ({ kind }) => inWords(kind) },
                    { title: 'Id', cell: ({ id }) => <Id of={id} /> },
                    { title: 'Found by its', cell: ({ by }) => by },
                    { title: 'Name', cell: ({ label }) => label ?? '–' },
                    { title: 'Subscription', cell: ({ subscriptionId }) => <Id of={subscriptionId} /> },
                  ]}
                />
              )
            }
          </Loaded>
        )}
      </section>
    </Page>
  );
}

const Hint = ({ title }: { title: string }) => (
  <Empty title={title}>
    <p>
      An e-mail, an invoice’s number, a promotion code, your own name of a customer, or an id of ours or of the
      processor’s, each whole.
    </p>
  </Empty>
);
