import { type AnyDatabase, run } from './isolation.ts';

/**
 * What the latest step dealt with. A step may be stored and its end never reach the workflow's history; its next try
 * then finds here which messages are done, and which calls to the outside still have to be made.
 */
export const up = (db: AnyDatabase): Promise<void> =>
  run(
    db,
    `
    alter table subscriptions add column last_step jsonb not null default '{"taken": [], "outside": []}';
    alter table subscriptions alter column last_step drop default;
    `,
  );
