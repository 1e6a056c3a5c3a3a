/**
 * A run of invoices: three lines (a plan, an add-on, what was used), taxes of two authorities, and a part paid by credit,
 * so four transfers in the ledger. Through the product's path for many at once, beside code that goes row by row (as is
 * usual), and beside the bare insert of the same rows.
 */
import pg from 'pg';
import type { Issued } from '../src/db/commit/invoices.ts';
import { commit } from '../src/db/commit.ts';
import { bulkIssuer } from '../src/db/issue-in-bulk.ts';
import { bulkPoster } from '../src/db/post-in-bulk.ts';
import { verifyLedger } from '../src/db/verify-ledger.ts';
import type { InvoiceId, SubscriptionId } from '../src/domain/ids.ts';
import { type Invoice, type InvoiceLine, sumsOf } from '../src/domain/invoice.ts';
import { creditGranted } from '../src/domain/ledger.ts';
import { taxed } from '../src/domain/tax.ts';
import { step } from '../test/db/support.ts';
import { draft, subscribe } from '../test/domain/builders.ts';
import { type Benchmark, interleaved, type Log, median, type Result, ROUNDS, range, rate, ratios } from './bench.ts';
import { type Books, customerOf, openBooks, SCOPE, START, withPostgres } from './postgres.ts';

const CUSTOMERS = 200;
const SIZES = [1_000, 10_000, 100_000];
const BATCH = 500;
const CONNECTIONS = 2;
const CREDIT = 100;
const LEAST_RATE = 2_000;
const LEAST_OF_CEILING = 0.4;
const STRAIGHT = 0.15;

const RATES = {
  treatment: 'taxed',
  note: null,
  rates: {
    standard: [
      { jurisdiction: 'US-NY', name: 'State', percent: '4' },
      { jurisdiction: 'US-NY-NYC', name: 'City', percent: '4.5' },
    ],
    reduced: [],
    exempt: [],
  },
} as const;

export const invoiceRun: Benchmark = {
  name: 'invoice.run',
  run: (log) =>
    withPostgres(async (server) => {
      const books = await openBooks(server, 'ours', CUSTOMERS);
      const clients = Array.from({ length: CONNECTIONS }, () => new pg.Client({ connectionString: books.url }));
      await Promise.all(clients.map((client) => client.connect()));
      try {
        await subscribeAll(books);
        await makeTables(clients[0]!);
        const issue = bulkIssuer(books.db);
        let issued = 0;
        const runs = [];
        for (const size of SIZES) {
          // A run of the largest size is made of its rounds; of the others each round is one.
          const count = size === SIZES.at(-1) ? Math.ceil(size / ROUNDS) : size;
          const seen = await interleaved({
            ours: () => {
              const invoices = someInvoices(count);
              return rate(count, async () => {
                const answers = await issue(SCOPE, invoices);
                issued += answers.filter((answer) => answer === 'posted').length;
              });
            },
            ceiling: () => insertAll(clients, someInvoices(Math.min(count, 4_000))),
            peer: () => rowByRow(clients, someInvoices(60)),
          });
          log(`${size}: ${Math.round(median(seen.ours))} invoices/s`);
          runs.push({ size, seen });
        }
        const correct = await isRight(books, clients[0]!, issued, log);
        const ofCeiling = runs.map(({ seen }) => ratios(seen.ours, seen.ceiling));
        return runs.map(({ size, seen }, i) => resultOf(size, seen, ofCeiling[i]!, median(ofCeiling[0]!), correct));
      } finally {
        await Promise.all(clients.map((client) => client.end()));
        await books.close();
      }
    }),
};

function resultOf(
  size: number,
  seen: Record<'ours' | 'ceiling' | 'peer', number[]>,
  toCeiling: readonly number[],
  ofSmallest: number,
  correct: boolean,
): Result {
  const straight = median(toCeiling) >= ofSmallest * (1 - STRAIGHT);
  return {
    name: `invoice.run.${size / 1_000}k`,
    unit: 'invoices/s',
    ...{ ours: median(seen.ours), peer: median(seen.peer), ceiling: median(seen.ceiling) },
    ratioToPeer: median(ratios(seen.ours, seen.peer)),
    ratioToCeiling: median(toCeiling),
    spread: range(toCeiling),
    aim: `≥ ${LEAST_RATE}/s, ≥ ${LEAST_OF_CEILING} of the ceiling, and no more than 15 % less of it than a run of 1k (the peer goes row by row)`,
    met: median(seen.ours) >= LEAST_RATE && median(toCeiling) >= LEAST_OF_CEILING && straight,
    correct,
  };
}

const subscriptionOf = (n: number): SubscriptionId => `sub_${n}`;

async function subscribeAll({ db }: Books): Promise<void> {
  const credit = await bulkPoster(db)(
    SCOPE,
    Array.from({ length: CUSTOMERS }, (_, n) => ({
      ...creditGranted(10 ** 10, { customer: customerOf(n), subscription: null, currency: 'usd', at: START }),
      key: `credit/${n}`,
    })),
  );
  if (credit.some((answer) => answer !== 'posted')) throw new Error('no credit to pay with');
  for (let n = 0; n < CUSTOMERS; n++) {
    const state = draft({ ...SCOPE, id: subscriptionOf(n), customer: customerOf(n), createdAt: START });
    await commit(db, step(state, [subscribe(), START]));
  }
}

const NOBODY = { seller: null, buyer: null };
let made = 0;
const someInvoices = (count: number): Issued[] =>
  Array.from({ length: count }, () => {
    const n = made++;
    const customer = n % CUSTOMERS;
    return {
      subscription: subscriptionOf(customer),
      customer: customerOf(customer),
      timeZone: 'UTC',
      invoice: invoiceOf(n),
      parties: NOBODY,
    };
  });

function invoiceOf(n: number): Invoice {
  const used = 1 + (n % 997);
  const period = { from: '2027-01-01', to: '2027-02-01' } as const;
  const plain: InvoiceLine[] = [
    { ...line('Pro', 5, '3000', 15_000), period },
    { ...line('Backup', 1, '500', 500), period },
    line(`${used} calls`, used, '2', 2 * used),
  ];
  const lines = taxed(plain, RATES);
  const sums = sumsOf(lines);
  return {
    ...{ id: `inv_run_${n}` as InvoiceId, currency: 'usd', lines, ...sums },
    ...{ creditApplied: CREDIT, amountDue: sums.total - CREDIT, issuedAt: START, dueAt: START },
    ...{ collect: 'charge', purchaseOrder: null, taxNote: null },
  };
}

const line = (description: string, quantity: number, unitPrice: string, amount: number): InvoiceLine => ({
  ...{ description, quantity, unitPrice, amount, period: null, proration: null, product: 'app' },
});

/** The same columns and indexes, and nothing that is checked or looked up. */
const TABLES = ['invoices', 'invoice_lines', 'ledger_transactions', 'ledger_entries', 'ledger_balances'] as const;
type Made = 'ceiling' | 'peer';

async function makeTables(client: pg.Client): Promise<void> {
  for (const made of ['ceiling', 'peer'] satisfies Made[]) {
    for (const table of TABLES) {
      await client.query(
        `create table ${made}_${table} (like ${table} including defaults including indexes including identity)`,
      );
    }
  }
}

const columnsOf = {
  invoices: `tenant_id, mode, id, subscription_id, customer_id, series, sequence, number, state, currency, subtotal,
    discount, tax, tax_included, total, credit_applied, amount_due, amount_paid, collect, issued_at, due_at`,
  invoice_lines: `tenant_id, mode, invoice_id, ordinal, description, quantity, unit_price, amount, period_from, period_to,
    discount, discounts, tax, taxes, product, tax_category, tax_inclusive, carried`,
  ledger_transactions: 'tenant_id, mode, id, key, kind, subscription_id, at, entry_count',
  ledger_entries: 'tenant_id, mode, transaction_id, account_id, currency, amount',
  ledger_balances: 'account_id, tenant_id, mode, account_code, account_owner, currency, amount',
};

type Row = (string | number | boolean | null)[];
type Rows = Record<(typeof TABLES)[number], Row[]>;

let numbered = 0;

function rowsOf(issued: readonly Issued[]): Rows {
  const { tenant, mode } = SCOPE;
  const at = new Date(START).toISOString();
  const rows: Rows = {
    invoices: [],
    invoice_lines: [],
    ledger_transactions: [],
    ledger_entries: [],
    ledger_balances: [],
  };
  const deltas = new Map<number, number>();
  for (const { subscription, customer, invoice } of issued) {
    const sequence = ++numbered;
    const { id, subtotal, discount, tax, taxIncluded, total, creditApplied, amountDue } = invoice;
    rows.invoices.push([
      ...[
        tenant,
        mode,
        id,
        subscription,
        customer,
        'INV',
        sequence,
        `INV-${sequence}`,
        'open',
        'usd',
        subtotal,
        discount,
      ],
      ...[tax, taxIncluded, total, creditApplied, amountDue, 0, 'charge', at, at],
    ]);
    const taxes = new Map<string, number>();
    invoice.lines.forEach((line, ordinal) => {
      for (const each of line.taxes ?? [])
        taxes.set(each.jurisdiction, (taxes.get(each.jurisdiction) ?? 0) + each.amount);
      rows.invoice_lines.push([
        ...[tenant, mode, id, ordinal, line.description, line.quantity, line.unitPrice, line.amount],
        ...[
          line.period?.from ?? null,
          line.period?.to ?? null,
          0,
          '[]',
          sumsOf([line]).tax,
          JSON.stringify(line.taxes),
        ],
        ...['app', 'standard', false, false],
      ]);
    });
    const owner = Number(customer.slice(4));
    const [first, second] = [...taxes.values()];
    const transfers = [
      [2 * sequence, 1, subtotal],
      [2 * sequence, 2, first!],
      [2 * sequence, 3, second!],
      [2 * sequence + 1, 10_000 + owner, creditApplied],
    ] as const;
    rows.ledger_transactions.push(
      [tenant, mode, 2 * sequence, `invoice/${id}`, 'invoice_issued', subscription, at, 6],
      [tenant, mode, 2 * sequence + 1, `credit/${id}`, 'credit_applied', subscription, at, 2],
    );
    for (const [transaction, account, amount] of transfers) {
      for (const [to, delta] of [
        [account, -amount],
        [1_000 + owner, amount],
      ] as const) {
        rows.ledger_entries.push([tenant, mode, transaction, to, 'usd', delta]);
        deltas.set(to, (deltas.get(to) ?? 0) + delta);
      }
    }
  }
  for (const [account, amount] of [...deltas].sort(([a], [b]) => a - b)) {
    rows.ledger_balances.push([account, tenant, mode, 'cash', '', 'usd', amount]);
  }
  return rows;
}

const upsert = (made: Made): string =>
  `on conflict (account_id) do update set amount = ${made}_ledger_balances.amount + excluded.amount`;

const types: Record<string, string> = {};
async function typeOf(client: pg.Client, table: string): Promise<string[]> {
  const names = columnsOf[table as keyof typeof columnsOf].split(',').map((name) => name.trim());
  if (!types[table]) {
    const { rows } = await client.query(
      `select attname, format_type(atttypid, null) as type from pg_attribute where attrelid = $1::regclass and attnum > 0`,
      [table],
    );
    for (const { attname, type } of rows) types[`${table}.${attname}`] = type === 'minor_units' ? 'numeric' : type;
    types[table] = 'known';
  }
  return names.map((name) => types[`${table}.${name}`]!);
}

async function insertAll(clients: readonly pg.Client[], issued: readonly Issued[]): Promise<number> {
  const statements = new Map<string, string>();
  for (const table of TABLES) {
    const columns = await typeOf(clients[0]!, table);
    statements.set(
      table,
      `insert into ceiling_${table} (${columnsOf[table]}) ${table.startsWith('ledger_b') ? '' : 'overriding system value'}
       select * from unnest(${columns.map((type, i) => `$${i + 1}::${type}[]`).join(', ')})
       ${table === 'ledger_balances' ? upsert('ceiling') : ''}`,
    );
  }
  const batches: Rows[] = [];
  for (let from = 0; from < issued.length; from += BATCH) batches.push(rowsOf(issued.slice(from, from + BATCH)));
  return rate(issued.length, async () => {
    await Promise.all(
      clients.map(async (client) => {
        for (let rows = batches.shift(); rows; rows = batches.shift()) {
          await client.query('begin');
          for (const table of TABLES) {
            const values = rows[table][0]!.map((_, column) => rows[table].map((row) => row[column]));
            await client.query({ name: `ceiling_${table}`, text: statements.get(table)!, values });
          }
          await client.query('commit');
        }
      }),
    );
  });
}

function rowByRow(clients: readonly pg.Client[], issued: readonly Issued[]): Promise<number> {
  return rate(issued.length, async () => {
    let next = 0;
    await Promise.all(
      clients.map(async (client) => {
        while (next < issued.length) {
          const rows = rowsOf([issued[next++]!]);
          await client.query('begin');
          for (const table of TABLES) {
            for (const row of rows[table]) {
              const text = `insert into peer_${table} (${columnsOf[table]})
                ${table === 'ledger_balances' ? '' : 'overriding system value'} values (${row.map((_, i) => `$${i + 1}`).join(', ')})
                ${table === 'ledger_balances' ? upsert('peer') : ''}`;
              await client.query({ name: `peer_${table}`, text, values: row });
            }
          }
          await client.query('commit');
        }
      }),
    );
  });
}

/** Each has its number, without a gap, its lines and its postings; what customers owe is what was billed. */
async function isRight({ db }: Books, client: pg.Client, issued: number, log: Log): Promise<boolean> {
  const { differences } = await verifyLedger(db);
  const { rows } = await client.query(`
    select count(*)::int as invoices, (max(sequence) - min(sequence) + 1)::int as numbers, sum(amount_due) as due,
      (select count(*)::int from invoice_lines where invoice_id like 'inv_run_%') as lines,
      (select sum(entry.amount) from ledger_entries as entry
        join ledger_transactions as transaction on transaction.id = entry.transaction_id
        join ledger_accounts as account on account.id = entry.account_id and account.code = 'receivable'
        where transaction.key like '%/inv_run_%') as owed
    from invoices where id like 'inv_run_%'`);
  const { invoices, numbers, due, lines, owed } = rows[0];
  log(`${invoices} invoices, ${lines} lines, ${differences.length} differences, ${owed} owed of ${due} due`);
  return (
    issued > 0 &&
    invoices === issued &&
    numbers === issued &&
    lines === 3 * issued &&
    due === owed &&
    differences.length === 0
  );
}
