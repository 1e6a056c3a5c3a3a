/** Tenants' own accounts, before the environment's: who has brought one is served by it and by no other. */
import type { Db } from '../db/client.ts';
import { listProcessorAccounts, type ProcessorAccountRow } from '../db/processor-accounts.ts';
import { inTenant, type Scope } from '../db/tenant.ts';
import type { Mode } from '../domain/ids.ts';
import { createPaypal } from '../processors/paypal.ts';
import { LIVE } from '../processors/paypal-client.ts';
import type { PaymentProcessor } from '../processors/processor.ts';
import { type Account, modeOfPaypal, type Processors, processorsOf } from '../processors/processors.ts';
import { createStripe } from '../processors/stripe.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { type Opened, openSecrets } from './secrets.ts';

/** Where the processors are, if not at their own address. */
export type Bases = { STRIPE_API_BASE?: string | undefined; PAYPAL_API_BASE?: string | undefined };

/** So long a process goes on with a key after it was changed, and so seldom the database is asked. */
const KNOWN_FOR_MS = 5_000;
const MOST_KNOWN = 10_000;

export function createAdapter(opened: Opened, mode: Mode, bases: Bases): PaymentProcessor {
  if (opened.processor === 'stripe') {
    return createStripe({ apiKey: opened.secrets.apiKey, apiBase: bases.STRIPE_API_BASE });
  }
  const { clientId, clientSecret } = opened.secrets;
  return createPaypal({ clientId, clientSecret, apiBase: paypalAt(mode, bases) });
}

/** Its keys don't say for which money they are, so the address has to. */
export const paypalAt = (mode: Mode, { PAYPAL_API_BASE: base }: Bases): string | undefined =>
  modeOfPaypal(base) === mode ? base : mode === 'live' ? LIVE : undefined;

/** Whoever takes money in a process of ours: tenants' own accounts, and the environment's. */
export const accountsOf = (
  db: Db,
  config: Parameters<typeof processorsOf>[0] & Bases & { ENCRYPTION_KEYS: KeyRing },
): Processors =>
  withOwnAccounts({ db, ring: config.ENCRYPTION_KEYS, environment: processorsOf(config), bases: config });

export function withOwnAccounts({
  db,
  ring,
  environment,
  bases,
  now = Date.now,
}: {
  db: Db;
  ring: KeyRing;
  environment: Processors;
  bases: Bases;
  now?: () => number;
}): Processors {
  const known = new Map<string, { own: Promise<readonly Account[]>; until: number }>();
  /** An adapter keeps connections and tokens: it is made anew only when its account was changed. */
  const adapters = new Map<string, { changedAt: number; account: Account }>();

  function accountOf(row: ProcessorAccountRow): Account {
    const changedAt = row.changed_at.getTime();
    const made = adapters.get(row.id);
    if (made?.changedAt === changedAt) return made.account;
    const processor = createAdapter(openSecrets(ring, row), row.mode, bases);
    const account = { id: row.id, processor, publishableKey: row.publishable_key };
    adapters.set(row.id, { changedAt, account });
    return account;
  }

  function ownOf({ tenant, mode }: Scope): Promise<readonly Account[]> {
    const name = `${tenant} ${mode}`;
    const found = known.get(name);
    if (found && found.until > now()) return found.own;
    if (known.size >= MOST_KNOWN) known.clear();
    const own = inTenant(db, { tenant, mode }, listProcessorAccounts).then((rows) => rows.map(accountOf));
    known.set(name, { own, until: now() + KNOWN_FOR_MS });
    own.catch(() => known.delete(name)); // whoever waits hears of it; the next one asks again
    return own;
  }

  return {
    async of(whose) {
      const own = await ownOf(whose);
      return own.find(({ processor }) => processor.name === whose.processor) ?? environment.of(whose);
    },
    async all(whose) {
      const [own, others] = await Promise.all([ownOf(whose), environment.all(whose)]);
      return [
        ...own,
        ...others.filter(({ processor: { name } }) => !own.some(({ processor }) => processor.name === name)),
      ];
    },
  };
}
