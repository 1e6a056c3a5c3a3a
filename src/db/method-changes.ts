/**
 * What becomes of customers' payment methods. Pure, so that one who adds a card and a processor that tells of two hundred go by
 * the same rules: told twice, by our own answer and by the processor's webhook, it is one method. What was detached stays
 * detached: a processor never takes it back. The first is the default, and the newest of the others takes its place.
 */
import type { CustomerId } from '../domain/ids.ts';
import type { PaymentMethodRow } from './payment-methods.ts';
import type { Scope } from './tenant.ts';

export type Method = Pick<PaymentMethodRow, 'id' | 'processor' | 'brand' | 'last4'> & {
  customer: CustomerId;
  sealedReference?: string | null;
  at: Date;
};
export type MethodChange = { does: 'keep' | 'forget'; method: Method };
/** `gone`: it was detached before, or is another customer's. */
export type MethodOutcome = 'changed' | 'known' | 'gone';

/** Those that are meant, whoever's they are; of each customer the default, and where one is forgotten, all. */
export type Methods = Map<PaymentMethodRow['id'], PaymentMethodRow>;

export function changeOne(methods: Methods, scope: Scope, { does, method }: MethodChange): MethodOutcome {
  const known = methods.get(method.id);
  if (known && (known.customer_id !== method.customer || known.detached_at !== null)) return 'gone';
  if (does === 'forget') {
    methods.set(method.id, {
      ...(known ?? newRow(scope, method)),
      ...{ card_key: null, is_default: false, detached_at: method.at },
    });
    const [heir] = attachedOf(methods, method.customer);
    if (heir && !heir.is_default) methods.set(heir.id, { ...heir, is_default: true });
    return 'changed';
  }
  const { brand, last4 } = method;
  if (known && known.brand === brand && known.last4 === last4) return 'known';
  const [first] = attachedOf(methods, method.customer);
  methods.set(
    method.id,
    known ? { ...known, brand, last4 } : { ...newRow(scope, method), is_default: !first?.is_default },
  );
  return 'changed';
}

const newRow = ({ tenant, mode }: Scope, method: Method): PaymentMethodRow => {
  const { id, customer, processor, brand, last4, sealedReference = null, at } = method;
  return {
    ...{ tenant_id: tenant, mode, id, customer_id: customer, processor, brand, last4 },
    ...{ sealed_reference: sealedReference, card_key: null, is_default: false, created_at: at, detached_at: null },
  };
};

/** The default before the others, the newest of those first. */
const attachedOf = (methods: Methods, customer: CustomerId): PaymentMethodRow[] =>
  [...methods.values()]
    .filter(({ customer_id, detached_at }) => customer_id === customer && detached_at === null)
    .sort(
      (a, b) =>
        Number(b.is_default) - Number(a.is_default) ||
        b.created_at.getTime() - a.created_at.getTime() ||
        (a.id < b.id ? -1 : 1),
    );
