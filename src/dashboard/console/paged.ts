import { useInfiniteQuery } from '@tanstack/react-query';

type Page<Row> = { data: Row[]; nextCursor: string | null };

/** A list of any length, page by page. `asked` is everything that it depends on. */
export const usePaged = <Row>(asked: readonly unknown[], load: (cursor: string | undefined) => Promise<Page<Row>>) =>
  useInfiniteQuery({
    queryKey: asked,
    queryFn: ({ pageParam }) => load(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });

export type Paged<Row> = ReturnType<typeof usePaged<Row>>;
export const rowsOf = <Row>({ data }: Paged<Row>): Row[] => data?.pages.flatMap((page) => page.data) ?? [];
