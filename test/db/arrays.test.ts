import { fc } from '@fast-check/vitest';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { numbers, texts } from '../../src/db/arrays.ts';
import { useDatabase } from './support.ts';

const database = useDatabase();

const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'));

it('are read by Postgres as what they were', async () => {
  const property = fc.asyncProperty(
    fc.array(
      fc.oneof(text, fc.constantFrom('', 'null', 'NULL', '{', '}', '"', '\\', ',', ' a ', '\\"'), fc.constant(null)),
    ),
    fc.array(fc.maxSafeInteger()),
    async (some, whole) => {
      const { rows } = await sql<{ some: unknown; whole: unknown }>`
        select to_json(${texts(some)}::text[]) as some, to_json(${numbers(whole)}::numeric[]) as whole`.execute(
        database.db,
      );
      expect(rows[0]).toEqual({ some, whole: whole.map((value) => value || 0) });
    },
  );
  await fc.assert(property, { numRuns: 200 });
});
