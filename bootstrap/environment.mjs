/** What a running `hydra up` gave its parts, for other commands of the same folder. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readHolder } from './lock.mjs';
import { DATA } from './places.mjs';
import { isSameProcess } from './processes.mjs';

/** @returns {Record<string, string>} empty where nothing runs */
export function runningEnvironment(data = DATA) {
  const holder = readHolder(join(data, 'up.lock'));
  const file = join(data, 'environment.json');
  if (!holder?.note || !isSameProcess(holder.pid, holder.began) || !existsSync(file)) return {};
  return JSON.parse(readFileSync(file, 'utf8'));
}
