import type { Migration } from 'kysely';
import { up as ground } from './0001-ground.ts';
import { up as customers } from './0002-customers.ts';
import { up as priceBooks } from './0003-price-books.ts';
import { up as subscriptions } from './0004-subscriptions.ts';
import { up as invoices } from './0005-invoices.ts';
import { up as ledger } from './0006-ledger.ts';
import { up as messages } from './0007-messages.ts';
import { up as lastStep } from './0008-last-step.ts';
import { up as invoicing } from './0009-invoicing.ts';
import { up as parties } from './0010-parties.ts';
import { up as coupons } from './0011-coupons.ts';
import { up as revenue } from './0012-revenue.ts';
import { up as givingBack } from './0013-giving-back.ts';
import { up as reports } from './0014-reports.ts';
import { up as priceBookHash } from './0015-price-book-hash.ts';
import { up as priceBookMigrations } from './0015-price-book-migrations.ts';
import { up as trials } from './0016-trials.ts';
import { up as ledgerSpeed } from './0017-ledger-speed.ts';
import { up as inboxSeal } from './0019-inbox-seal.ts';
import { up as readBack } from './0022-read-back.ts';
import { up as followed } from './0024-followed.ts';
import { up as ledgerPost } from './0026-ledger-post.ts';
import { up as referencesInBulk } from './0027-references-in-bulk.ts';
import { up as inboxKeep } from './0028-inbox-keep.ts';
import { up as reconciliation } from './0030-reconciliation.ts';
import { up as holdBalance } from './0032-hold-balance.ts';
import { up as dunningPolicies } from './0040-dunning-policies.ts';
import { up as mail } from './0045-mail.ts';
import { up as announcements } from './0050-announcements.ts';
import { up as endpoints } from './0051-endpoints.ts';
import { up as auditChain } from './0052-audit-chain.ts';
import { up as entitlements } from './0055-entitlements.ts';
import { up as sessions } from './0056-sessions.ts';
import { up as licences } from './0057-licences.ts';
import { up as usage } from './0060-usage.ts';
import { up as usageAlerts } from './0061-usage-alerts.ts';
import { up as processorAccounts } from './0080-processor-accounts.ts';

/** Forward only, in this order. Named here rather than found in a folder, so that a built program has them, too. */
export const migrations: Record<string, Migration> = {
  '0001-ground': { up: ground },
  '0002-customers': { up: customers },
  '0003-price-books': { up: priceBooks },
  '0004-subscriptions': { up: subscriptions },
  '0005-invoices': { up: invoices },
  '0006-ledger': { up: ledger },
  '0007-messages': { up: messages },
  '0008-last-step': { up: lastStep },
  '0009-invoicing': { up: invoicing },
  '0010-parties': { up: parties },
  '0011-coupons': { up: coupons },
  '0012-revenue': { up: revenue },
  '0013-giving-back': { up: givingBack },
  '0014-reports': { up: reports },
  '0015-price-book-hash': { up: priceBookHash },
  '0015-price-book-migrations': { up: priceBookMigrations },
  '0016-trials': { up: trials },
  '0017-ledger-speed': { up: ledgerSpeed },
  '0019-inbox-seal': { up: inboxSeal },
  '0022-read-back': { up: readBack },
  '0024-followed': { up: followed },
  '0026-ledger-post': { up: ledgerPost },
  '0027-references-in-bulk': { up: referencesInBulk },
  '0028-inbox-keep': { up: inboxKeep },
  '0030-reconciliation': { up: reconciliation },
  '0032-hold-balance': { up: holdBalance },
  '0040-dunning-policies': { up: dunningPolicies },
  '0045-mail': { up: mail },
  '0050-announcements': { up: announcements },
  '0051-endpoints': { up: endpoints },
  '0052-audit-chain': { up: auditChain },
  '0055-entitlements': { up: entitlements },
  '0056-sessions': { up: sessions },
  '0057-licences': { up: licences },
  '0060-usage': { up: usage },
  '0061-usage-alerts': { up: usageAlerts },
  '0080-processor-accounts': { up: processorAccounts },
};
