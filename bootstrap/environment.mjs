/** What a running `hydra up` gave its parts, for other commands of the same folder. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readHolder } from './lock.mjs';
import { DATA } from './places.mjs';
import { isSameProcess } from './processes.mjs';

/** Whether the product runs here, and has come up. */
export function isUp(data = DATA) {
  const holder = readHolder(join(data, 'up.lock'));
  return holder !== null && holder.note !== null && isSameProcess(holder.pid, holder.began);
}

/** @returns {Record<string, string>} empty where nothing runs */
export function runningEnvironment(data = DATA) {
  const file = join(data, 'environment.json');
  return isUp(data) && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}
