const UNITS = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** “in 12 days”, from the one moment to the other. Below two of a unit the next smaller one says more. */
export function countdown(from: string | number, to: string): string {
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  const away = Date.parse(to) - new Date(from).getTime();
  for (const [unit, ms] of UNITS) if (Math.abs(away) >= 2 * ms) return format.format(Math.trunc(away / ms), unit);
  return format.format(Math.round(away / 1_000), 'second');
}
