/** What the door needs to know of a tenant's own account. */

import type { Db } from '../db/client.ts';
import { accountAtDoor } from '../db/processor-accounts.ts';
import type { KeyRing } from '../security/key-ring.ts';
import { methodName } from '../security/method-name.ts';
import type { OwnWebhook } from '../webhooks/door.ts';
import { createCertificates, trustAt } from '../webhooks/paypal-certificates.ts';
import { type Bases, paypalAt } from './own-accounts.ts';
import { openSecrets } from './secrets.ts';

/** A rolled secret counts from then on; an attacker's guesses at names are stopped by the door's limit. */
const KNOWN_FOR_MS = 5_000;
const MOST_KNOWN = 10_000;

export function createOwnWebhooks({
  db,
  ring,
  methodKey,
  bases,
}: {
  db: Db;
  ring: KeyRing;
  methodKey: Buffer;
  bases: Bases;
}): (accountId: string) => Promise<OwnWebhook | null> {
  const known = new Map<string, { webhook: OwnWebhook; changedAt: number; until: number }>();

  return async (id) => {
    const found = known.get(id);
    if (found && found.until > Date.now()) return found.webhook;
    const row = await accountAtDoor(db, id);
    if (!row) {
      known.delete(id);
      return null;
    }
    const changedAt = row.changed_at.getTime();
    // A PayPal account's certificates were fetched: they are kept until the account changes.
    const webhook = found?.changedAt === changedAt ? found.webhook : webhookOf(row);
    if (!webhook) return null;
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(id, { webhook, changedAt, until: Date.now() + KNOWN_FOR_MS });
    return webhook;
  };

  function webhookOf(row: NonNullable<Awaited<ReturnType<typeof accountAtDoor>>>): OwnWebhook | null {
    const { id, tenant_id: tenant, mode } = row;
    const opened = openSecrets(ring, row);
    if (opened.processor === 'stripe') {
      return { tenant, provider: 'stripe', account: { id, mode, secrets: opened.secrets.webhookSecrets } };
    }
    const { webhookId } = opened.secrets;
    if (webhookId === null) return null;
    const nameOf = (vaultId: string) => methodName(methodKey, { account: id, mode }, vaultId);
    const certificates = createCertificates(trustAt(paypalAt(mode, bases), mode));
    return { tenant, provider: 'paypal', account: { id, mode, nameOf, webhookId, certificates } };
  }
}
