/** Where two sides did not agree: one row for each kind and subject, from its first day to its last. */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { DiscrepancyKind, Finding } from '../domain/discrepancy.ts';
import type { DiscrepancyId } from '../domain/ids.ts';
import { newId } from '../ids.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { DiscrepanciesTable, DiscrepancyState } from './schema.ts';
import type { Trx } from './tenant.ts';

export type DiscrepancyRow = Selectable<DiscrepanciesTable>;
/** Who closes what agrees again. */
const BY_ITSELF = 'reconciliation';

export type Opened = Pick<Finding, 'kind' | 'subject'> & { id: DiscrepancyId };

/**
 * Of what was looked at: whatever differs is open, and whatever was open and differs no more is closed. What a person has
 * settled or dismissed stays so as long as both sides say what they said then. Answers those that were not open before.
 */
export async function keepFindings(
  trx: Trx,
  { looked, findings, at }: { looked: readonly string[]; findings: readonly Finding[]; at: Date },
): Promise<{ opened: Opened[]; closed: number }> {
  const found = JSON.stringify(findings.map((finding) => ({ id: newId('dis'), ...finding })));
  const opened = await sql<Opened>`/* discrepancies_open */
    insert into discrepancies as known (tenant_id, mode, id, kind, subject, subscription_id, theirs, ours, state, opened_at,
      seen_at)
    select current_setting('hydra.tenant'), current_setting('hydra.mode'), id, kind, subject, subscription, theirs, ours,
      'open', ${at}::timestamptz, ${at}::timestamptz
    from jsonb_to_recordset(${found}::jsonb) as found (id text, kind text, subject text, subscription text, theirs jsonb,
      ours jsonb)
    order by kind, subject
    on conflict (tenant_id, mode, kind, subject) do update set state = 'open', seen_at = excluded.seen_at,
      theirs = excluded.theirs, ours = excluded.ours, closed_at = null, closed_by = null, how = null,
      opened_at = case when known.state = 'open' then known.opened_at else excluded.opened_at end
    where known.state in ('open', 'repaired')
      or (known.theirs, known.ours) is distinct from (excluded.theirs, excluded.ours)
    returning id, kind, subject, opened_at = seen_at as "isNew"`.execute(trx);
  const closed = await sql`/* discrepancies_close */
    update discrepancies set state = 'repaired', closed_at = ${at}, closed_by = ${BY_ITSELF}, how = 'both sides agree again'
    where state = 'open' and subject = any(${[...looked]}::text[]) and not exists (
      select from jsonb_to_recordset(${found}::jsonb) as found (kind text, subject text)
      where found.kind = discrepancies.kind and found.subject = discrepancies.subject)`.execute(trx);
  const fresh = opened.rows as (Opened & { isNew: boolean })[];
  return {
    opened: fresh.filter(({ isNew }) => isNew).map(({ isNew: _, ...each }) => each),
    closed: Number(closed.numAffectedRows ?? 0),
  };
}

/** What was put right before anyone had to look. */
export async function keepRepaired(trx: Trx, finding: Finding, { how, at }: { how: string; at: Date }): Promise<void> {
  await keepFindings(trx, { looked: [], findings: [finding], at });
  await trx
    .updateTable('discrepancies')
    .set({ state: 'repaired', closed_at: at, closed_by: BY_ITSELF, how })
    .where('kind', '=', finding.kind)
    .where('subject', '=', finding.subject)
    .where('state', '=', 'open')
    .execute();
}

/** Of these subjects, those of which a person has said that they are in order. */
export async function answeredOf(trx: Trx, kind: DiscrepancyKind, subjects: readonly string[]): Promise<Set<string>> {
  if (subjects.length === 0) return new Set();
  const rows = await trx
    .selectFrom('discrepancies')
    .select('subject')
    .where('kind', '=', kind)
    .where('state', 'in', ['settled', 'dismissed'])
    .where('subject', 'in', subjects)
    .execute();
  return new Set(rows.map(({ subject }) => subject));
}

export const countOpen = async (trx: Trx): Promise<number> => {
  const { open } = await trx
    .selectFrom('discrepancies')
    .select(({ fn }) => fn.countAll<number>().as('open'))
    .where('state', '=', 'open')
    .executeTakeFirstOrThrow();
  return Number(open);
};

export const readDiscrepancy = async (trx: Trx, id: DiscrepancyId): Promise<DiscrepancyRow | null> =>
  (await trx.selectFrom('discrepancies').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

export async function listDiscrepancies(
  trx: Trx,
  { state, kind }: { state?: DiscrepancyState | undefined; kind?: DiscrepancyKind | undefined },
  page: Page,
): Promise<Slice<DiscrepancyRow>> {
  let query = trx.selectFrom('discrepancies').selectAll();
  if (state) query = query.where('state', '=', state);
  if (kind) query = query.where('kind', '=', kind);
  if (page.after) query = query.where('id', '<', page.after as DiscrepancyId);
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => id);
}

/** By a person, with a reason. Null where it was not open any more. */
export const closeDiscrepancy = async (
  trx: Trx,
  id: DiscrepancyId,
  { state, by, reason, at }: { state: 'settled' | 'dismissed'; by: string; reason: string; at: Date },
): Promise<DiscrepancyRow | null> =>
  (await trx
    .updateTable('discrepancies')
    .set({ state, closed_by: by, how: reason, closed_at: at })
    .where('id', '=', id)
    .where('state', '=', 'open')
    .returningAll()
    .executeTakeFirst()) ?? null;
