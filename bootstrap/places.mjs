/** Where things lie: the checkout, its data, and the user's cache. */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Everything that `hydra up` keeps. Deleting this folder is a fresh start. */
export const DATA = join(ROOT, '.hydra');

/** What is big and the same for every checkout of this user: the Temporal server. */
export function cacheFolder(env = process.env) {
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'hydra-billing');
  if (process.platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'hydra-billing', 'cache');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'hydra-billing');
  return join(homedir(), '.cache', 'hydra-billing');
}
