import type { Mode, TenantId } from '../domain/ids.ts';
import type { Processor as ProcessorName } from '../domain/subscription.ts';
import type { PaymentProcessor } from './processor.ts';
import { createStripe } from './stripe.ts';
import { ProcessorTrouble } from './trouble.ts';

/** Which account takes a tenant's money. The environment's own is called `default`. */
export type Account = { id: string; processor: PaymentProcessor };
export type Processors = { of(whose: { tenant: TenantId; mode: Mode; processor: ProcessorName }): Account };

export type StripeAccount = { apiKey: string; apiBase?: string | undefined };
export const DEFAULT_ACCOUNT = 'default';

/** Stripe's keys say which mode they are for; the simulator's are test keys. */
export const modeOfStripeKey = (apiKey: string): Mode => (/^(sk|rk)_live_/.test(apiKey) ? 'live' : 'test');

/** The environment's accounts: at most one a mode, since a live key must never move test money, nor the other way. */
export function createProcessors({ stripe }: { stripe: readonly StripeAccount[] }): Processors {
  const accounts = new Map<string, Account>();
  for (const options of stripe) {
    accounts.set(`stripe/${modeOfStripeKey(options.apiKey)}`, {
      id: DEFAULT_ACCOUNT,
      processor: createStripe(options),
    });
  }
  return {
    of({ mode, processor }) {
      const account = accounts.get(`${processor}/${mode}`);
      if (account) return account;
      throw new ProcessorTrouble(
        'unauthorized',
        'no_account',
        `no ${processor} account is configured for ${mode} mode`,
      );
    },
  };
}
