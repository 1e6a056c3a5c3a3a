import { isUtf8 } from 'node:buffer';

/** Null where it is none. Neither the text nor the parser's message, which quotes it, goes any further. */
export function parseObject(body: Buffer): Record<string, unknown> | null {
  if (!isUtf8(body)) return null;
  try {
    const value: unknown = JSON.parse(body.toString());
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
