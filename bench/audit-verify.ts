/** A million rows of the audit log in one chain, verified as `hydra audit verify` does. */
import { sql } from 'kysely';
import { sealAudit, verifyAudit } from '../src/db/audit-chain.ts';
import { type Benchmark, timed } from './bench.ts';
import { openBooks, SCOPE, withPostgres } from './postgres.ts';

const ROWS = 1_000_000;
const AT_ONCE = 20_000;
const AIM_S = 30;

export const auditVerify: Benchmark = {
  name: 'audit.verify',
  run: (log) =>
    withPostgres(async (server) => {
      const { db, close } = await openBooks(server, 'audit', 1);
      try {
        for (let from = 1; from <= ROWS; from += AT_ONCE) {
          await sql`insert into audit_log (tenant_id, mode, at, actor_by, actor_ref, action, subject, version, from_state, to_state, why)
            select ${SCOPE.tenant}, ${SCOPE.mode}, clock_timestamp(), 'clock', 'engine', 'period_ended', 'sub_' || n % 1000, n, 'active', 'active',
              jsonb_build_object('rule', 'renewal', 'period', n, 'amount', 1999)
            from generate_series(${from}::int, ${from + AT_ONCE - 1}::int) as n`.execute(db);
        }
        const sealing = await timed(async () => {
          while ((await sealAudit(db, 5_000)).sealed > 0);
        });
        log(`sealed at ${Math.round(ROWS / (sealing / 1_000))} rows/s`);
        let whole = false;
        const seconds =
          (await timed(async () => {
            const { rows, findings } = await verifyAudit(db, []);
            whole = rows === ROWS && findings.length === 0;
          })) / 1_000;
        return [
          {
            ...{ name: 'audit.verify', unit: 's for a million rows', ours: seconds, peer: null, ceiling: null },
            ...{ ratioToPeer: null, ratioToCeiling: null, spread: [seconds, seconds] as [number, number] },
            ...{ aim: `< ${AIM_S} s`, met: seconds < AIM_S, correct: whole },
          },
        ];
      } finally {
        await close();
      }
    }),
};
