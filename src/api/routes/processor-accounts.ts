/** A tenant's own accounts at processors, instead of the deployment's. What opens them comes in here and never out again. */
import { z } from 'zod';
import { createAdapter } from '../../accounts/own-accounts.ts';
import { type Opened, openSecrets, sealSecrets } from '../../accounts/secrets.ts';
import { audit } from '../../db/audit.ts';
import {
  addProcessorAccount,
  changeProcessorAccount,
  hasCustomersAt,
  listProcessorAccounts,
  type ProcessorAccountRow,
  readProcessorAccount,
  removeProcessorAccount,
} from '../../db/processor-accounts.ts';
import { inTenant, type Trx } from '../../db/tenant.ts';
import type { Mode } from '../../domain/ids.ts';
import { newId } from '../../ids.ts';
import { DEFAULT_ACCOUNT, modeOfStripeKey } from '../../processors/processors.ts';
import { ProcessorTrouble } from '../../processors/trouble.ts';
import type { KeyRing } from '../../security/key-ring.ts';
import { badField, notFound, Problem } from '../problem.ts';
import { type Call, created, ok, route } from '../route.ts';
import { accountChange, accountCreate, accountId, processorAccount } from '../schemas/processor-accounts.ts';
import { listOf } from '../schemas.ts';

const tag = 'Processor accounts';
const params = z.strictObject({ id: accountId });
const writing = { tag, who: ['admin', 'owner', 'service'], grant: 'processor_accounts:write' } as const;
/** They are here to be kept, sealed. */
const mayHold = {
  apiKey: ['processor_secret'],
  'webhookSecrets.*': ['processor_secret'],
  clientSecret: ['processor_secret', 'access_token'],
} as const;

const list = route({
  method: 'get',
  path: '/api/admin/processor-accounts',
  tag,
  summary: 'List own accounts',
  about: 'Where there is none for a processor, the deployment’s account serves.',
  who: ['admin', 'owner', 'service'],
  grant: 'processor_accounts:read',
  answers: { 200: { about: 'Without what opens them.', schema: listOf(processorAccount, 'ProcessorAccount') } },
  async handle({ parts, scope }) {
    const rows = await inTenant(parts.db, scope, listProcessorAccounts);
    return ok({ data: rows.map((row) => show(parts.keys.ring, row)), nextCursor: null });
  },
});

const create = route({
  ...writing,
  method: 'post',
  path: '/api/admin/processor-accounts',
  summary: 'Bring an own account',
  about:
    'For the mode of your token, before the first customer pays. The key is tried at once. Register the answered `webhook.path` at the processor, and give its secret here.',
  body: accountCreate,
  mayHold,
  answers: { 201: { about: 'It serves from now on.', schema: processorAccount } },
  async handle(call) {
    const { parts, scope, body, principal } = call;
    const { opened, publishableKey } = readCreate(body);
    mustFitMode(opened, publishableKey, scope.mode);
    await mustOpen(call, opened);
    const id = newId('acc');
    const at = new Date();
    const secrets = sealSecrets(parts.keys.ring, scope, id, opened);
    const row = await inTenant(parts.db, scope, async (trx) => {
      await mustBeUnused(trx, opened.processor, DEFAULT_ACCOUNT);
      const added = await addProcessorAccount(trx, scope, {
        ...{ id, processor: opened.processor, publishableKey, secrets, at },
      });
      if (!added)
        throw badField('processor', `${opened.processor} has an account of yours already`, 'account_exists', 409);
      const why = { processor: opened.processor };
      await audit(trx, scope, { at, by: principal.ref, action: 'processor_account_added', subject: id, why });
      return added;
    });
    return created(show(parts.keys.ring, row));
  },
});

const change = route({
  ...writing,
  method: 'patch',
  path: '/api/admin/processor-accounts/:id',
  summary: 'Change its keys',
  about: 'Of the same account at the processor: its customers and their methods stay where they are.',
  params,
  body: accountChange,
  mayHold,
  answers: { 200: { about: 'Within seconds all processes go by it.', schema: processorAccount } },
  async handle(call) {
    const { parts, scope, body, principal } = call;
    const { ring } = parts.keys;
    const before = await inTenant(parts.db, scope, (trx) => readProcessorAccount(trx, call.params.id));
    if (!before) throw notFound('processor account');
    const { opened, publishableKey } = changed(ring, before, body);
    mustFitMode(opened, publishableKey, scope.mode);
    await mustOpen(call, opened);
    const at = new Date();
    const row = await inTenant(parts.db, scope, async (trx) => {
      const now = await readProcessorAccount(trx, before.id);
      if (!now) throw notFound('processor account');
      if (now.changed_at.getTime() !== before.changed_at.getTime()) {
        throw new Problem(409, 'changed_meanwhile', 'somebody else has changed it just now');
      }
      const why = { fields: Object.keys(body).sort().join(', ') };
      await audit(trx, scope, { at, by: principal.ref, action: 'processor_account_changed', subject: before.id, why });
      const secrets = sealSecrets(ring, scope, before.id, opened);
      return changeProcessorAccount(trx, before.id, { publishableKey, secrets, at });
    });
    return ok(show(ring, row));
  },
});

const remove = route({
  ...writing,
  method: 'delete',
  path: '/api/admin/processor-accounts/:id',
  summary: 'Take an own account away',
  about: 'While no customer is known there.',
  params,
  answers: { 204: { about: 'The deployment’s account serves again.' } },
  async handle({ parts, scope, principal, params: { id } }) {
    await inTenant(parts.db, scope, async (trx) => {
      const row = await readProcessorAccount(trx, id);
      if (!row) throw notFound('processor account');
      await mustBeUnused(trx, row.processor, id);
      await removeProcessorAccount(trx, id);
      const why = { processor: row.processor };
      await audit(trx, scope, {
        at: new Date(),
        by: principal.ref,
        action: 'processor_account_removed',
        subject: id,
        why,
      });
    });
    return { status: 204 };
  },
});

type Kept = { opened: Opened; publishableKey: string | null };

function readCreate(body: z.output<typeof accountCreate>): Kept {
  if (body.processor === 'paypal') {
    const { clientId, clientSecret, webhookId } = body;
    return { opened: { processor: 'paypal', secrets: { clientId, clientSecret, webhookId } }, publishableKey: null };
  }
  const { apiKey, webhookSecrets, publishableKey } = body;
  return { opened: { processor: 'stripe', secrets: { apiKey, webhookSecrets } }, publishableKey };
}

function changed(ring: KeyRing, row: ProcessorAccountRow, body: z.output<typeof accountChange>): Kept {
  const { processor, secrets } = openSecrets(ring, row);
  const { publishableKey = row.publishable_key, ...given } = { publishableKey: undefined, ...body };
  const [foreign] = Object.keys(given).filter((name) => !(name in secrets));
  if (foreign) throw badField(foreign, `is nothing that an account at ${processor} has`);
  if (publishableKey !== null && processor === 'paypal') {
    throw badField('publishableKey', `is nothing that an account at ${processor} has`);
  }
  return { opened: { processor, secrets: { ...secrets, ...given } } as Opened, publishableKey };
}

function mustFitMode({ processor, secrets }: Opened, publishableKey: string | null, mode: Mode): void {
  if (processor === 'stripe' && modeOfStripeKey(secrets.apiKey) !== mode) {
    throw badField('apiKey', `is a key of ${modeOfStripeKey(secrets.apiKey)} mode, and this is ${mode} mode`);
  }
  if (publishableKey !== null && !publishableKey.startsWith(`pk_${mode}_`)) {
    throw badField('publishableKey', `is of another mode; this is ${mode} mode`);
  }
}

/** A wrong key is told here and now, and not by the first charge. */
async function mustOpen({ parts, scope }: Call, opened: Opened): Promise<void> {
  const { events } = createAdapter(opened, scope.mode, parts.bases);
  try {
    for await (const _ of events?.({ since: Date.now(), undelivered: true }) ?? []) return;
  } catch (error) {
    if (!(error instanceof ProcessorTrouble) || error.kind !== 'unauthorized') throw error;
    const path = opened.processor === 'stripe' ? 'apiKey' : 'clientSecret';
    throw badField(path, `is refused by ${opened.processor}: ${error.code}`, 'processor_refused', 422);
  }
}

async function mustBeUnused(trx: Trx, processor: Opened['processor'], account: string): Promise<void> {
  if (!(await hasCustomersAt(trx, processor, account))) return;
  const which = account === DEFAULT_ACCOUNT ? 'the deployment’s account' : account;
  throw new Problem(
    409,
    'account_in_use',
    `customers of yours are known to ${processor} at ${which}, with their methods`,
  );
}

function show(ring: KeyRing, row: ProcessorAccountRow) {
  const { processor, secrets } = openSecrets(ring, row);
  const proven = processor === 'stripe' ? secrets.webhookSecrets.length > 0 : secrets.webhookId !== null;
  return {
    ...{ id: row.id, processor, mode: row.mode, publishableKey: row.publishable_key },
    keyEndsWith: (processor === 'stripe' ? secrets.apiKey : secrets.clientId).slice(-4),
    webhook: { path: `/api/webhooks/${processor}/${row.id}`, proven },
    ...{ createdAt: row.created_at.toISOString(), changedAt: row.changed_at.toISOString() },
  };
}

export const processorAccountRoutes = [list, create, change, remove];
