/** The lines of an invoice, or of what a change would cost: the same table, so that one can be held against the other. */

import type { Schemas } from '../api/client.ts';
import { DateTime } from '../base/DateTime.tsx';
import { formatUnitPrice } from '../base/format.ts';
import { Money } from '../base/Money.tsx';
import { type Column, Table } from '../base/Table.tsx';
import { useReader } from '../base/words.ts';
import { useWords } from './words.ts';

type Line = Schemas['InvoiceLine'];
type Sums = Pick<Schemas['Invoice'], 'subtotal' | 'discount' | 'tax' | 'total' | 'creditApplied' | 'amountDue'>;

export function Lines({ lines, sums, caption }: { lines: readonly Line[]; sums: Sums; caption: string }) {
  const words = useWords();
  const { locale } = useReader();
  const columns: Column<Line>[] = [
    {
      title: words.description,
      cell: ({ description, period }) => (
        <span>
          {description}
          {period && (
            <span className="small soft period">
              <DateTime at={period.from} /> – <DateTime at={period.to} />
            </span>
          )}
        </span>
      ),
    },
    { title: words.quantity, number: true, cell: ({ quantity }) => quantity },
    {
      title: words.unitPrice,
      number: true,
      cell: ({ unitPrice, amount }) => (unitPrice === null ? '–' : formatUnitPrice(unitPrice, amount.currency, locale)),
    },
    { title: words.amount, number: true, cell: ({ amount }) => <Money of={amount} /> },
  ];
  const rows = [
    { title: words.subtotal, of: sums.subtotal, shown: sums.subtotal.amount !== sums.total.amount },
    {
      title: words.discount,
      of: { ...sums.discount, amount: -sums.discount.amount },
      shown: sums.discount.amount !== 0,
    },
    { title: words.tax, of: sums.tax, shown: sums.tax.amount !== 0 },
    { title: words.total, of: sums.total, shown: true, sum: true },
    {
      title: words.creditApplied,
      of: { ...sums.creditApplied, amount: -sums.creditApplied.amount },
      shown: sums.creditApplied.amount !== 0,
    },
    { title: words.amountDue, of: sums.amountDue, shown: sums.amountDue.amount !== sums.total.amount, sum: true },
  ].filter(({ shown }) => shown);
  const keys = new Map(lines.map((line, i) => [line, String(i)]));
  return (
    <Table
      caption={caption}
      columns={columns}
      rows={lines}
      keyOf={(line) => keys.get(line)!}
      foot={rows.map(({ title, of, sum }) => (
        <tr key={title} className={sum ? 'sum' : undefined}>
          <td colSpan={3} className="foot">
            {title}
          </td>
          <td className="number">
            <Money of={of} />
          </td>
        </tr>
      ))}
    />
  );
}
