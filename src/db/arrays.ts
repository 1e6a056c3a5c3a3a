/** Arrays as Postgres reads them. The driver would quote and copy element by element, which for a batch takes long. */

export const numbers = (values: readonly number[]): string => `{${values.join(',')}}`;

const SPECIAL = /["\\]/;

export function texts(values: readonly (string | null)[]): string {
  const quoted = values.map((value) => (value === null ? 'NULL' : `"${SPECIAL.test(value) ? escaped(value) : value}"`));
  return `{${quoted.join(',')}}`;
}

const escaped = (value: string): string => value.replaceAll(/["\\]/g, '\\$&');
