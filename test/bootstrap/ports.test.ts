import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { anyFreePort, claimPort, isFree, nextFreePort } from '../../bootstrap/ports.mjs';

test('a busy port moves to the next free one', async () => {
  const busy = await anyFreePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(busy, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  expect(await isFree(busy)).toBe(false);
  expect(await nextFreePort(busy)).toBeGreaterThan(busy);
});

test('a free port is kept, unless it is promised to another', async () => {
  const port = await anyFreePort();
  expect(await nextFreePort(port)).toBe(port);
  expect(await nextFreePort(port, [port])).toBeGreaterThan(port);
});

test('a port that was claimed and is not listened on yet goes to nobody else', async () => {
  const port = await anyFreePort();
  expect(await claimPort(port)).toBe(port);
  expect(await claimPort(port)).toBeGreaterThan(port);
});
