import { type AnyDatabase, run } from './isolation.ts';

/**
 * What a processor's event claims is read back before it counts, where its signature alone proves too little; the id of
 * its delivery is unique there. A method may have a name at the processor that is kept sealed.
 */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    alter table inbox
      add column transmission_id text,
      add column claim jsonb,
      add column confirmed_at timestamptz;
    create unique index inbox_one_transmission on inbox (provider, account, mode, transmission_id)
      where transmission_id is not null;
    create index on inbox (next_try_at, seq)
      where claim is not null and confirmed_at is null and state in ('received', 'parked');

    alter table payment_methods add column sealed_reference text;
    `,
  );
}
