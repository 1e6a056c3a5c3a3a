/** What a person said in their own words. It goes into the record sealed under the customer's key, and fades with it. */
import type { CustomerId, SubscriptionId } from '../domain/ids.ts';
import { seal } from '../security/seal.ts';
import { customerFields } from './customer-key.ts';
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

export async function keepRemark(trx: Trx, keys: CustomerKeys, scope: Scope, remark: Remark): Promise<void> {
  const { subscription, customer, action, comment, by, at } = remark;
  const { ring, tenant } = await customerFields(trx, keys, scope, customer);
  const sealed = seal(ring, comment, { tenant, table: 'audit_log', column: 'why', row: subscription });
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
