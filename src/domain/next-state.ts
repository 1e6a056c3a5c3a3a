/**
 * How a subscription is written anew: by a literal, name by name, so that all in one state have one shape. A spread is
 * shorter, but V8 makes another shape at each place that clones, and one for every single object where a field is added
 * after the spread; what reads many shapes is ten times as slow.
 */
import { CHARGE, type OpenInvoice } from './invoice.ts';
import type { Accepted, Identity, StateName, Subscription } from './subscription.ts';

export function identityOf(state: Identity): Identity {
  return {
    id: state.id,
    tenant: state.tenant,
    mode: state.mode,
    customer: state.customer,
    collection: state.collection,
    processor: state.processor,
    timeZone: state.timeZone,
    currency: state.currency,
    createdAt: state.createdAt,
    version: state.version,
  };
}

/** The fields that every accepted subscription has, in its next state, without what only its last one had. */
export function common<S extends StateName>(
  state: Accepted,
  next: S,
): Required<Omit<Accepted, 'deferred' | 'follows' | 'usage'>> & Pick<Accepted, 'usage'> & { state: S } {
  return {
    state: next,
    id: state.id,
    tenant: state.tenant,
    mode: state.mode,
    customer: state.customer,
    collection: state.collection,
    processor: state.processor,
    timeZone: state.timeZone,
    currency: state.currency,
    createdAt: state.createdAt,
    version: state.version,
    terms: state.terms,
    quantity: state.quantity,
    paymentMethod: state.paymentMethod,
    anchor: state.anchor,
    anchorDay: state.anchorDay ?? null,
    period: state.period,
    segments: state.segments,
    carried: state.carried,
    pending: state.pending,
    cancelAt: state.cancelAt,
    invoices: state.invoices,
    invoiceCount: state.invoiceCount,
    settled: state.settled,
    drafts: state.drafts ?? [],
    collect: state.collect ?? CHARGE,
    discounts: state.discounts ?? [],
    refunds: state.refunds ?? [],
    disputes: state.disputes ?? [],
    usage: state.usage,
  };
}

/** The same state, having these fields. */
export const having = <S extends Accepted>(state: S, fields: Partial<Accepted>): S =>
  Object.assign(copyOf(state), fields);

/** To be written into by whoever has made it. What every renewal does is written so: `Object.assign` costs ten times as much. */
export const copyOf = <S extends Accepted>(state: S): S =>
  copied(state as S & Extract<Subscription, Accepted>) as Accepted as S;

/** The same invoice, still open, having these fields. */
export const stillOpen = (invoice: OpenInvoice, fields: Partial<OpenInvoice>): OpenInvoice =>
  Object.assign(
    {
      id: invoice.id,
      amount: invoice.amount,
      dueAt: invoice.dueAt,
      attempts: invoice.attempts,
      failedAt: invoice.failedAt,
      lastDecline: invoice.lastDecline,
      collection: invoice.collection,
    },
    invoice.sent && { sent: invoice.sent },
    invoice.writtenOff && { writtenOff: invoice.writtenOff },
    invoice.left && { left: invoice.left },
    invoice.lastClass && { lastClass: invoice.lastClass },
    fields,
  );

function copied(state: Extract<Subscription, Accepted>): Subscription {
  switch (state.state) {
    case 'incomplete': {
      const { expiresAt, expiring } = state;
      return Object.assign(common(state, 'incomplete'), { expiresAt, expiring });
    }
    case 'trialing': {
      const { trial } = state;
      return trial ? Object.assign(common(state, 'trialing'), { trial }) : common(state, 'trialing');
    }
    case 'active':
      return common(state, 'active');
    case 'past_due': {
      const { since, restricted, dunning } = state;
      return Object.assign(common(state, 'past_due'), { since, restricted }, dunning && { dunning });
    }
    case 'unpaid':
      return Object.assign(
        common(state, 'unpaid'),
        { since: state.since },
        state.dunning && { dunning: state.dunning },
      );
    case 'paused': {
      const { resumeAt, owing } = state;
      return Object.assign(common(state, 'paused'), { resumeAt }, owing !== undefined && { owing });
    }
    case 'canceled': {
      const { endedAt, reason, listensUntil } = state;
      return Object.assign(common(state, 'canceled'), { endedAt, reason, listensUntil });
    }
  }
}
