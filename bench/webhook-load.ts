/** Sends what was written before the clock began, over connections that stay open: it must cost less than what it measures. */
import { connect, type Socket } from 'node:net';

export type Load = {
  /** Milliseconds until each was answered, in order; an answer other than 200 is an error. */
  send(requests: readonly Buffer[]): Promise<number[]>;
  /** So many a second, whatever the answers take; tells when each was answered. */
  pace(requests: readonly Buffer[], perSecond: number): Promise<number[]>;
  close(): void;
};

export async function openLoad(port: number, connections = 32): Promise<Load> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));

  /** Each connection takes the next that is due when it has its answer. */
  async function each(requests: readonly Buffer[], done: (i: number) => void, dueAt: (i: number) => number) {
    let next = 0;
    await Promise.all(
      sockets.map(async (socket) => {
        while (next < requests.length) {
          const i = next++;
          const early = dueAt(i) - performance.now();
          if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
          await post(socket, requests[i]!, () => done(i));
        }
      }),
    );
  }

  return {
    async send(requests) {
      const took: number[] = new Array(requests.length);
      const sent: number[] = new Array(requests.length);
      await each(
        requests,
        (i) => {
          took[i] = performance.now() - sent[i]!;
        },
        (i) => {
          sent[i] = performance.now();
          return 0;
        },
      );
      return took;
    },
    async pace(requests, perSecond) {
      const answered: number[] = new Array(requests.length);
      const began = performance.now();
      await each(
        requests,
        (i) => {
          answered[i] = performance.now();
        },
        (i) => began + (i / perSecond) * 1_000,
      );
      return answered;
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.setEncoding('latin1').once('error', reject);
  });

const WHOLE = /^HTTP\/1\.1 (\d{3})[\s\S]*?\r\n\r\n([\s\S]*)$/;
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i;

function post(socket: Socket, request: Buffer, answered: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) return reject(new Error('the connection is closed'));
    let answer = '';
    const end = (error?: Error) => {
      socket.off('data', take).off('close', gone);
      if (error) return reject(error);
      answered();
      resolve();
    };
    const gone = () => end(new Error('the connection was closed'));
    const take = (text: string) => {
      answer += text;
      const [, status, body = ''] = WHOLE.exec(answer) ?? [];
      if (status === undefined) return;
      const length = LENGTH.exec(answer)?.[1];
      const isWhole = length === undefined ? body.endsWith('0\r\n\r\n') : body.length >= Number(length);
      if (isWhole) end(status === '200' ? undefined : new Error(`answered ${status}: ${body}`));
    };
    socket.on('data', take).on('close', gone).write(request);
  });
}
