import { sql } from 'kysely';
import type { Currency } from '../domain/currency.ts';
import type { CustomerId } from '../domain/ids.ts';
import type { Trx } from './tenant.ts';

/** What a customer may use up on invoices. */
export async function customerCredit(trx: Trx, customer: CustomerId, currency: Currency): Promise<number> {
  const { rows } = await sql<{ credit: number }>`/* customer_credit */
    select -balance.amount as credit
    from ledger_accounts as account join ledger_balances as balance on balance.account_id = account.id
    where account.tenant_id = current_setting('hydra.tenant') and account.mode = current_setting('hydra.mode')
      and account.code = 'customer_credit' and account.owner = ${customer} and account.currency = ${currency}`.execute(
    trx,
  );
  return rows[0]?.credit ?? 0;
}
