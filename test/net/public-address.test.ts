import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createOutgoing } from '../../src/net/outgoing.ts';
import { isPublicAddress } from '../../src/net/public-address.ts';

test.each(['1.1.1.1', '8.8.8.8', '93.184.216.34', '172.32.0.1', '2606:4700:4700::1111', '2a00:1450:4001::1'])(
  '%s is public',
  (address) => expect(isPublicAddress(address)).toBe(true),
);

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '192.0.0.192',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:8.8.8.8',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::a00:1',
  'fe80::1',
  'fe80::1%eth0',
  'fc00::1',
  'fd00:ec2::254',
  'ff02::1',
  '2002:7f00:1::1',
  '2001::1',
  '2001:db8::1',
  'localhost',
  '',
])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false));

describe('what is sent out', () => {
  const outgoing = (loopback: boolean) => {
    const made = createOutgoing({ loopback, timeoutMs: 500 });
    onTestFinished(() => made.close());
    return made;
  };

  test.each([
    'http://example.com/',
    'ftp://example.com/',
    'https://user:word@example.com/',
    'https://example.com/#part',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://localhost/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[fd00:ec2::254]/',
    'https://169.254.169.254/latest/meta-data',
    'http://127.0.0.1:3000/',
    'nowhere',
  ])('nothing to %s', (url) => expect(outgoing(false).objection(url)).not.toBeNull());

  test('to what is public, and to this machine where that is allowed', () => {
    expect(outgoing(false).objection('https://app.example.com:8443/hooks?a=b')).toBeNull();
    expect(outgoing(true).objection('http://127.0.0.1:3000/')).toBeNull();
    expect(outgoing(true).objection('http://10.0.0.1/')).not.toBeNull();
    expect(outgoing(true).objection('https://10.0.0.1/')).not.toBeNull();
  });

  test('a name is judged by what it says when it is used', async () => {
    expect(await outgoing(false).post('https://localhost.localdomain/', '{}', {})).toEqual({
      status: null,
      trouble: expect.stringMatching(/^(address_not_public|enotfound|eai_again)$/),
    });
    expect(await outgoing(false).post('https://127.0.0.1/', '{}', {})).toEqual({
      status: null,
      trouble: 'address_not_allowed',
    });
  });

  async function listening(answer: Parameters<typeof createServer>[1]): Promise<string> {
    const server = createServer(answer as never);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  test('a redirect is an answer, and is not followed', async () => {
    let asked = 0;
    const url = await listening(((_request: never, response: { writeHead: (...a: unknown[]) => { end(): void } }) => {
      asked++;
      response.writeHead(307, { location: '/elsewhere', 'retry-after': '7' }).end();
    }) as never);
    expect(await outgoing(true).post(url, '{}', {})).toEqual({ status: 307, retryAfterMs: 7_000 });
    expect(asked).toBe(1);
  });

  test('who never answers, or never ends, is not waited for', async () => {
    const silent = await listening((() => {}) as never);
    expect(await outgoing(true).post(silent, '{}', {})).toEqual({ status: null, trouble: 'timeout' });
    const endless = await listening(((_request: never, response: { write(s: string): void; destroyed: boolean }) => {
      const more = setInterval(
        () => (response.destroyed ? clearInterval(more) : response.write('x'.repeat(50_000))),
        1,
      );
    }) as never);
    expect(await outgoing(true).post(endless, '{}', {})).toMatchObject({ status: 200 });
  });

  test('nobody there is a trouble, by its name', async () => {
    expect(await outgoing(true).post('http://127.0.0.1:1/', '{}', {})).toEqual({
      status: null,
      trouble: 'econnrefused',
    });
  });
});
