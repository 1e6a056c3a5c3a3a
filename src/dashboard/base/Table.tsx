import type { ReactNode } from 'react';

export type Column<Row> = {
  /** What heads it; on a narrow page it stands beside each value. */
  title: string;
  cell: (row: Row) => ReactNode;
  number?: boolean;
  /** The title is for screen readers alone: a column of buttons. */
  untitled?: boolean;
};
type Props<Row> = {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  foot?: ReactNode;
};

export function Table<Row>({ caption, columns, rows, keyOf, foot }: Props<Row>) {
  return (
    <table className="table folds">
      <caption className="hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, number, untitled }) => (
            <th key={title} scope="col" className={number ? 'number' : undefined}>
              {untitled ? <span className="hidden">{title}</span> : title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ title, cell, number, untitled }) => (
              <td key={title} className={number ? 'number' : undefined} data-label={untitled ? undefined : title}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
      {foot && <tfoot>{foot}</tfoot>}
    </table>
  );
}
