/** Ports: the wanted one, or the next free one. */
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { tryLock } from './lock.mjs';

/** A stale claim is recognised by its holder being gone, so none has to be given back. */
const CLAIMS = join(tmpdir(), `hydra-ports-${userInfo().username}`);

/**
 * Whether nobody listens on the port, neither on the loopback address nor on all addresses.
 * @param {number} port
 */
export async function isFree(port) {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, undefined));
}

/**
 * The wanted port if it is free, else the next free one that nobody else was given.
 * @param {number} wanted
 * @param {Iterable<number>} [taken] ports promised to others that don't listen yet
 */
export async function nextFreePort(wanted, taken = []) {
  const promised = new Set(taken);
  for (let port = wanted; port <= 65_535 && port < wanted + 1000; port += 1) {
    if (!promised.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`No free port between ${wanted} and ${Math.min(wanted + 999, 65_535)}.`);
}

/**
 * The same, and nobody else who asks here gets it while this process lives: what will listen on it takes seconds to come
 * up, and another start may look in that time.
 * @param {number} wanted
 */
export async function claimPort(wanted) {
  const refused = [];
  for (;;) {
    const port = await nextFreePort(wanted, refused);
    if ('lock' in tryLock(join(CLAIMS, String(port)))) return port;
    refused.push(port);
  }
}

/** A port that the system picks: for tests, where several runs meet on one machine. */
export async function anyFreePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function canListen(port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      if (['EADDRINUSE', 'EACCES'].includes(error.code)) resolve(false);
      else reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
