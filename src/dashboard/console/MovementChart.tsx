/** What came above the line, what went below it, a bar for each month. The parts differ by pattern as well as by colour. */
import { useId } from 'react';
import { formatMoney } from '../base/format.ts';

export type Movement = { label: string; gains: readonly number[]; losses: readonly number[]; closing: number };
type Props = {
  title: string;
  gains: readonly string[];
  losses: readonly string[];
  months: readonly Movement[];
  currency: string;
};

const WIDTH = 720;
const HEIGHT = 240;
const LEFT = 72;
const PLOT = 200;

export function MovementChart({ title, gains, losses, months, currency }: Props) {
  const id = useId();
  const money = (amount: number) => formatMoney({ amount, currency }, 'en');
  const sum = (values: readonly number[]) => values.reduce((all, each) => all + Math.abs(each), 0);
  const up = Math.max(1, ...months.map((each) => sum(each.gains)));
  const down = Math.max(0, ...months.map((each) => sum(each.losses)));
  const scale = PLOT / (up + down);
  const zero = 12 + up * scale;
  const step = (WIDTH - LEFT) / Math.max(1, months.length);
  const every = Math.ceil(months.length / 9);
  const fill = (side: string, i: number) => (i === 0 ? undefined : `url(#${id}${side}${i})`);
  const bars = (values: readonly number[], x: number, side: 'gain' | 'loss') => {
    let at = zero;
    return values.map((value, i) => {
      const height = Math.abs(value) * scale;
      const y = side === 'gain' ? at - height : at;
      at = side === 'gain' ? y : at + height;
      const name = (side === 'gain' ? gains : losses)[i];
      return (
        <rect
          key={name}
          className={i === 0 ? side : undefined}
          x={x}
          y={y}
          width={step * 0.6}
          height={height}
          fill={fill(side, i)}
        >
          <title>{`${name}: ${money(value)}`}</title>
        </rect>
      );
    });
  };
  return (
    <figure className="chart movements stack tight">
      <div className="legend">
        {[
          ...gains.map((name, i) => ['gain', name, i] as const),
          ...losses.map((name, i) => ['loss', name, i] as const),
        ].map(([side, name, i]) => (
          <span key={name}>
            <svg className="key-swatch" viewBox="0 0 14 14" aria-hidden="true">
              <rect className={i === 0 ? side : undefined} width="14" height="14" fill={fill(side, i)} />
            </svg>
            {name}
          </span>
        ))}
      </div>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby={`${id}t`}>
        <title id={`${id}t`}>{title}</title>
        <defs>
          {(['gain', 'loss'] as const).flatMap((side) =>
            [45, 0].map((angle, i) => (
              <pattern
                key={`${side}${angle}`}
                id={`${id}${side}${i + 1}`}
                width="6"
                height="6"
                patternUnits="userSpaceOnUse"
                patternTransform={`rotate(${angle})`}
              >
                <line className={side === 'gain' ? 'hatch' : 'losshatch'} x1="0" y1="0" x2="0" y2="6" />
              </pattern>
            )),
          )}
        </defs>
        {[up, 0, -down].map((value) => (
          <g key={value}>
            <line className="grid" x1={LEFT} x2={WIDTH} y1={zero - value * scale} y2={zero - value * scale} />
            <text x={LEFT - 8} y={zero - value * scale + 4} textAnchor="end">
              {money(value)}
            </text>
          </g>
        ))}
        {months.map((month, i) => (
          <g key={month.label}>
            {bars(month.gains, LEFT + step * (i + 0.2), 'gain')}
            {bars(month.losses, LEFT + step * (i + 0.2), 'loss')}
            {i % every === 0 && (
              <text x={LEFT + step * (i + 0.5)} y={HEIGHT - 6} textAnchor="middle">
                {month.label}
              </text>
            )}
          </g>
        ))}
      </svg>
    </figure>
  );
}
