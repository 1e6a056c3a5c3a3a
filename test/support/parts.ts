/** Which parts of the run the selected tests use, so that tests of the pure core don't wait for servers. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const SIGN = /inject\(['"](pgUrl|temporalAddress|workflowBundlePath)['"]\)/g;
const RELATIVE_IMPORT = /(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g;

/** Follows the imports of the files, and collects what they `inject`. */
export function partsUsedBy(files: readonly string[]): Set<string> {
  const parts = new Set<string>();
  const seen = new Set<string>();
  const open = [...files];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file) || !existsSync(file) || !statSync(file).isFile()) continue;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, part] of text.matchAll(SIGN)) if (part) parts.add(part);
    for (const [, path] of text.matchAll(RELATIVE_IMPORT)) if (path) open.push(resolve(dirname(file), path));
  }
  return parts;
}
