/** Whatever somebody does to the audit log behind the triggers’ back is found. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { checkpointsIn } from '../../src/audit/checkpoints.ts';
import { createSealer } from '../../src/audit/sealer.ts';
import { audit } from '../../src/db/audit.ts';
import { type AuditFinding, type Head, sealAudit, verifyAudit } from '../../src/db/audit-chain.ts';
import { inTenant, type Scope } from '../../src/db/tenant.ts';
import { doneFor } from '../../src/request-at-hand.ts';
import { readCheckpoint, signCheckpoint, signingKeyOf } from '../../src/security/checkpoint.ts';
import { OTHER, SCOPE, useDatabase } from '../db/support.ts';

const database = useDatabase();
const key = signingKeyOf(randomBytes(32));
const folder = mkdtempSync(join(tmpdir(), 'hydra-checkpoints-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const checkpoints = checkpointsIn(folder);
const quiet = { info() {}, error() {} };
const sealer = () => createSealer({ db: database.db, key, checkpoints, log: quiet });

const behindTheTriggers = (statement: string) =>
  database.db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx);
    await sql.raw(statement).execute(trx);
  });

let n = 0;
const deeds = (count: number, scope: Scope = SCOPE) =>
  inTenant(database.db, scope, async (trx) => {
    for (let i = 0; i < count; i++) {
      await audit(trx, scope, { at: new Date(), by: 'user/1', action: 'done', subject: `sub_${++n}`, why: { n } });
    }
  });

async function witnessed(): Promise<Head[]> {
  const heads: Head[] = [];
  for await (const line of checkpoints.lines()) heads.push(...((readCheckpoint(key, line)?.heads ?? []) as Head[]));
  return heads;
}
const found = async (heads?: Head[]): Promise<AuditFinding[]> =>
  (await verifyAudit(database.db, heads ?? (await witnessed()))).findings;
const kinds = async () => (await found()).map(({ kind, place }) => [kind, place]);

/** Two chains: ten rows of one tenant, five of another, sealed and witnessed. */
beforeEach(async () => {
  await behindTheTriggers('delete from audit_log');
  for (const file of readdirSync(folder)) rmSync(join(folder, file));
  await deeds(6);
  await deeds(5, OTHER);
  await sealer().sealAll();
  await deeds(4);
  await sealer().sealAll();
});

test('what nobody has touched is whole', async () => {
  const report = await verifyAudit(database.db, await witnessed());
  expect(report).toMatchObject({ rows: 15, checkpoints: 3, findings: [] });
  expect(report.chains.map(({ tenant, place }) => [tenant, place])).toEqual([
    ['ten_1', 10],
    ['ten_2', 5],
  ]);
});

const at = (place: number) => `tenant_id = 'ten_1' and place = ${place}`;

test.each([
  ['a row changed: what it says', `update audit_log set action = 'undone' where ${at(4)}`, ['changed', 4]],
  ['a row changed: who did it', `update audit_log set actor_ref = 'user/2' where ${at(4)}`, ['changed', 4]],
  ['a row changed: why', `update audit_log set why = '{}' where ${at(10)}`, ['changed', 10]],
  ['a row changed: when', `update audit_log set at = at - interval '1 microsecond' where ${at(1)}`, ['changed', 1]],
  ['a hash changed', `update audit_log set hash = sha256('x') where ${at(4)}`, ['changed', 4]],
  ['a row deleted', `delete from audit_log where ${at(4)}`, ['missing', 4]],
  ['the first one deleted', `delete from audit_log where ${at(1)}`, ['missing', 1]],
  ['the last ones cut off', `delete from audit_log where tenant_id = 'ten_1' and place > 7`, ['cut', 10]],
  ['all of a chain cut off', `delete from audit_log where tenant_id = 'ten_1'`, ['cut', 10]],
])('%s', async (_what, statement, wanted) => {
  await behindTheTriggers(statement);
  expect(await kinds()).toContainEqual(wanted);
});

test('a row inserted, and the rest moved up', async () => {
  await behindTheTriggers(`
    update audit_log set place = -place where tenant_id = 'ten_1' and place > 4;
    update audit_log set place = 1 - place where tenant_id = 'ten_1' and place < 0;
    insert into audit_log (tenant_id, mode, at, actor_by, actor_ref, action, subject, why, sealed_at, place, hash)
    values ('ten_1', 'test', now(), 'engine', 'x', 'forged', 'sub_x', '{}', now(), 5, sha256('x'))`);
  expect(await kinds()).toContainEqual(['changed', 5]);
});

test('two rows that have changed places', async () => {
  await behindTheTriggers(`
    update audit_log set place = -1 where ${at(3)};
    update audit_log set place = 3 where ${at(4)};
    update audit_log set place = 4 where tenant_id = 'ten_1' and place = -1`);
  expect(await kinds()).toEqual(expect.arrayContaining([['changed', 3]]));
});

test('a row of another tenant, moved here', async () => {
  await behindTheTriggers(`delete from audit_log where ${at(3)};
    update audit_log set tenant_id = 'ten_1' where tenant_id = 'ten_2' and place = 3`);
  expect(await kinds()).toEqual(expect.arrayContaining([['changed', 3]]));
});

test('a chain written anew, hashes and all: whole by itself, and not what the checkpoints say', async () => {
  await behindTheTriggers(`update audit_log set action = 'undone' where ${at(2)};
    update audit_log set sealed_at = null, hash = null, place = null where tenant_id = 'ten_1'`);
  while ((await sealAudit(database.db, 100)).sealed > 0);
  expect(await found([])).toEqual([]);
  expect(await kinds()).toEqual([
    ['rewritten', 6],
    ['rewritten', 10],
  ]);
});

test('a tail cut off and grown again', async () => {
  await behindTheTriggers(`delete from audit_log where tenant_id = 'ten_1' and place > 7`);
  await deeds(5);
  await sealer().sealAll();
  expect(await kinds()).toEqual([['rewritten', 10]]);
});

test('a checkpoint that somebody else has signed, or changed, is none', async () => {
  const head = { ...SCOPE, place: 99, hash: 'ab' };
  const checkpoint = { at: new Date().toISOString(), heads: [head] };
  expect(readCheckpoint(key, signCheckpoint(key, checkpoint))).toEqual(checkpoint);
  expect(readCheckpoint(key, signCheckpoint(signingKeyOf(randomBytes(32)), checkpoint))).toBeNull();
  expect(readCheckpoint(key, signCheckpoint(key, checkpoint).replace('99', '98'))).toBeNull();
  expect(readCheckpoint(key, 'nothing')).toBeNull();
  writeFileSync(join(folder, '2000-01-01.jsonl'), 'torn\n');
  expect(await found()).toEqual([]);
});

describe('sealing', () => {
  test('by several at once: each row has one place, and no place is left out', async () => {
    await Promise.all([deeds(40), deeds(40, OTHER), deeds(40)]);
    const sealing = () => sealAudit(database.db, 7).then(({ sealed }) => sealed);
    for (let left = true; left; ) {
      await Promise.all([sealing(), sealing(), sealing()]);
      const { rows } = await sql`select from audit_log where sealed_at is null limit 1`.execute(database.db);
      left = rows.length > 0;
    }
    expect(await found()).toEqual([]);
    const { rows } = await sql<{ places: number; last: number }>`
      select count(distinct place) as places, max(place) as last from audit_log where tenant_id = 'ten_1'`.execute(
      database.db,
    );
    expect(rows[0]).toEqual({ places: 90, last: 90 });
  });

  test('a row that was committed after a later one is sealed after it', async () => {
    let committed = () => {};
    const begun = new Promise<void>((began) => {
      void inTenant(database.db, SCOPE, async (trx) => {
        await audit(trx, SCOPE, { at: new Date(), by: 'user/1', action: 'slow', subject: 'sub_slow', why: {} });
        began();
        await new Promise<void>((resolve) => {
          committed = resolve;
        });
      }).then(() => ended());
    });
    let ended = () => {};
    const over = new Promise<void>((resolve) => {
      ended = resolve;
    });
    await begun;
    await deeds(1);
    await sealer().sealAll();
    committed();
    await over;
    await sealer().sealAll();
    const { rows } = await sql<{ action: string; place: number }>`
      select action, place from audit_log where place > 10 order by place`.execute(database.db);
    expect(rows).toEqual([
      { action: 'done', place: 11 },
      { action: 'slow', place: 12 },
    ]);
    expect(await found()).toEqual([]);
  });

  test('what nobody seals is told of', async () => {
    await behindTheTriggers(`insert into audit_log
      (tenant_id, mode, at, actor_by, actor_ref, action, subject, why, recorded_at)
      values ('ten_1', 'test', now(), 'engine', 'x', 'a', 's', '{}', now() - interval '2 hours')`);
    expect(await found()).toMatchObject([{ kind: 'unsealed', place: null, tenant: 'ten_1' }]);
  });

  test('nobody but the sealer seals, and it changes nothing else', async () => {
    const sealed = sql`update audit_log set sealed_at = now(), hash = 'x', place = 1000 where tenant_id = 'ten_1'`;
    await expect(inTenant(database.db, SCOPE, (trx) => sealed.execute(trx))).rejects.toThrow('permission denied');
    await expect(sealed.execute(database.db)).rejects.toThrow('append-only'); // what is sealed stays so
  });

  test('a row knows which request it was', async () => {
    await doneFor('req_7', () => deeds(1));
    await deeds(1);
    const { rows } = await sql<{ request_id: string | null }>`
      select request_id from audit_log where sealed_at is null order by id`.execute(database.db);
    expect(rows.map(({ request_id }) => request_id)).toEqual(['req_7', null]);
  });
});
