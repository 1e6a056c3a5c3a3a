import { type AnyDatabase, run } from './isolation.ts';

/** From lines to what is due: discounts, taxes, drafts, and how an invoice is to be paid. */
export async function up(db: AnyDatabase): Promise<void> {
  await run(
    db,
    `
    alter table invoices
      alter column series drop not null,
      alter column sequence drop not null,
      alter column number drop not null,
      add column tax_included minor_units not null default 0,
      add column collect text not null default 'charge' check (collect in ('charge', 'send')),
      add column purchase_order text,
      add column tax_note text,
      add column finalise_at timestamptz,
      add column draft_lines jsonb,
      drop constraint invoices_check,
      add constraint total_of_its_parts check (total = subtotal - discount + tax - tax_included),
      add constraint only_drafts_have_no_number check ((state = 'draft') = (number is null)),
      add constraint only_drafts_are_finalised check ((state = 'draft') = (finalise_at is not null)),
      add constraint only_drafts_keep_their_lines check ((state = 'draft') = (draft_lines is not null));
    alter table invoice_lines
      add column discount minor_units not null default 0,
      add column taxes jsonb not null default '[]',
      add column product text,
      add column tax_category text not null default 'standard' check (tax_category in ('standard', 'reduced', 'exempt')),
      add column tax_inclusive boolean not null default false,
      add column earning jsonb,
      add column carried boolean not null default false;
    -- The defaults were for the rows that are there.
    alter table invoices alter column tax_included drop default, alter column collect drop default;
    alter table invoice_lines
      alter column discount drop default,
      alter column taxes drop default,
      alter column tax_category drop default,
      alter column tax_inclusive drop default,
      alter column carried drop default;
    `,
  );
}
