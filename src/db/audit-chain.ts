/**
 * The audit log as a chain: the hash at a place covers its row, the place, and the hash before it. Rows are sealed in the
 * order in which somebody first saw them committed, by one sealer at a time, so a commit waits for nobody.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Mode, TenantId } from '../domain/ids.ts';
import type { Db } from './client.ts';
import { inRole, type Trx, takeRole } from './tenant.ts';

export type Chain = { tenant: TenantId; mode: Mode };
/** How far a chain goes. The first place is 1, and the hash before it empty. */
export type Head = Chain & { place: number; hash: string };

/** All that is said of a row, in one form. Written out here: a function of the database could be made to lie. */
const CONTENT =
  sql.raw(`jsonb_build_array(1, tenant_id, mode, id, (extract(epoch from at) * 1000000)::bigint, actor_by, actor_ref,
  action, subject, version, from_state, to_state, why, request_id,
  (extract(epoch from recorded_at) * 1000000)::bigint)::text`);

const NOTHING = Buffer.alloc(0);

const linked = (before: Buffer, place: number, content: string): Buffer =>
  createHash('sha256').update(before).update(`${place}\n${content}`).digest();

/** The heads of the chains that have grown by it. Empty where nothing was to be sealed, or another does it just now. */
export const sealAudit = (db: Db, limit: number): Promise<{ sealed: number; heads: Head[] }> =>
  inRole(db, 'hydra_sealer', async (trx) => {
    const { rows: lock } = await sql<{ mine: boolean }>`/* audit_sealer */
      select pg_try_advisory_xact_lock(hashtextextended('audit sealer', 52)) as mine`.execute(trx);
    if (!lock[0]!.mine) return { sealed: 0, heads: [] };
    const { rows } = await sql<{ id: number; tenant_id: TenantId; mode: Mode; content: string }>`/* audit_unsealed */
      select id, tenant_id, mode, ${CONTENT} as content from audit_log where sealed_at is null order by id limit ${limit}`.execute(
      trx,
    );
    if (rows.length === 0) return { sealed: 0, heads: [] };
    const heads = await headsOf(trx, rows);
    const sealed = rows.map(({ id, tenant_id, mode, content }) => {
      const head = heads.get(`${tenant_id}/${mode}`)!;
      head.hash = linked(head.hash, ++head.place, content);
      return { id, place: head.place, hash: head.hash };
    });
    await sql`/* audit_seal */
      update audit_log set sealed_at = clock_timestamp(), place = sealed.place, hash = decode(sealed.hash, 'hex')
      from unnest(${sealed.map(({ id }) => id)}::bigint[], ${sealed.map(({ place }) => place)}::bigint[],
        ${sealed.map(({ hash }) => hash.toString('hex'))}::text[]) as sealed (id, place, hash)
      where audit_log.id = sealed.id`.execute(trx);
    const grown = [...heads.values()].map(({ hash, ...head }) => ({ ...head, hash: hash.toString('hex') }));
    return { sealed: rows.length, heads: grown };
  });

type OpenHead = Chain & { place: number; hash: Buffer };

async function headsOf(trx: Trx, rows: readonly { tenant_id: TenantId; mode: Mode }[]): Promise<Map<string, OpenHead>> {
  const chains = [...new Map(rows.map((row) => [`${row.tenant_id}/${row.mode}`, row])).values()];
  const { rows: last } = await sql<{
    tenant_id: TenantId;
    mode: Mode;
    place: number | null;
    hash: Buffer | null;
  }>`/* audit_heads */
    select chain.tenant_id, chain.mode, head.place, head.hash
    from unnest(${chains.map(({ tenant_id }) => tenant_id)}::text[], ${chains.map(({ mode }) => mode)}::text[])
      as chain (tenant_id, mode)
    left join lateral (
      select place, hash from audit_log
      where tenant_id = chain.tenant_id and mode = chain.mode and place is not null order by place desc limit 1
    ) head on true`.execute(trx);
  return new Map(
    last.map(({ tenant_id: tenant, mode, place, hash }) => [
      `${tenant}/${mode}`,
      { tenant, mode, place: place ?? 0, hash: hash ?? NOTHING },
    ]),
  );
}

export type AuditFinding = Chain & {
  /**
   * `changed`: a row isn't what was sealed. `missing`: places without a row. `rewritten` and `cut`: a checkpoint says
   * otherwise, or that there was more. `unsealed`: nobody has sealed it for an hour.
   */
  kind: 'changed' | 'missing' | 'rewritten' | 'cut' | 'unsealed';
  place: number | null;
  /** Of the row, where there is one. */
  id: number | null;
};

export type AuditReport = { rows: number; chains: Head[]; findings: AuditFinding[]; checkpoints: number };

const AT_ONCE = 5_000;
const FINDINGS = 1_000;

type Sealed = { tenant_id: TenantId; mode: Mode; id: number; place: number; hash: Buffer; content: string };

/** Streams all of it: however many rows there are, no more than some are in memory. `witnessed` are heads that checkpoints vouch for. */
export const verifyAudit = (db: Db, witnessed: readonly Head[]): Promise<AuditReport> =>
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      await takeRole(trx, 'hydra_auditor');
      await sql`select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true),
      set_config('cursor_tuple_fraction', '1', true), set_config('work_mem', '256MB', true)`.execute(trx);
      await sql`declare audit_rows no scroll cursor for
      select tenant_id, mode, id, place, hash, ${CONTENT} as content from audit_log
      where place is not null order by tenant_id, mode, place`.execute(trx);
      const walk = new Walk(witnessed);
      for (;;) {
        const { rows } = await sql<Sealed>`${sql.raw(`fetch ${AT_ONCE} from audit_rows`)}`.execute(trx);
        for (const row of rows) walk.take(row);
        if (rows.length < AT_ONCE) break;
      }
      const { rows: forgotten } = await sql<{ tenant_id: TenantId; mode: Mode; id: number }>`
      select tenant_id, mode, id from audit_log
      where sealed_at is null and recorded_at < clock_timestamp() - interval '1 hour' order by id limit ${FINDINGS}`.execute(
        trx,
      );
      for (const { tenant_id: tenant, mode, id } of forgotten) {
        walk.find({ tenant, mode, kind: 'unsealed', place: null, id });
      }
      return walk.end();
    });

class Walk {
  readonly #findings: AuditFinding[] = [];
  readonly #chains = new Map<string, OpenHead>();
  readonly #witnessed = new Map<string, Map<number, string>>();
  #checkpoints = 0;
  #rows = 0;

  constructor(witnessed: readonly Head[]) {
    this.#checkpoints = witnessed.length;
    for (const { tenant, mode, place, hash } of witnessed) {
      const own = this.#witnessed.get(`${tenant}/${mode}`) ?? new Map<number, string>();
      // Two that disagree: between them the chain was written anew.
      if ((own.get(place) ?? hash) !== hash) this.find({ tenant, mode, kind: 'rewritten', place, id: null });
      else this.#witnessed.set(`${tenant}/${mode}`, own.set(place, hash));
    }
  }

  take({ tenant_id: tenant, mode, id, place, hash, content }: Sealed): void {
    this.#rows++;
    const key = `${tenant}/${mode}`;
    const head = this.#chains.get(key) ?? { tenant, mode, place: 0, hash: NOTHING };
    this.#chains.set(key, head);
    if (place !== head.place + 1) this.find({ tenant, mode, kind: 'missing', place: head.place + 1, id: null });
    else if (!linked(head.hash, place, content).equals(hash)) this.find({ tenant, mode, kind: 'changed', place, id });
    const said = this.#witnessed.get(key)?.get(place);
    if (said !== undefined && said !== hash.toString('hex')) {
      this.find({ tenant, mode, kind: 'rewritten', place, id });
    }
    // What is stored is what the next one was sealed with: each change is found where it is, and once.
    head.place = place;
    head.hash = hash;
  }

  find(finding: AuditFinding): void {
    if (this.#findings.length < FINDINGS) this.#findings.push(finding);
  }

  end(): AuditReport {
    for (const [key, places] of this.#witnessed) {
      const last = Math.max(...places.keys());
      const [tenant, mode] = key.split('/') as [TenantId, Mode];
      if ((this.#chains.get(key)?.place ?? 0) < last) this.find({ tenant, mode, kind: 'cut', place: last, id: null });
    }
    const chains = [...this.#chains.values()].map(({ hash, ...head }) => ({ ...head, hash: hash.toString('hex') }));
    return { rows: this.#rows, chains, findings: this.#findings, checkpoints: this.#checkpoints };
  }
}
