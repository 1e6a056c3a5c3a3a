/** A payment method that may be charged: known to us, or attached now. */
import { processorCustomerOf } from '../customers/processor-customer.ts';
import { keepPaymentMethod, type PaymentMethodRow, readPaymentMethod } from '../db/payment-methods.ts';
import { inTenant } from '../db/tenant.ts';
import type { CustomerId, PaymentMethodId } from '../domain/ids.ts';
import type { Processor } from '../domain/subscription.ts';
import { badField } from './problem.ts';
import type { Call } from './route.ts';

const unknown = (id: PaymentMethodId) =>
  badField('paymentMethodId', `is ${id}, and this customer has none such`, 'unknown_payment_method', 422);

export async function usableMethod(
  call: Call,
  customer: CustomerId,
  id: PaymentMethodId,
  processor: Processor,
): Promise<PaymentMethodRow> {
  const { db, processors } = call.parts;
  const known = await inTenant(db, call.scope, (trx) => readPaymentMethod(trx, customer, id));
  if (known) return known;
  const mine = await processorCustomerOf({ db, processors }, { ...call.scope, customer, processor });
  const found = await mine.account.processor.readPaymentMethod(id);
  if (found?.customer && found.customer !== mine.customer) throw unknown(id);
  const attached = found?.customer
    ? found
    : await mine.account.processor.attach({ customer: mine.customer, paymentMethod: id, key: call.request });
  if ('refused' in attached) {
    if (attached.refused === 'payment_method_unusable') throw unknown(id);
    throw badField(
      'paymentMethodId',
      `is ${id}, and the processor refused it: ${attached.refused}`,
      'payment_method_refused',
      422,
    );
  }
  const { brand, last4 } = attached;
  return inTenant(db, call.scope, (trx) =>
    keepPaymentMethod(trx, call.scope, { id: attached.id, customer, processor, brand, last4, at: new Date() }),
  );
}
