/** A payment method that may be charged: known to us, or attached now. */
import { ourMethod } from '../customers/method-reference.ts';
import { processorCustomerOf } from '../customers/processor-customer.ts';
import { keepPaymentMethod, type PaymentMethodRow, readPaymentMethod } from '../db/payment-methods.ts';
import { inTenant } from '../db/tenant.ts';
import type { CustomerId, PaymentMethodId } from '../domain/ids.ts';
import type { Processor } from '../domain/subscription.ts';
import type { PaymentMethod } from '../processors/processor.ts';
import type { Account } from '../processors/processors.ts';
import { badField } from './problem.ts';
import type { Call } from './route.ts';

/** Which field of the request has named it. */
type Named = { field: 'paymentMethodId' | 'setupId'; id: string };

const unknown = ({ field, id }: Named) =>
  badField(field, `is ${id}, and this customer has none such`, 'unknown_payment_method', 422);

export async function usableMethod(
  call: Call,
  customer: CustomerId,
  id: PaymentMethodId,
  processor: Processor,
): Promise<PaymentMethodRow> {
  const { db, processors } = call.parts;
  const named: Named = { field: 'paymentMethodId', id };
  const known = await inTenant(db, call.scope, (trx) => readPaymentMethod(trx, customer, id));
  if (known?.processor === processor) return known;
  if (known) {
    const apart = `is ${known.processor}’s, and this is paid by ${processor}`;
    throw badField('paymentMethodId', apart, 'wrong_processor', 422);
  }
  const mine = await processorCustomerOf({ db, processors }, { ...call.scope, customer, processor });
  if (mine.account.processor.capabilities.savesMethods === 'on_its_page') throw unknown(named);
  const found = await mine.account.processor.readPaymentMethod(id);
  if (found?.customer && found.customer !== mine.customer) throw unknown(named);
  const attached = found?.customer
    ? found
    : await mine.account.processor.attach({ customer: mine.customer, paymentMethod: id, key: call.request });
  return keep(call, customer, mine.account, named, attached);
}

/** What the customer has agreed to on the processor's own page. */
export async function methodOfSetup(
  call: Call,
  customer: CustomerId,
  id: string,
  processor: Processor,
): Promise<PaymentMethodRow> {
  const { account, customer: theirs } = await processorCustomerOf(call.parts, { ...call.scope, customer, processor });
  const attached = await account.processor.attach({ customer: theirs, paymentMethod: id, key: call.request });
  return keep(call, customer, account, { field: 'setupId', id }, attached);
}

async function keep(
  { parts: { db, keys }, scope }: Call,
  customer: CustomerId,
  account: Account,
  named: Named,
  attached: PaymentMethod | { refused: string },
): Promise<PaymentMethodRow> {
  if ('refused' in attached) {
    if (attached.refused === 'payment_method_unusable') throw unknown(named);
    const { field, id } = named;
    throw badField(field, `is ${id}, and the processor refused it: ${attached.refused}`, 'payment_method_refused', 422);
  }
  const { brand, last4 } = attached;
  const method = { ...ourMethod(keys, scope, account, attached.id), customer, brand, last4, at: new Date() };
  const kept = await inTenant(db, scope, (trx) =>
    keepPaymentMethod(trx, scope, { ...method, processor: account.processor.name }),
  );
  if (kept.outcome === 'gone') throw unknown(named);
  return kept.row;
}
