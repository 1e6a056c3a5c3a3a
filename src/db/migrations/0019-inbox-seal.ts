import { type AnyDatabase, run } from './isolation.ts';

/** Who has vouched for an event and our seal on it; when it was replayed; and what is told of events that are dead. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    alter table inbox
      add column verified_by text,
      add column mac_key text,
      add column kept_mac bytea,
      add column replayed_at timestamptz;
    create index on inbox (tenant_id, mode, seq);
    create index on inbox (state) where state in ('parked', 'quarantined', 'dead');

    -- Null where no step of a subscription tells it.
    alter table outbox alter column version drop not null, alter column ordinal drop not null;
    grant insert on outbox to hydra_relay;
    `,
  );
}
