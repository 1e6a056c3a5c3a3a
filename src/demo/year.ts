/**
 * A year of three customers in seconds: a trial that converts, a card that fails and recovers, one that cancels. A
 * client of the public API like any other, with a test clock. Nothing in it depends on the day on which it is run, so
 * the same seed prints the same year.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Currency, isCurrency } from '../domain/currency.ts';
import { formatMoney } from '../domain/money.ts';

export type DemoAddresses = { api: string; simulator: string; serviceKey: string };
type Subscription = { id: string; state: string; planId: string; access: { level: string }; timeZone: string };
type Clock = { id: string; now: string; state: 'ready' | 'advancing' | 'blocked'; reason: string | null };
type Step = { at: string; rule: string; from: string; to: string; because: Record<string, string | number | null> };
type TrialBalance = {
  currencies: { currency: Currency; accounts: { account: string; balance: number }[]; balanced: boolean }[];
};

/** In the future of whoever runs it, and always the same. */
const BEGINS = '2030-01-31T15:00:00Z';
const LOOK_EVERY_MS = 10;

export type Line = { day: string; who: string; what: string };
export type Year = { lines: Line[]; balance: TrialBalance; zero: boolean };

export async function liveAYear(demo: DemoAddresses): Promise<Year> {
  const api = client(demo.api, demo.serviceKey);
  const clock = await api.post<Clock>('/api/admin/clocks', { name: 'a year of three customers' });
  const advance = async (to: string) => {
    await api.post(`/api/admin/clocks/${clock.id}/advance`, { to });
    for (;;) {
      const { state, reason } = await api.get<Clock>(`/api/admin/clocks/${clock.id}`);
      if (state === 'ready') return;
      if (state === 'blocked') throw new Error(`the clock is blocked: ${reason}`);
      await sleep(LOOK_EVERY_MS);
    }
  };
  const born = async (name: string, timeZone: string, planId: string) => {
    const customer = await api.post<{ id: string }>('/api/customers', {
      name,
      timeZone,
      currency: 'usd',
      clockId: clock.id,
    });
    await api.post('/api/billing/payment-methods', { paymentMethodId: 'pm_card_visa' }, customer.id);
    const { subscription } = await api.post<{ subscription: Subscription }>(
      '/api/billing/subscribe',
      { planId },
      customer.id,
    );
    return { name, customer: customer.id, subscription: subscription.id, timeZone };
  };

  await advance(BEGINS);
  const ada = await born('Ada', 'America/New_York', 'pro');
  const ben = await born('Ben', 'Europe/Berlin', 'team');
  const cleo = await born('Cleo', 'Asia/Tokyo', 'basic');

  await advance('2030-04-15T12:00:00Z');
  await failNextCharges(demo.simulator, api, ben.customer, 2);
  await advance('2030-06-10T12:00:00Z');
  await api.post(
    '/api/billing/cancel',
    { subscriptionId: cleo.subscription, at: 'period_end', reason: 'no_longer_needed' },
    cleo.customer,
  );
  await advance('2030-09-01T12:00:00Z');
  await api.post('/api/billing/change', { subscriptionId: ben.subscription, quantity: 3 }, ben.customer);
  await advance('2031-01-31T14:00:00Z');

  const lines = await Promise.all(
    [ada, ben, cleo].map(async (person) => told(person, await api.history(person.subscription))),
  );
  const balance = await api.get<TrialBalance>('/api/admin/ledger/trial-balance');
  const zero = balance.currencies.every(
    ({ accounts, balanced }) => balanced && accounts.reduce((sum, { balance }) => sum + balance, 0) === 0,
  );
  return { lines: lines.flat().sort((a, b) => order(a).localeCompare(order(b))), balance, zero };
}

const order = ({ day, who }: Line): string => `${day} ${who}`;

/** What happened, in the words of someone who watched. */
function told({ name, timeZone }: { name: string; timeZone: string }, steps: Step[]): Line[] {
  const dayOf = new Intl.DateTimeFormat('en-CA', { timeZone });
  return steps.flatMap(({ at, rule, from, to, because }) => {
    const what = sentence(rule, because);
    if (!what) return [];
    const moved = from === to ? '' : ` (${from.replaceAll('_', ' ')} → ${to.replaceAll('_', ' ')})`;
    return [{ day: dayOf.format(new Date(at)), who: name, what: `${what}${moved}` }];
  });
}

function sentence(rule: string, because: Step['because']): string | null {
  const usd = (amount: unknown) =>
    typeof amount === 'number' && isCurrency('usd') ? formatMoney({ amount, currency: 'usd' }) : '';
  switch (rule) {
    case 'subscribe.trial':
      return `begins a trial of ${because.trialDays} days on ${because.plan}`;
    case 'subscribe.first_payment':
      return `subscribes to ${because.plan}`;
    case 'trial.ended':
      return `the trial ends, ${usd(because.price)} falls due`;
    case 'renewal':
      return `renews from ${because.start} to ${because.end}, ${usd(because.price)} falls due`;
    case 'payment.applied':
      return `pays ${usd(because.amount)}`;
    case 'payment.failed':
      return `attempt ${because.attempt} is declined: ${because.code}`;
    case 'dunning.retry':
      return 'the card is tried again';
    case 'cancel.planned':
      return `cancels for the period's end: ${because.reason}`;
    case 'cancel.due':
      return 'it ends';
    case 'change.now_invoiced':
      return `changes from ${because.from} to ${because.to}, ${usd(because.total)} for the days that are left`;
    default:
      return null;
  }
}

/** The simulator's own switch; to Stripe itself one would give another test card. */
async function failNextCharges(simulator: string, api: Api, customer: string, times: number): Promise<void> {
  const { data } = await api.get<{ data: { id: string }[] }>('/api/billing/payment-methods', customer);
  const body = { behaviour: 'declines', code: 'insufficient_funds', times, payment_method: data[0]?.id };
  await call(`${simulator}/_sim/troubles`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

type Api = ReturnType<typeof client>;

function client(base: string, key: string) {
  const headers = (customer?: string) => ({
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    ...(customer ? { 'hydra-customer': customer } : {}),
  });
  const get = <T>(path: string, customer?: string) => call<T>(`${base}${path}`, { headers: headers(customer) });
  return {
    get,
    post: <T>(path: string, body: object, customer?: string) =>
      call<T>(`${base}${path}`, { method: 'POST', headers: headers(customer), body: JSON.stringify(body) }),
    /** All decisions, oldest first. */
    async history(subscription: string): Promise<Step[]> {
      const steps: Step[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const query = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
        const page: { data: Step[]; nextCursor: string | null } = await get(
          `/api/admin/subscriptions/${subscription}/history?limit=100${query}`,
        );
        steps.push(...page.data);
        cursor = page.nextCursor;
      }
      return steps.sort((a, b) => a.at.localeCompare(b.at));
    },
  };
}

async function call<T>(url: string, init: RequestInit): Promise<T> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${url}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

/** For a terminal. */
export function printYear({ lines, balance, zero }: Year): string {
  const story = lines.map(({ day, who, what }) => `${day}  ${who.padEnd(5)} ${what}`);
  const books = balance.currencies.flatMap(({ currency, accounts, balanced }) => [
    '',
    `Trial balance, ${currency.toUpperCase()}`,
    ...accounts.map(
      ({ account, balance: amount }) => `  ${account.padEnd(22)}${formatMoney({ amount, currency }).padStart(16)}`,
    ),
    `  ${'sum'.padEnd(22)}${formatMoney({ amount: accounts.reduce((sum, each) => sum + each.balance, 0), currency }).padStart(16)}  ${balanced ? 'balanced' : 'NOT BALANCED'}`,
  ]);
  return [...story, ...books, '', zero ? 'Every currency sums to zero.' : 'The books do not balance.'].join('\n');
}
