/** A tenant sees and writes its own rows, in one mode. Asked of every table that the catalogue has, so of later ones too. */
import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { commit } from '../../src/db/commit.ts';
import { inRole, inTenant, type Scope } from '../../src/db/tenant.ts';
import { verifyNewEntries } from '../../src/db/verify-new-entries.ts';
import { DEFAULT_POLICY } from '../../src/domain/dunning.ts';
import { draft, START, subscribe } from '../domain/builders.ts';
import { step, useDatabase } from './support.ts';

const ABOVE_TENANTS = [
  'kysely_migration',
  'kysely_migration_lock',
  'ledger_verifications',
  'outbox_positions',
  'tenants',
];
const STRANGERS: Scope[] = [
  { tenant: 'ten_2', mode: 'test' },
  { tenant: 'ten_1', mode: 'live' },
];

const database = useDatabase();
let tables: { name: string; enabled: boolean; forced: boolean }[];

beforeAll(async () => {
  const found = await sql<(typeof tables)[number]>`
    select relname as name, relrowsecurity as enabled, relforcerowsecurity as forced
    from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1`.execute(
    database.db,
  );
  tables = found.rows.filter(({ name }) => !ABOVE_TENANTS.includes(name));
  await commit(database.db, step(draft(), [subscribe(), START]));
  await verifyNewEntries(database.db);
  await fillTheRest();
});

it('is switched on for every table, for its owner as well', () => {
  expect(tables.length).toBeGreaterThan(20);
  expect(tables.filter(({ enabled, forced }) => !enabled || !forced)).toEqual([]);
});

it('has a row of ten_1 in every table to look for', async () => {
  for (const { name } of tables) {
    const { rows } =
      await sql`select from ${sql.table(name)} where tenant_id = 'ten_1' and mode = 'test' limit 1`.execute(
        database.db,
      );
    expect(rows, name).toHaveLength(1);
  }
});

describe.each(STRANGERS)('to $tenant in $mode', (scope) => {
  it("ten_1's rows do not exist", async () => {
    await inTenant(database.db, scope, async (trx) => {
      for (const { name } of tables) {
        const { rows } = await sql<{ count: number }>`
          select count(*) from ${sql.table(name)} where tenant_id = 'ten_1' and mode = 'test'`.execute(trx);
        expect(rows[0]?.count, name).toBe(0);
      }
    });
  });

  it('no row can be written into ten_1', async () => {
    for (const { name } of tables) {
      const copy = inTenant(database.db, scope, (trx) =>
        sql`insert into ${sql.table(name)} overriding system value
          select * from jsonb_populate_record(null::${sql.table(name)}, '{"tenant_id": "ten_1", "mode": "test"}')`.execute(
          trx,
        ),
      );
      await expect(copy, name).rejects.toThrow(/row-level security|permission denied/);
    }
  });

  it('no row of ten_1 can be changed or deleted', async () => {
    for (const { name } of tables) {
      for (const statement of [
        sql`update ${sql.table(name)} set mode = mode where tenant_id = 'ten_1' and mode = 'test'`,
        sql`delete from ${sql.table(name)} where tenant_id = 'ten_1' and mode = 'test'`,
      ]) {
        const changed = await inTenant(database.db, scope, (trx) => statement.execute(trx)).then(
          ({ numAffectedRows }) => numAffectedRows,
          (error: Error) => error.message,
        );
        expect([0n, `permission denied for table ${name}`], name).toContain(changed);
      }
    }
  });
});

it('shows nothing to a transaction that names no tenant', async () => {
  await database.db.transaction().execute(async (trx) => {
    await sql`set local role hydra_app`.execute(trx);
    for (const { name } of tables) {
      const { rows } = await sql<{ count: number }>`select count(*) from ${sql.table(name)}`.execute(trx);
      expect(rows[0]?.count, name).toBe(0);
    }
  });
});

it('ends with the transaction', async () => {
  await database.db.connection().execute(async (connection) => {
    await inTenant(connection, { tenant: 'ten_1', mode: 'test' }, async () => {});
    const { rows } = await sql<{ role: string; tenant: string }>`
      select current_user as role, coalesce(current_setting('hydra.tenant', true), '') as tenant`.execute(connection);
    expect(rows[0]?.role).not.toBe('hydra_app');
    expect(rows[0]?.tenant).toBe('');
  });
});

it.each([
  'ledger_entries',
  'ledger_transactions',
  'ledger_accounts',
  'decisions',
  'audit_log',
  'invoice_lines',
  'mrr_movements',
  'earning_spans',
  'revenue_days',
  'ledger_periods',
  'seller_profiles',
  'customer_addresses',
  'tax_id_checks',
  'trials_used',
])('does not let the app change %s, its own rows included', async (table) => {
  for (const statement of [sql`update ${sql.table(table)} set mode = mode`, sql`delete from ${sql.table(table)}`]) {
    const changed = inTenant(database.db, { tenant: 'ten_1', mode: 'test' }, (trx) => statement.execute(trx));
    await expect(changed).rejects.toThrow(`permission denied for table ${table}`);
  }
  for (const statement of [
    sql`update ${sql.table(table)} set mode = mode`,
    sql`delete from ${sql.table(table)}`,
    sql`truncate ${sql.table(table)} cascade`,
  ]) {
    await expect(statement.execute(database.db)).rejects.toThrow('append-only'); // the owner neither
  }
});

it.each([
  ['hydra_outbox', ['announcements', 'endpoint_deliveries', 'endpoints', 'outbox', 'subscriptions']],
  [
    'hydra_door',
    [
      'activation_codes',
      'api_keys',
      'inbox',
      'license_seats',
      'processor_accounts',
      'processor_customers',
      'sessions',
      'tenants',
    ],
  ],
  [
    'hydra_relay',
    [
      'announcements',
      'clocks',
      'discrepancies',
      'inbox',
      'invoices',
      'mails',
      'outbox',
      'payment_attempts',
      'payment_methods',
      'payments',
      'processor_customers',
      'processor_subscriptions',
      'refunds',
      'subscriptions',
      'tenants',
      'usage_ids',
    ],
  ],
] as const)('lets %s read what it needs and no more', async (role, may) => {
  const readable: string[] = [];
  for (const { name } of [...tables, { name: 'tenants' }]) {
    const answer = await inRole(database.db, role, (trx) => sql`select from ${sql.table(name)}`.execute(trx)).then(
      () => 'read',
      (error: Error) => error.message,
    );
    if (answer === 'read') readable.push(name);
    else expect(answer).toBe(`permission denied for table ${name}`);
  }
  expect(readable.sort()).toEqual(may);
});

/** One row in each table that a commit doesn't reach. */
async function fillTheRest(): Promise<void> {
  const own = { tenant_id: 'ten_1', mode: 'test' } as const;
  const created_at = new Date(START);
  const { db } = database;
  const customer_id = 'cus_1';
  const told = { event_id: 'evt_1', type: 't', payload: '{}', at: created_at, written_at: created_at };
  await db
    .insertInto('announcements')
    .values({ ...own, ...told, shard: 0 })
    .execute();
  await db
    .insertInto('endpoints')
    .values({ ...own, id: 'ep_1', url: 'https://a.example', state: 'enabled', secret_encrypted: 'v1' })
    .execute();
  await db
    .insertInto('endpoint_deliveries')
    .values({ ...own, endpoint_id: 'ep_1', event_id: 'evt_1', seq: 1, type: 't', subject: 'sub_1' })
    .execute();
  const key = {
    ...own,
    id: 'key_1',
    name: 'k',
    prefix: 'sk_test_1',
    hash: Buffer.alloc(32),
    scopes: ['all'],
    created_at,
  };
  await db.insertInto('api_keys').values(key).execute();
  const look = {
    ...own,
    id: 'rec_1',
    state: 'running',
    since: created_at,
    asked_by: 'u',
    started_at: created_at,
  } as const;
  await db.insertInto('reconciliations').values(look).execute();
  await db
    .insertInto('discrepancies')
    .values({
      ...{ ...own, id: 'dis_1', kind: 'payment_differs', subject: 'pi_1', state: 'open' },
      ...{ opened_at: created_at, seen_at: created_at },
    })
    .execute();
  await sql`insert into meters (tenant_id, mode, id, key, version, state, document, created_at)
    values ('ten_1', 'test', 'mtr_1', 'calls', 1, 'draft', '{}', ${created_at})`.execute(db);
  await sql`insert into usage_ids values ('ten_1', 'test', 's', 'e', 'h', ${customer_id}, ${created_at}, '2027-01-01')`.execute(
    db,
  );
  await sql`insert into usage_events (tenant_id, mode, received_on, source, event_id, type, customer_id, at, data)
    values ('ten_1', 'test', '2027-01-01', 's', 'e', 'call', ${customer_id}, ${created_at}, '{}')`.execute(db);
  await sql`insert into usage_windows values ('ten_1', 'test', 'mtr_1', ${customer_id}, 60000, ${created_at}, '', '', 1, 1, 1,
    ${created_at}, 'e', 1, ${created_at}, 'e', 1, 0)`.execute(db);
  await sql`insert into usage_seals (tenant_id, mode, subscription_id, charge_id, from_at, n, to_at, customer_id, invoice_id,
      span, quantity, amount, sealed_at)
    values ('ten_1', 'test', 'sub_1', 'c', '2027-01-01', 1, '2027-02-01', ${customer_id}, 'inv_1_1', '{}', 1, 1, ${created_at})`.execute(
    db,
  );
  await sql`insert into usage_alerts values ('ten_1', 'test', ${customer_id}, 'f', '2027-01-01', 80, ${created_at})`.execute(
    db,
  );
  const account = { id: 'acc_1', processor: 'stripe', publishable_key: null, secrets: 'sealed' } as const;
  await db
    .insertInto('processor_accounts')
    .values({ ...own, ...account, created_at, changed_at: created_at })
    .execute();
  const link = { processor: 'stripe', processor_subscription_id: 'sub_x', subscription_id: 'sub_1' } as const;
  await db
    .insertInto('processor_subscriptions')
    .values({ ...own, ...link, linked_at: created_at })
    .execute();
  const day = { from_day: '2027-01-01', to_day: '2027-01-02', booked_on: '2027-01-01', gross: 1, discount: 0 };
  await db
    .insertInto('revenue_days')
    .values({ ...own, ...day, span_id: 1, transaction_id: 1 })
    .execute();
  const month = { month: '2026-01', ends_at: '2026-02-01T00:00:00Z', time_zone: 'UTC' };
  await db
    .insertInto('ledger_periods')
    .values({ ...own, ...month, closed_at: created_at, closed_by: 'user/1' })
    .execute();
  await db
    .insertInto('clocks')
    .values({ ...own, id: 'clk_1', now: created_at, state: 'ready' })
    .execute();
  await db
    .insertInto('customer_subjects')
    .values({ ...own, subject: 's', customer_id, created_at })
    .execute();
  await db
    .insertInto('processor_customers')
    .values({
      ...own,
      processor: 'stripe',
      account: 'default',
      customer_id,
      processor_customer_id: 'cus_x',
      created_at,
    })
    .execute();
  await db
    .insertInto('payment_methods')
    .values({ ...own, id: 'pm_1', customer_id, processor: 'stripe', last4: '4242', is_default: true, created_at })
    .execute();
  const book = {
    ...own,
    id: 'pb_1',
    version: 1,
    state: 'draft',
    document: '{"plans":[]}',
    content_hash: 'h',
    created_at,
  } as const;
  await db.insertInto('price_books').values(book).execute();
  const policy = JSON.stringify({ ...DEFAULT_POLICY, name: 'default' });
  await db
    .insertInto('dunning_policies')
    .values({
      ...own,
      id: 'dun_1',
      name: 'default',
      version: 1,
      state: 'draft',
      document: policy,
      content_hash: 'h',
      created_at,
    })
    .execute();
  const settings = JSON.stringify({});
  const migration = { id: 'mig_1', price_book_id: 'pb_1', state: 'running', plans: '{}', settings, wave: 0 } as const;
  await db
    .insertInto('price_book_migrations')
    .values({ ...own, ...migration, created_by: 'u', created_at, updated_at: created_at })
    .execute();
  await db
    .insertInto('price_book_migration_items')
    .values({ ...own, migration_id: 'mig_1', subscription_id: 'sub_1', wave: 0, state: 'pending' })
    .execute();
  const money = { ...own, amount: 1, currency: 'usd' };
  await db
    .insertInto('payments')
    .values({
      ...money,
      id: 'pi_1',
      processor: 'stripe',
      customer_id,
      applied: 1,
      unapplied: false,
      received_at: created_at,
    })
    .execute();
  await db
    .insertInto('refunds')
    .values({
      ...{ ...money, id: 'ref_1', payment_id: 'pi_1', state: 'requested', attempt: 1, from: 'credit_note' },
      requested_at: created_at,
    })
    .execute();
  await db
    .insertInto('credit_notes')
    .values({
      ...{
        ...own,
        id: 'cn_1',
        invoice_id: 'inv_1_1',
        subscription_id: 'sub_1',
        customer_id,
        series: 'CN',
        sequence: 1,
      },
      ...{ number: 'CN-000001', currency: 'usd', to: 'open', reason: 'other', tax: 0, total: 1, issued_at: created_at },
    })
    .execute();
  await db
    .insertInto('credit_note_lines')
    .values({
      ...{ ...own, credit_note_id: 'cn_1', invoice_id: 'inv_1_1', line: 0, description: 'Pro', amount: 1, gross: 1 },
      ...{ discount: 0, taxes: '[]' },
    })
    .execute();
  await db
    .insertInto('disputes')
    .values({ ...money, id: 'du_1', payment_id: 'pi_1', customer_id, inquiry: true, opened_at: created_at })
    .execute();
  await db
    .insertInto('inbox')
    .values({
      ...own,
      provider: 'stripe',
      account: 'default',
      event_id: 'e',
      type: 't',
      facts: '[]',
      occurred_at: created_at,
    })
    .execute();
  await db
    .insertInto('requests')
    .values({ ...own, principal: 'p', route: 'r', key: 'k', body_hash: 'h', state: 'running' })
    .execute();
  await db
    .insertInto('seller_profiles')
    .values({ ...own, version: 1, document: '{}', created_at })
    .execute();
  await db
    .insertInto('customer_addresses')
    .values({ ...own, customer_id, version: 1, tax_exempt: false, created_at })
    .execute();
  await db
    .insertInto('tax_id_checks')
    .values({
      ...own,
      customer_id,
      country: 'DE',
      tax_id_encrypted: 'v1',
      checker: 'form',
      state: 'unknown',
      answer_encrypted: 'v1',
      checked_at: created_at,
    })
    .execute();
  const movement = { ...own, subscription_id: 'sub_1', version: 1, customer_id, currency: 'usd', kind: 'new' } as const;
  await db
    .insertInto('mrr_movements')
    .values({ ...movement, before: 0, after: 3_000, at: created_at })
    .execute();
  await db
    .insertInto('trials_used')
    .values({ ...own, customer_id, product: 'app', subscription_id: 'sub_1', began_at: created_at })
    .execute();
  const until = { expires_at: created_at };
  await db
    .insertInto('activation_codes')
    .values({ ...own, ...until, hash: Buffer.alloc(32), customer_id, made_by: 'u', made_at: created_at })
    .execute();
  await db
    .insertInto('license_seats')
    .values({
      ...{ ...own, id: 'lic_1', customer_id, anchor_hash: Buffer.alloc(32), license_id: 'lcv_1' },
      ...{ activated_at: created_at, refreshed_at: created_at },
    })
    .execute();
  await db
    .insertInto('transaction_records')
    .values({ ...own, transaction_id: 'pi_1', hardware_anchor: 'v1' })
    .execute();
  await db
    .insertInto('portal_links')
    .values({ ...own, ...until, id: 'pls_1', customer_id, made_by: 'u', made_at: created_at })
    .execute();
  await db
    .insertInto('sessions')
    .values({
      ...{ ...own, ...until, id: 'ses_1', hash: Buffer.alloc(32), principal: 'u', role: 'customer', customer_id },
      ...{ began_at: created_at, seen_at: created_at },
    })
    .execute();
  await db
    .insertInto('entitlement_overrides')
    .values({
      ...{ ...own, customer_id, feature: 'projects', value: '{"type":"limit","limit":null}' },
      ...{ reason: 'agreed', set_by: 'u', set_at: created_at },
    })
    .execute();
  await fillMail(own, created_at);
  await fillCoupons(own, created_at);
}

async function fillMail(own: { tenant_id: 'ten_1'; mode: 'test' }, at: Date): Promise<void> {
  const { db } = database;
  const mail = {
    id: 'mail_1',
    cause: 'receipt/inv_1_1',
    message: 'receipt',
    language: 'en',
    customer_id: 'cus_1',
  } as const;
  await db
    .insertInto('mails')
    .values({ ...own, ...mail, state: 'kept', sealed: 'v1', at })
    .execute();
  const suppressed = { id: 'sup_1', email_index: Buffer.alloc(32), reason: 'asked', created_at: at } as const;
  await db
    .insertInto('mail_suppressions')
    .values({ ...own, ...suppressed })
    .execute();
  await db
    .insertInto('mail_settings')
    .values({ ...own, accent: '#112233', updated_at: at })
    .execute();
  const template = { message: 'receipt', language: 'en', subject: 's', body: 'b', updated_at: at };
  await db
    .insertInto('mail_templates')
    .values({ ...own, ...template })
    .execute();
}

async function fillCoupons(own: { tenant_id: 'ten_1'; mode: 'test' }, created_at: Date): Promise<void> {
  const { db } = database;
  const at = created_at;
  const coupon = {
    ...own,
    id: 'co_1',
    name: 'c',
    percent_off: '10',
    duration: 'once',
    state: 'active',
    created_at,
  } as const;
  await db.insertInto('coupons').values(coupon).execute();
  const code = { ...own, id: 'promo_1', coupon_id: 'co_1', code: 'SPRING', active: true, created_at } as const;
  await db
    .insertInto('promotion_codes')
    .values({ ...code, first_time_only: false })
    .execute();
  const redeemed = { ...own, coupon_id: 'co_1', customer_id: 'cus_1', subscription_id: 'sub_1' } as const;
  await db
    .insertInto('redemptions')
    .values({ ...redeemed, redeemed_at: at })
    .execute();
  const granted = {
    ...own,
    key: 'credit/1',
    customer_id: 'cus_1',
    kind: 'granted',
    amount: 1,
    currency: 'usd',
  } as const;
  await db
    .insertInto('credit_changes')
    .values({ ...granted, actor_ref: 'a', at })
    .execute();
}
