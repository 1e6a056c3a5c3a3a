import pc from 'picocolors';

export type Output = { json?: boolean };

/** One JSON value for programs, or lines for people. */
export function print({ json }: Output, value: unknown, lines: () => readonly string[]): void {
  console.log(json ? JSON.stringify(value, null, 2) : lines().join('\n'));
}

export const dim = pc.dim;
export const bold = pc.bold;
export const red = pc.red;
export const green = pc.green;

export const shortTime = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
export const yellow = pc.yellow;
