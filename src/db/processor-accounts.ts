/** Tenants' own accounts at processors, as they lie in the database: what opens them is sealed. */
import type { Selectable } from 'kysely';
import type { Processor } from '../domain/subscription.ts';
import type { Db } from './client.ts';
import type { ProcessorAccountsTable } from './schema.ts';
import { inRole, type Scope, type Trx } from './tenant.ts';

export type ProcessorAccountRow = Selectable<ProcessorAccountsTable>;

export const listProcessorAccounts = (trx: Trx): Promise<ProcessorAccountRow[]> =>
  trx.selectFrom('processor_accounts').selectAll().orderBy('processor').execute();

export const readProcessorAccount = (trx: Trx, id: string): Promise<ProcessorAccountRow | undefined> =>
  trx.selectFrom('processor_accounts').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();

/** By its id alone: a webhook names the account, and so whose it is. */
export const accountAtDoor = (db: Db, id: string): Promise<ProcessorAccountRow | undefined> =>
  inRole(db, 'hydra_door', (trx) =>
    trx.selectFrom('processor_accounts').selectAll().where('id', '=', id).executeTakeFirst(),
  );

type NewAccount = { id: string; processor: Processor; publishableKey: string | null; secrets: string; at: Date };

/** Null where there is one already. */
export const addProcessorAccount = (
  trx: Trx,
  { tenant, mode }: Scope,
  { id, processor, publishableKey, secrets, at }: NewAccount,
): Promise<ProcessorAccountRow | undefined> =>
  trx
    .insertInto('processor_accounts')
    .values({
      ...{ id, tenant_id: tenant, mode, processor, secrets },
      ...{ publishable_key: publishableKey, created_at: at, changed_at: at },
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'mode', 'processor']).doNothing())
    .returningAll()
    .executeTakeFirst();

export const changeProcessorAccount = (
  trx: Trx,
  id: string,
  { publishableKey, secrets, at }: Pick<NewAccount, 'publishableKey' | 'secrets' | 'at'>,
): Promise<ProcessorAccountRow> =>
  trx
    .updateTable('processor_accounts')
    .set({ publishable_key: publishableKey, secrets, changed_at: at })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();

export const removeProcessorAccount = async (trx: Trx, id: string): Promise<void> => {
  await trx.deleteFrom('processor_accounts').where('id', '=', id).execute();
};

/** Their methods and subscriptions can't be taken to another account, so it has to stay. */
export const hasCustomersAt = async (trx: Trx, processor: Processor, account: string): Promise<boolean> =>
  (await trx
    .selectFrom('processor_customers')
    .select('customer_id')
    .where('processor', '=', processor)
    .where('account', '=', account)
    .limit(1)
    .executeTakeFirst()) !== undefined;
