/** What a customer's methods were tried for: by us, on any invoice, and by their card where two of them are one card. */
import { sql } from 'kysely';
import type { MethodFact } from '../domain/fallback.ts';
import type { CustomerId, InvoiceId, PaymentMethodId } from '../domain/ids.ts';
import { CATEGORY_1, type CardTry, SCHEME_WINDOW, schemeLimit } from '../domain/scheme-limits.ts';
import type { Processor } from '../domain/subscription.ts';
import type { Instant } from '../domain/time.ts';
import { texts } from './arrays.ts';
import { listPaymentMethods } from './payment-methods.ts';
import type { Trx } from './tenant.ts';

type Tried = CardTry & { id: PaymentMethodId };

/** Those of its processor, in the customer's order. */
export async function methodFacts(
  trx: Trx,
  { customer, processor }: { customer: CustomerId; processor: Processor },
  at: Instant,
): Promise<MethodFact[]> {
  const methods = (await listPaymentMethods(trx, customer)).filter((row) => row.processor === processor);
  const tried = await triesOf(
    trx,
    methods.map(({ id }) => id),
    at,
  );
  return methods.map(({ id, brand }) => {
    const own = tried.filter((each) => each.id === id);
    const limit = schemeLimit(brand, own, at);
    return {
      id,
      triedAt: own.reduce<Instant | null>((latest, each) => Math.max(latest ?? 0, each.at), null),
      isDead: limit?.until === null,
      notBefore: limit?.until ?? null,
    };
  });
}

/**
 * The tries that took no money, of these methods or of another with the same card: those of the networks' window, and of
 * older ones those that hold for ever. One that still waits for its answer counts; `but` is the one that is being made.
 */
export async function triesOf(
  trx: Trx,
  ids: readonly PaymentMethodId[],
  at: Instant,
  but?: { invoice: InvoiceId; attempt: number },
): Promise<Tried[]> {
  const { rows } = await sql<{ id: PaymentMethodId; at: Date; code: string | null; advice: string | null }>`
    /* card_tries */
    select asked.id, tried.requested_at as at, tried.code, tried.advice
    from payment_methods as asked
    join payment_methods as same on same.id = asked.id or same.card_key = asked.card_key
    join payment_attempts as tried on tried.payment_method_id = same.id
    where asked.id = any(${texts(ids)}::text[]) and tried.state in ('requested', 'failed')
      and coalesce(tried.code, '') not in ('card_closed', 'scheme_limit', 'scheme_advice')
      and (tried.requested_at > ${new Date(at - SCHEME_WINDOW)} or tried.code = any(${texts([...CATEGORY_1])}::text[])
        or tried.advice in ('03', '21', 'do_not_try_again'))
      and not (tried.invoice_id = ${but?.invoice ?? ''} and tried.attempt = ${but?.attempt ?? 0})
    order by tried.requested_at, tried.invoice_id, tried.attempt`.execute(trx);
  return rows.map(({ at: triedAt, ...row }) => ({ ...row, at: triedAt.getTime() }));
}
