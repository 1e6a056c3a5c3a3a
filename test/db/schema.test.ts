import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { migrateDatabase } from '../../src/db/migrate.ts';
import { TRANSITIONS } from '../../src/db/migrations/0040-dunning-policies.ts';
import { type StateName, transitions } from '../../src/domain/subscription.ts';
import { useDatabase } from './support.ts';

const database = useDatabase();

/** What each type of the typed schema is in Postgres. A type that isn't here fails the test, and is added. */
const SQL_TYPES: Record<string, string[]> = {
  Timestamp: ['timestamptz'],
  DefaultTimestamp: ['timestamptz'],
  Json: ['jsonb'],
  NullableJson: ['jsonb'],
  MinorUnits: ['minor_units'],
  Decimal: ['numeric'],
  Identity: ['int8'],
  number: ['int8', 'int4'],
  boolean: ['bool'],
  Buffer: ['bytea'],
  Day: ['date'],
  'string[]': ['_text'],
};
const TEXT = ['text', 'subscription_state'];

type Column = { types: string[]; nullable: boolean; generated: boolean };

it('is what the database is: tables, columns, types, nulls, defaults', async () => {
  const { rows } = await sql<{ table: string; column: string; type: string; nullable: boolean; generated: boolean }>`
    select table_name as table, column_name as column, coalesce(domain_name, udt_name) as type,
      is_nullable = 'YES' as nullable, column_default is not null or is_identity = 'YES' as generated
    from information_schema.columns
    where table_schema = 'public' and table_name not like 'kysely%'`.execute(database.db);
  const real: Record<string, Record<string, Omit<Column, 'types'>>> = {};
  const typed = typedSchema();
  for (const { table, column, type, nullable, generated } of rows) {
    real[table] ??= {};
    real[table][column] = { nullable, generated };
    expect(typed[table]?.[column]?.types, `${table}.${column}`).toContain(type);
  }
  const flags = Object.fromEntries(
    Object.entries(typed).map(([table, columns]) => [
      table,
      Object.fromEntries(
        Object.entries(columns).map(([column, { nullable, generated }]) => [column, { nullable, generated }]),
      ),
    ]),
  );
  expect(flags).toEqual(real);
});

it('knows the same ways from state to state as the core', () => {
  const core = Object.entries(transitions).flatMap(([from, to]) => Object.keys(to).map((each) => `${from}>${each}`));
  expect([...TRANSITIONS].sort()).toEqual(core.sort());
});

it('takes every way of the table and no other', async () => {
  const states = Object.keys(transitions) as StateName[];
  for (const from of states) {
    for (const to of states) {
      const allowed = from === to || to in transitions[from];
      const insert = sql`insert into decisions values
        ('ten_1', 'test', 'sub_none', 1, 0, now(), '{}', 'r', ${from}, ${to}, '{}', '[]')`.execute(database.db);
      await expect(insert, `${from} to ${to}`).rejects.toThrow(
        allowed ? /foreign key/ : `no way from ${from} to ${to}`,
      );
    }
  }
});

it('can be brought up again, by several at once', async () => {
  await Promise.all([migrateDatabase(database.url), migrateDatabase(database.url), migrateDatabase(database.url)]);
});

/** Reads the types from their own text: they are gone when the program runs. */
function typedSchema(): Record<string, Record<string, Column>> {
  const text = readFileSync(new URL('../../src/db/schema.ts', import.meta.url), 'utf8').replaceAll(
    /\/\*\*[\s\S]*?\*\//g,
    '',
  );
  const ofTenant = columnsOf(/type OfTenant = \{([^}]*)\}/.exec(text)![1]!);
  const bodies = new Map(
    [...text.matchAll(/export type (\w+Table) = (OfTenant & )?\{([^}]*)\}/g)].map(([, name, tenant, body]) => [
      name!,
      { ...(tenant ? ofTenant : {}), ...columnsOf(body!) },
    ]),
  );
  const database = /export type Database = \{([^}]*)\}/.exec(text)![1]!;
  return Object.fromEntries(
    [...database.matchAll(/(\w+): (\w+);/g)].map(([, table, name]) => [table!, bodies.get(name!)!]),
  );
}

function columnsOf(body: string): Record<string, Column> {
  const columns = body.split(';').flatMap((part) => {
    const found = /^\s*(\w+): ([\s\S]+)$/.exec(part);
    return found ? [[found[1]!, columnOf(found[2]!.trim())] as const] : [];
  });
  return Object.fromEntries(columns);
}

function columnOf(type: string): Column {
  const nullable = / \| null$/.test(type) || type.startsWith('NullableJson');
  const inner = type.replace(/ \| null$/, '').replace(/^Generated<(.*)>$/, '$1');
  const generated = type.startsWith('Generated') || /^(DefaultTimestamp|Identity)$/.test(inner);
  const name = inner.replace(/<[\s\S]*$/, '');
  return { types: SQL_TYPES[name] ?? TEXT, nullable, generated };
}
