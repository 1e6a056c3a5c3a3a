import { type AnyDatabase, run } from './isolation.ts';

/**
 * Invoices in bulk spend most of their time on foreign keys, one look-up for each row. And where the tables are new, an
 * index that begins with tenant and mode seems as good as the key: then each look-up reads all that the tenant has. So
 * these references are looked up once for each statement, by id alone, in keys that begin with it.
 *
 * Nothing that is referred to is ever deleted: nobody has the grant.
 */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    alter table invoices drop constraint invoices_tenant_id_mode_subscription_id_fkey;
    alter table invoices drop constraint invoices_tenant_id_mode_customer_id_fkey;
    alter table invoice_lines drop constraint invoice_lines_tenant_id_mode_invoice_id_fkey;
    alter table earning_spans drop constraint earning_spans_tenant_id_mode_customer_id_fkey;

    do $$
    declare
      kept record;
      keyed text;
    begin
      create temporary table references_kept on commit drop as
        select conrelid::regclass::text as owner, conname, pg_get_constraintdef(oid) as definition from pg_constraint
        where contype = 'f' and confrelid in (${TABLES.map((table) => `'${table}'::regclass`).join(', ')});
      for kept in select * from references_kept loop
        execute format('alter table %s drop constraint %I', kept.owner, kept.conname);
      end loop;
      foreach keyed in array array[${TABLES.map((table) => `'${table}'`).join(', ')}] loop
        execute format('alter table %I drop constraint %I, add primary key (id, tenant_id, mode)', keyed, keyed || '_pkey');
      end loop;
      for kept in select * from references_kept loop
        execute format('alter table %s add constraint %I %s', kept.owner, kept.conname, kept.definition);
      end loop;
    end $$;

    ${refuse('invoices', 'subscription_id', 'subscriptions')}
    ${refuse('invoices', 'customer_id', 'customers')}
    ${refuse('invoice_lines', 'invoice_id', 'invoices')}
    ${refuse('earning_spans', 'customer_id', 'customers')}
    `,
  );
}

const TABLES = ['customers', 'subscriptions', 'invoices'];

/** Tenant and mode are compared in a way that no index serves: the key's is taken, whatever is known of the table. */
const refuse = (table: string, column: string, referred: string): string => `
    create function ${table}_${column}_is_known() returns trigger language plpgsql security definer
    set search_path = public, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
    declare
      unknown record;
    begin
      select added.${column} as id into unknown
        from (select distinct tenant_id, mode, ${column} from added where ${column} is not null) as added
        where not exists (
          select from ${referred} as known where known.id = added.${column}
            and (known.tenant_id, known.mode) is not distinct from (added.tenant_id, added.mode))
        limit 1;
      if found then
        raise exception '${column} % of ${table} is not in this tenant and mode', unknown.id
          using errcode = 'foreign_key_violation', constraint = '${table}_${column}_is_known', table = '${table}';
      end if;
      return null;
    end $$;
    create trigger ${column}_is_known after insert on ${table}
      referencing new table as added for each statement execute function ${table}_${column}_is_known();
    grant create on schema public to hydra_auditor;
    alter function ${table}_${column}_is_known() owner to hydra_auditor;
    revoke create on schema public from hydra_auditor;`;
