/** What a person said in their own words. It goes into the record sealed under the customer's key, and fades with it. */
import type { CustomerId, SubscriptionId } from '../domain/ids.ts';
import { unwrapDataKey } from '../security/data-key.ts';
import { seal } from '../security/seal.ts';
import type { CustomerKeys } from './customers.ts';
import type { Scope, Trx } from './tenant.ts';

export type Remark = {
  subscription: SubscriptionId;
  customer: CustomerId;
  action: string;
  comment: string;
  by: string;
  at: Date;
};

export async function keepRemark(trx: Trx, { ring }: CustomerKeys, scope: Scope, remark: Remark): Promise<void> {
  const { subscription, customer, action, comment, by, at } = remark;
  const tenant = `${scope.tenant}/${scope.mode}`;
  const { data_key } = await trx
    .selectFrom('customers')
    .select('data_key')
    .where('id', '=', customer)
    .executeTakeFirstOrThrow();
  const fields = unwrapDataKey(ring, data_key, { tenant, table: 'customers', column: 'data_key', row: customer });
  const sealed = seal(fields, comment, { tenant, table: 'audit_log', column: 'why', row: subscription });
  await trx
    .insertInto('audit_log')
    .values({
      tenant_id: scope.tenant,
      mode: scope.mode,
      at,
      actor_by: 'principal',
      actor_ref: by,
      action,
      subject: subscription,
      why: JSON.stringify({ comment: sealed }),
    })
    .execute();
}
