import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorNote } from './ErrorNote.tsx';
import { Skeleton } from './Skeleton.tsx';

type Props<T> = { query: UseQueryResult<T>; children: (data: T) => ReactNode; skeleton?: ReactNode };

/** One way for everything that is read: on its way, refused, or there. */
export function Loaded<T>({ query, children, skeleton = <Skeleton /> }: Props<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorNote error={query.error} onRetry={() => void query.refetch()} />;
  return skeleton;
}
