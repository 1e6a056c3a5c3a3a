import type { Mode, TenantId } from '../domain/ids.ts';
import type { Processor as ProcessorName } from '../domain/subscription.ts';
import { createPaypal } from './paypal.ts';
import { LIVE, type PaypalOptions } from './paypal-client.ts';
import type { PaymentProcessor } from './processor.ts';
import { createStripe } from './stripe.ts';
import { ProcessorTrouble } from './trouble.ts';

/** Which account takes a tenant's money. The environment's own is called `default`. */
export type Account = {
  id: string;
  processor: PaymentProcessor;
  /** What the processor's code in a customer's browser names the account by. */
  publishableKey: string | null;
};
export type Processors = {
  of(whose: { tenant: TenantId; mode: Mode; processor: ProcessorName }): Promise<Account>;
  /** All that may take a tenant's money. */
  all(whose: { tenant: TenantId; mode: Mode }): Promise<readonly Account[]>;
};

export type StripeAccount = { apiKey: string; apiBase?: string | undefined; publishableKey?: string | null };
export const DEFAULT_ACCOUNT = 'default';

/** Stripe's keys say which mode they are for; the simulator's are test keys. */
export const modeOfStripeKey = (apiKey: string): Mode => (/^(sk|rk)_live_/.test(apiKey) ? 'live' : 'test');

/** Its keys say nothing, so its address does; the sandbox and the simulator are for tests. */
export const modeOfPaypal = (apiBase: string | undefined): Mode =>
  apiBase !== undefined && new URL(apiBase).origin === LIVE ? 'live' : 'test';

/** The environment's accounts: at most one a mode, since a live key must never move test money, nor the other way. */
export function createProcessors({
  stripe,
  paypal = [],
}: {
  stripe: readonly StripeAccount[];
  paypal?: readonly PaypalOptions[];
}): Processors {
  const accounts = new Map<string, Account>();
  for (const options of stripe) {
    accounts.set(`stripe/${modeOfStripeKey(options.apiKey)}`, {
      id: DEFAULT_ACCOUNT,
      processor: createStripe(options),
      publishableKey: options.publishableKey ?? null,
    });
  }
  for (const options of paypal) {
    accounts.set(`paypal/${modeOfPaypal(options.apiBase)}`, {
      id: DEFAULT_ACCOUNT,
      processor: createPaypal(options),
      publishableKey: null,
    });
  }
  return {
    async of({ mode, processor }) {
      const account = accounts.get(`${processor}/${mode}`);
      if (account) return account;
      throw new ProcessorTrouble(
        'unauthorized',
        'no_account',
        `no ${processor} account is configured for ${mode} mode`,
      );
    },
    all: async ({ mode }) => [...accounts].filter(([name]) => name.endsWith(`/${mode}`)).map(([, account]) => account),
  };
}

/** The environment, as far as it is about accounts. */
type Named = {
  STRIPE_API_KEY?: readonly string[] | undefined;
  STRIPE_API_BASE?: string | undefined;
  STRIPE_PUBLISHABLE_KEY?: string | undefined;
  PAYPAL_CLIENT_ID?: string | undefined;
  PAYPAL_CLIENT_SECRET?: string | undefined;
  PAYPAL_API_BASE?: string | undefined;
};

export function processorsOf(config: Named): Processors {
  const publishableKey = config.STRIPE_PUBLISHABLE_KEY ?? null;
  const { PAYPAL_CLIENT_ID: clientId, PAYPAL_CLIENT_SECRET: clientSecret, PAYPAL_API_BASE: apiBase } = config;
  return createProcessors({
    stripe: (config.STRIPE_API_KEY ?? []).map((apiKey) => ({
      apiKey,
      apiBase: config.STRIPE_API_BASE,
      publishableKey: publishableKey?.startsWith(`pk_${modeOfStripeKey(apiKey)}_`) ? publishableKey : null,
    })),
    paypal: clientId && clientSecret ? [{ clientId, clientSecret, apiBase }] : [],
  });
}
