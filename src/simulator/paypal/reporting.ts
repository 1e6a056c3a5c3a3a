/** The list of all that moved money, by time. */
import { invalid } from './errors.ts';
import { nothing, ok, type Route, route } from './route.ts';
import type { Capture, Money, Refund } from './tables.ts';

const LONGEST_MS = 31 * 86_400_000;
const STATUS = {
  COMPLETED: 'S',
  PARTIALLY_REFUNDED: 'S',
  REFUNDED: 'S',
  PENDING: 'P',
  DECLINED: 'D',
  FAILED: 'D',
} as const;

export const reportingRoutes: Route[] = [
  route('GET', '/v1/reporting/transactions', nothing, (call, { query }) => {
    const [from, to] = [Date.parse(query.get('start_date') ?? ''), Date.parse(query.get('end_date') ?? '')];
    if (!(from <= to)) throw invalid('/start_date', 'A start and an end are required.');
    if (to - from > LONGEST_MS) throw invalid('/end_date', 'The range is longer than 31 days.', 'INVALID_DATE_RANGE');
    const size = Math.min(500, Number(query.get('page_size') ?? 100));
    const page = Math.max(1, Number(query.get('page') ?? 1));
    const rows = [
      ...[...call.store.all('capture')].map((row) => ({ row, code: 'T0006', status: STATUS[row.status], sign: '' })),
      ...[...call.store.all('refund')].map((row) => ({
        ...{ row, code: 'T1107', status: row.status === 'COMPLETED' ? 'S' : 'P', sign: '-' },
      })),
    ].filter(({ row }) => from <= Date.parse(row.create_time) && Date.parse(row.create_time) <= to);
    const shown = rows.slice((page - 1) * size, page * size).map(({ row, code, status, sign }) => ({
      transaction_info: info(row, code, status, sign),
    }));
    const total_pages = Math.max(1, Math.ceil(rows.length / size));
    return ok({ transaction_details: shown, total_items: rows.length, total_pages, page });
  }),
];

const signed = (sign: string, { value, currency_code }: Money): Money => ({ value: sign + value, currency_code });

const info = (row: Capture | Refund, code: string, status: string, sign: string): object => ({
  transaction_id: row.id,
  transaction_event_code: code,
  transaction_initiation_date: row.create_time,
  transaction_updated_date: row.update_time,
  transaction_amount: signed(sign, row.amount),
  transaction_status: status,
  ...(row.invoice_id !== undefined && { invoice_id: row.invoice_id }),
  ...(row.custom_id !== undefined && { custom_field: row.custom_id }),
});
