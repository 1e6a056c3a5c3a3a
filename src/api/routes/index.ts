import type { OpenRoute } from '../open-route.ts';
import type { Route } from '../route.ts';
import { adminSubscriptionRoutes } from './admin-subscriptions.ts';
import { auditRoutes } from './audit.ts';
import { billingByHandRoutes } from './billing-by-hand.ts';
import { cancelLinkRoutes } from './cancel-link.ts';
import { clockRoutes } from './clocks.ts';
import { couponRoutes } from './coupons.ts';
import { customerCreditRoutes } from './customer-credit.ts';
import { customerRoutes } from './customers.ts';
import { discountRoutes } from './discounts.ts';
import { dunningRoutes } from './dunning.ts';
import { dunningBacktest } from './dunning-backtest.ts';
import { dunningPolicyRoutes } from './dunning-policies.ts';
import { endpointRoutes } from './endpoints.ts';
import { entitlementRoutes } from './entitlements.ts';
import { eventStreamRoutes } from './event-streams.ts';
import { givingBackRoutes } from './giving-back.ts';
import { invoiceRoutes } from './invoices.ts';
import { keyRoutes } from './keys.ts';
import { ledgerRoutes } from './ledger.ts';
import { ledgerCloseRoutes } from './ledger-close.ts';
import { licenceRoutes } from './licences.ts';
import { mailRoutes } from './mails.ts';
import { messageRoutes } from './messages.ts';
import { meterRoutes } from './meters.ts';
import { operatingRoutes } from './operating.ts';
import { pageRoutes } from './pages.ts';
import { payLinkRoutes } from './pay-link.ts';
import { paymentMethodRoutes } from './payment-methods.ts';
import { planRoutes } from './plans.ts';
import { priceBookMigrationRoutes } from './price-book-migrations.ts';
import { priceBookRoutes } from './price-books.ts';
import { processorAccountRoutes } from './processor-accounts.ts';
import { profileRoutes } from './profile.ts';
import { reconciliationRoutes } from './reconciliation.ts';
import { reportRoutes } from './reports.ts';
import { requestRoutes } from './requests.ts';
import { seatRoutes } from './seats.ts';
import { sellerRoutes } from './seller.ts';
import { beginning, sessionRoutes } from './session.ts';
import { subscribe } from './subscribe.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { tenantRoutes } from './tenants.ts';
import { usageRoutes } from './usage.ts';

/** Everything that needs a token. The order is that of the documentation. */
export const routes: readonly Route[] = [
  subscribe,
  ...subscriptionRoutes,
  ...planRoutes,
  ...pageRoutes,
  ...discountRoutes,
  ...requestRoutes,
  ...entitlementRoutes,
  ...seatRoutes,
  ...invoiceRoutes,
  ...billingByHandRoutes,
  ...givingBackRoutes,
  ...paymentMethodRoutes,
  ...profileRoutes,
  ...usageRoutes,
  ...customerRoutes,
  ...customerCreditRoutes,
  ...adminSubscriptionRoutes,
  ...dunningRoutes,
  dunningBacktest,
  ...dunningPolicyRoutes,
  ...operatingRoutes,
  ...priceBookRoutes,
  ...couponRoutes,
  ...meterRoutes,
  ...priceBookMigrationRoutes,
  ...ledgerRoutes,
  ...reportRoutes,
  ...ledgerCloseRoutes,
  ...messageRoutes,
  ...eventStreamRoutes,
  ...endpointRoutes,
  ...mailRoutes,
  ...auditRoutes,
  ...reconciliationRoutes,
  ...clockRoutes,
  ...sessionRoutes,
  ...keyRoutes,
  ...processorAccountRoutes,
  ...tenantRoutes,
  ...sellerRoutes,
];

/** What opens by what it is brought: a link, a code, a licence. */
export const openRoutes: readonly OpenRoute[] = [beginning, ...payLinkRoutes, ...cancelLinkRoutes, ...licenceRoutes];
