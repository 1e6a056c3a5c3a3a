/** What the pages read, and what is read anew after a command. Everything is asked for at once: nothing waits for another. */
import { type QueryClient, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask, type Schemas } from '../api/client.ts';

export type Subscription = Schemas['Subscription'];
export type Invoice = Schemas['Invoice'];
export type PaymentMethod = Schemas['PaymentMethod'];
export type Plan = Schemas['OfferedPlan'];
export type Seat = Schemas['LicenseSeat'];
export type Forecast = Schemas['Forecast'];
export type Payment = Schemas['Payment'];

export const useSubscriptions = () =>
  useQuery({
    queryKey: ['subscriptions'],
    queryFn: () => ask(api.GET('/api/billing/subscriptions', { params: { query: { limit: 100 } } })),
    select: ({ data }) => data,
  });

export const useForecasts = () =>
  useQuery({
    queryKey: ['forecast'],
    queryFn: () => ask(api.GET('/api/billing/forecast')),
    select: ({ data }) => new Map(data.map((each) => [each.subscriptionId, each])),
  });

export const useOpenInvoices = () =>
  useQuery({
    queryKey: ['invoices', 'open'],
    queryFn: () => ask(api.GET('/api/billing/invoices', { params: { query: { state: 'open', limit: 100 } } })),
    select: ({ data }) => data,
  });

export const useInvoices = () =>
  useInfiniteQuery({
    queryKey: ['invoices', 'all'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      ask(api.GET('/api/billing/invoices', { params: { query: { limit: 20, ...(cursor && { cursor }) } } })),
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    select: ({ pages }) => pages.flatMap(({ data }) => data),
  });

/** The same address has a table as well; JSON is what is asked for. */
export const readInvoice = async (id: string): Promise<Invoice> => {
  const found = await ask(api.GET('/api/billing/invoices/{id}', { params: { path: { id } } }));
  if (typeof found === 'string') throw new Error('not JSON');
  return found;
};

export const useInvoice = (id: string) =>
  useQuery({
    queryKey: ['invoices', id],
    queryFn: () => readInvoice(id),
  });

export const useMethods = () =>
  useQuery({
    queryKey: ['methods'],
    queryFn: () => ask(api.GET('/api/billing/payment-methods')),
    select: ({ data }) => data,
  });

export const useSeats = () =>
  useQuery({
    queryKey: ['seats'],
    queryFn: () => ask(api.GET('/api/billing/licenses')),
    select: ({ data }) => data,
  });

export const usePlans = () =>
  useQuery({
    queryKey: ['plans'],
    queryFn: () => ask(api.GET('/api/billing/plans')),
    select: ({ data }) => data,
    staleTime: 300_000,
  });

export const useProfile = () =>
  useQuery({ queryKey: ['profile'], queryFn: () => ask(api.GET('/api/billing/profile')), staleTime: 300_000 });

export const useCredit = () =>
  useQuery({
    queryKey: ['credit'],
    queryFn: () => ask(api.GET('/api/billing/credit')),
    select: ({ credit }) => credit,
  });

/** What a command may have changed. */
export const refresh = (client: QueryClient) =>
  Promise.all(
    ['subscriptions', 'forecast', 'invoices', 'methods', 'credit'].map((key) =>
      client.invalidateQueries({ queryKey: [key] }),
    ),
  );

type SubscriptionList = Schemas['SubscriptionList'];

/** The subscription as a command's answer has it, or as we believe it to become. */
export function showAs(client: QueryClient, id: string, change: Partial<Subscription>): void {
  client.setQueryData<SubscriptionList>(
    ['subscriptions'],
    (list) => list && { ...list, data: list.data.map((each) => (each.id === id ? { ...each, ...change } : each)) },
  );
}

export { useQueryClient };
