/** The version that the official client of this repository pins. */
export const API_VERSION = '2026-10-28.endive';
