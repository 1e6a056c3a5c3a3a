import type { Db } from '../db/client.ts';
import { inTenant, type Trx } from '../db/tenant.ts';
import type { ClockId, CustomerId, Mode, TenantId } from '../domain/ids.ts';
import type { Processor as ProcessorName } from '../domain/subscription.ts';
import type { ProcessorCustomerId } from '../processors/processor.ts';
import type { Account, Processors } from '../processors/processors.ts';

export type CustomerRef = { tenant: TenantId; mode: Mode; customer: CustomerId; processor: ProcessorName };

/**
 * A customer as the processor knows it, made there on first need. The call is outside the transaction; two that make it
 * at once get the same customer, since they ask with the same key.
 */
export async function processorCustomerOf(
  { db, processors }: { db: Db; processors: Processors },
  ref: CustomerRef,
): Promise<{ account: Account; customer: ProcessorCustomerId }> {
  const { tenant, mode, customer } = ref;
  const account = await processors.of(ref);
  const known = await inTenant(db, ref, async (trx): Promise<{ id: string } | { clock: OwnClock | null }> => {
    const row = await kept(trx, ref, account).executeTakeFirst();
    if (row) return { id: row.processor_customer_id };
    const clock = await trx
      .selectFrom('customers')
      .innerJoin('clocks', (on) =>
        on
          .onRef('clocks.id', '=', 'customers.clock_id')
          .onRef('clocks.tenant_id', '=', 'customers.tenant_id')
          .onRef('clocks.mode', '=', 'customers.mode'),
      )
      .select(['clocks.id', 'clocks.now', 'clocks.processor_clock_id as there'])
      .where('customers.id', '=', customer)
      .executeTakeFirst();
    return { clock: clock ?? null };
  });
  if ('id' in known) return { account, customer: known.id };
  const clock =
    known.clock && account.processor.capabilities.clocks ? await clockThere(db, ref, account, known.clock) : null;
  const id = await account.processor.ensureCustomer({ tenant, mode, customer, clock });
  return inTenant(db, ref, async (trx) => {
    await trx
      .insertInto('processor_customers')
      .values({
        tenant_id: tenant,
        mode,
        processor: ref.processor,
        account: account.id,
        customer_id: customer,
        processor_customer_id: id,
        created_at: new Date(),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const row = await kept(trx, ref, account).executeTakeFirstOrThrow();
    return { account, customer: row.processor_customer_id };
  });
}

const kept = (trx: Trx, { customer, processor }: CustomerRef, { id }: Account) =>
  trx
    .selectFrom('processor_customers')
    .select('processor_customer_id')
    .where('customer_id', '=', customer)
    .where('processor', '=', processor)
    .where('account', '=', id);

type OwnClock = { id: ClockId; now: Date; there: string | null };

/** Our clock's counterpart at the processor, made with its first customer. A customer made before it joined has none. */
async function clockThere(
  db: Db,
  ref: CustomerRef,
  { processor }: Account,
  { id, now, there }: OwnClock,
): Promise<string> {
  if (there) return there;
  const made = await processor.createClock({ now: now.getTime(), key: `${ref.tenant}/clock/${id}` });
  await inTenant(db, ref, (trx) =>
    trx
      .updateTable('clocks')
      .set({ processor_clock_id: made })
      .where('id', '=', id)
      .where('processor_clock_id', 'is', null)
      .execute(),
  );
  return made;
}
