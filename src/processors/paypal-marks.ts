/** What we write on PayPal's objects to know them again: ids only, in the one field that all of them have. */
import type { InvoiceId, Mode, RefundId, SubscriptionId, TenantId } from '../domain/ids.ts';
import { invariant } from '../domain/invariant.ts';

type Whose = { tenant: TenantId; mode: Mode; subscription: SubscriptionId; attempt: number };
type PaymentMarks = Whose & { invoice: InvoiceId };
type RefundMarks = Whose & { refund: RefundId };

/** `custom_id` takes so many. */
const MOST = 127;

export const markOfPayment = ({ tenant, mode, subscription, invoice, attempt }: PaymentMarks): string =>
  fitting(`${tenant}/${mode}/${subscription}/${invoice}/${attempt}`);
export const markOfRefund = ({ tenant, mode, subscription, refund, attempt }: RefundMarks): string =>
  fitting(`${tenant}/${mode}/${subscription}/${refund}/${attempt}`);

/** Of a subscription that PayPal collects, and of all that it pays. */
export const markOfSubscription = ({ tenant, mode, subscription }: Omit<Whose, 'attempt'>): string =>
  fitting(`${tenant}/${mode}/${subscription}`);

function fitting(mark: string): string {
  invariant(mark.length <= MOST, `paypal takes no mark of ${mark.length} signs`);
  return mark;
}

const MARK = /^(ten_[\w-]+)\/(test|live)\/(sub_[\w-]+)\/((?:inv|ref)_[\w-]+)\/([1-9]\d{0,5})$/;

export function readSubscriptionMark(mark: string | null): Omit<Whose, 'attempt'> | null {
  const [, tenant, mode, subscription] = /^(ten_[\w-]+)\/(test|live)\/(sub_[\w-]+)$/.exec(mark ?? '') ?? [];
  return tenant === undefined ? null : ({ tenant, mode, subscription } as Omit<Whose, 'attempt'>);
}

/** Null where it was written by somebody else. */
export function readMark(mark: string | null): PaymentMarks | RefundMarks | null {
  const [, tenant, mode, subscription, subject = '', attempt] = MARK.exec(mark ?? '') ?? [];
  if (tenant === undefined) return null;
  const whose = { tenant, mode, subscription, attempt: Number(attempt) } as Whose;
  return subject.startsWith('inv_')
    ? { ...whose, invoice: subject as InvoiceId }
    : { ...whose, refund: subject as RefundId };
}
