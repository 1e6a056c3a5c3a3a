/** What a tenant says of dunning, in versions. A published one stays as it is: debts are dunned by it. */
import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import { canonical } from '../domain/canonical.ts';
import type { DunningPolicy, HeldPolicy } from '../domain/dunning.ts';
import type { CustomerId, DunningPolicyId } from '../domain/ids.ts';
import { audit } from './audit.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { DunningPoliciesTable } from './schema.ts';
import type { Scope, Trx } from './tenant.ts';

export type DunningPolicyRow = Selectable<DunningPoliciesTable>;

const contentHashOf = (document: DunningPolicy): string =>
  createHash('sha256').update(canonical(document)).digest('hex');

export const isIntactPolicy = ({ document, content_hash: hash }: DunningPolicyRow): boolean =>
  contentHashOf(document) === hash;

export const readDunningPolicy = async (trx: Trx, id: DunningPolicyId): Promise<DunningPolicyRow | null> =>
  (await trx.selectFrom('dunning_policies').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

export async function listDunningPolicies(trx: Trx, page: Page): Promise<Slice<DunningPolicyRow>> {
  let query = trx.selectFrom('dunning_policies').selectAll();
  if (page.after) query = query.where('id', '<', page.after as DunningPolicyId);
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => id);
}

/** Of each name the version that holds: the newest that was published. */
export const policiesInForce = (trx: Trx): Promise<DunningPolicyRow[]> =>
  trx
    .selectFrom('dunning_policies')
    .selectAll()
    .distinctOn('name')
    .where('state', '=', 'published')
    .orderBy('name')
    .orderBy('version', 'desc')
    .execute();

/** The plan's, else that of the customer's segment, else the tenant's default; null where it has none of these. */
export async function policyInForce(
  trx: Trx,
  { plan, customer }: { plan: string; customer: CustomerId },
): Promise<HeldPolicy | null> {
  const all = await policiesInForce(trx);
  if (all.length === 0) return null;
  const { segment } = await trx
    .selectFrom('customers')
    .select('segment')
    .where('id', '=', customer)
    .executeTakeFirstOrThrow();
  const row =
    all.find(({ document }) => document.plans?.includes(plan)) ??
    all.find(({ document }) => segment !== null && document.segments?.includes(segment)) ??
    all.find(({ name }) => name === 'default');
  if (!row) return null;
  const { plans: _, segments: __, ...policy } = row.document;
  return { ...policy, id: row.id, version: row.version };
}

type Deed = { id: DunningPolicyId; at: Date; by: string };

/** Versions of a name count on without a gap; two drafts at once wait for each other. */
export async function createDunningPolicy(
  trx: Trx,
  scope: Scope,
  { id, document, at, by }: Deed & { document: DunningPolicy },
): Promise<DunningPolicyRow> {
  const { name } = document;
  const last = await trx
    .selectFrom('dunning_policies')
    .select('version')
    .where('name', '=', name)
    .orderBy('version', 'desc')
    .limit(1)
    .forUpdate()
    .executeTakeFirst();
  const row = await trx
    .insertInto('dunning_policies')
    .values({
      ...{ tenant_id: scope.tenant, mode: scope.mode, id, name, version: (last?.version ?? 0) + 1, state: 'draft' },
      ...{ document: JSON.stringify(document), content_hash: contentHashOf(document), created_at: at },
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await noted(trx, scope, row, { at, by, action: 'dunning_policy_drafted', from: null });
  return row;
}

/** Null where there is no such draft. */
export async function publishDunningPolicy(
  trx: Trx,
  scope: Scope,
  { id, at, by }: Deed,
): Promise<DunningPolicyRow | null> {
  const row = await trx
    .updateTable('dunning_policies')
    .set({ state: 'published', published_at: at })
    .where('id', '=', id)
    .where('state', '=', 'draft')
    .returningAll()
    .executeTakeFirst();
  if (!row) return null;
  await noted(trx, scope, row, { at, by, action: 'dunning_policy_published', from: 'draft' });
  return row;
}

const noted = (
  trx: Trx,
  scope: Scope,
  row: DunningPolicyRow,
  { at, by, action, from }: Omit<Deed, 'id'> & { action: string; from: string | null },
): Promise<void> =>
  audit(trx, scope, {
    ...{ at, by, action, subject: row.id, version: row.version, from, to: row.state },
    why: { name: row.name, contentHash: row.content_hash },
  });
