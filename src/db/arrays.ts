/** Arrays as Postgres reads them. The driver would quote and copy element by element, which for a batch takes long. */

export const numbers = (values: readonly number[]): string => `{${values.join(',')}}`;

export const texts = (values: readonly (string | null)[]): string => scalars(values);

export const scalars = (values: readonly (string | number | boolean | null)[]): string =>
  `{${values.map(scalar).join(',')}}`;

const SPECIAL = /["\\]/;

function scalar(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return value === null ? 'NULL' : String(value);
  return `"${SPECIAL.test(value) ? escaped(value) : value}"`;
}

const escaped = (value: string): string => value.replaceAll(/["\\]/g, '\\$&');
