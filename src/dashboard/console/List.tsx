import type { ReactNode } from 'react';
import { Button } from '../base/Button.tsx';
import { Empty } from '../base/Empty.tsx';
import { ErrorNote } from '../base/ErrorNote.tsx';
import { Skeleton } from '../base/Skeleton.tsx';
import { type Column, Table } from '../base/Table.tsx';
import { type Paged, rowsOf } from './paged.ts';

type Props<Row> = {
  of: Paged<Row>;
  caption: string;
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  /** What is said where there are none. */
  none: string;
  hint?: ReactNode;
};

/** A table that grows by a page at a time, with what stands there before it has come, or instead of it. */
export function List<Row>({ of, caption, columns, keyOf, none, hint }: Props<Row>) {
  if (of.isPending) return <Skeleton lines={6} />;
  const rows = rowsOf(of);
  if (of.isError && rows.length === 0) return <ErrorNote error={of.error} onRetry={() => void of.refetch()} />;
  if (rows.length === 0) return <Empty title={none}>{hint}</Empty>;
  return (
    <div className="stack">
      <Table caption={caption} columns={columns} rows={rows} keyOf={keyOf} />
      {of.isError && <ErrorNote error={of.error} />}
      {of.hasNextPage && (
        <p>
          <Button slim busy={of.isFetchingNextPage} onClick={() => void of.fetchNextPage()}>
            Show more
          </Button>
        </p>
      )}
    </div>
  );
}
