/** A service of somebody else, on this machine: it answers what the test tells it to. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Answer = { status?: number; body?: unknown; text?: string; afterMs?: number };
export type FakeService = {
  url: string;
  /** What it was asked, the oldest first. */
  asked: unknown[];
  answer: Answer;
  stop(): Promise<void>;
};

export async function startService(answer: Answer = {}): Promise<FakeService> {
  const service: FakeService = { url: '', asked: [], answer, stop: async () => {} };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      service.asked.push(JSON.parse(Buffer.concat(chunks).toString()));
      const { status = 200, body, text = JSON.stringify(body ?? {}), afterMs = 0 } = service.answer;
      setTimeout(() => response.writeHead(status, { 'content-type': 'application/json' }).end(text), afterMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ask`;
  service.stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return service;
}
