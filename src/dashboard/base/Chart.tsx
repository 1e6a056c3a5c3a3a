/** Bars or lines, drawn by ourselves. What they show stands below as a table, and no colour is needed to read them. */
import { useId } from 'react';
import { useReader } from './words.ts';

export type Series = { name: string; values: readonly number[] };
type Props = {
  title: string;
  /** One for each value, in their order. */
  labels: readonly string[];
  series: readonly [Series, ...Series[]];
  kind?: 'bars' | 'lines';
  /** A level to compare with: what is included, say. */
  limit?: { name: string; value: number };
  format: (value: number) => string;
};

const WIDTH = 640;
const HEIGHT = 200;
const LEFT = 56;
const BOTTOM = 24;
const TOP = 12;

export function Chart({ title, labels, series, kind = 'bars', limit, format }: Props) {
  const { words } = useReader();
  const id = useId();
  const most = niceTop(Math.max(0, limit?.value ?? 0, ...series.flatMap(({ values }) => values)));
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / most);
  const step = (WIDTH - LEFT) / Math.max(1, labels.length);
  const x = (i: number) => LEFT + step * (i + 0.5);
  const every = Math.ceil(labels.length / 8);
  return (
    <figure className="chart stack tight">
      {series.length > 1 && (
        <div className="legend" aria-hidden="true">
          {series.map(({ name }, i) => (
            <span key={name}>
              {i === 0 ? '━' : '┅'} {name}
            </span>
          ))}
        </div>
      )}
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby={id}>
        <title id={id}>{title}</title>
        {[0, most / 2, most].map((value) => (
          <g key={value}>
            <line className="grid" x1={LEFT} x2={WIDTH} y1={y(value)} y2={y(value)} />
            <text x={LEFT - 8} y={y(value) + 4} textAnchor="end">
              {format(value)}
            </text>
          </g>
        ))}
        {kind === 'bars'
          ? series[0].values.map((value, i) => (
              <rect
                key={labels[i]}
                className="bar"
                x={x(i) - step * 0.34}
                width={step * 0.68}
                y={y(value)}
                height={y(0) - y(value)}
                rx="2"
              >
                <title>{`${labels[i]}: ${format(value)}`}</title>
              </rect>
            ))
          : series.map(({ name, values }, i) => (
              <polyline
                key={name}
                className={i === 0 ? 'line' : 'line second'}
                points={values.map((value, at) => `${x(at)},${y(value)}`).join(' ')}
              />
            ))}
        {limit && (
          <g>
            <line className="limit" x1={LEFT} x2={WIDTH} y1={y(limit.value)} y2={y(limit.value)} />
            <text x={WIDTH} y={y(limit.value) - 5} textAnchor="end">
              {limit.name}
            </text>
          </g>
        )}
        {labels.map((label, i) =>
          i % every === 0 ? (
            <text key={label} x={x(i)} y={HEIGHT - 6} textAnchor="middle">
              {label}
            </text>
          ) : null,
        )}
      </svg>
      <details>
        <summary className="small">{words.asTable}</summary>
        <table className="table">
          <caption>{title}</caption>
          <thead>
            <tr>
              <th scope="col">
                <span className="hidden">{title}</span>
              </th>
              {series.map(({ name }) => (
                <th key={name} scope="col" className="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {labels.map((label, i) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                {series.map(({ name, values }) => (
                  <td key={name} className="number">
                    {format(values[i] ?? 0)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

/** The next of 1, 2, 5 times a power of ten: a scale that one can read. */
function niceTop(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((each) => each * power >= value) ?? 10) * power;
}
