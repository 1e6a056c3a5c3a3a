/** An endpoint of a customer's: takes what comes, or doesn't. */
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Received = {
  id: string;
  body: string;
  event: { id: string; type: string; subscriptionId: string; version: number };
  headers: NodeJS.Dict<string | string[]>;
};

export async function startEndpoint(answer: (got: Received) => number = () => 204) {
  const taken: Received[] = [];
  const seen: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const got = { id: String(request.headers['webhook-id']), body, event: JSON.parse(body), headers: request.headers };
    const status = answer(got);
    seen.push(got);
    if (status < 300) taken.push(got);
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    taken,
    /** Also what was not taken. */
    seen,
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** As the libraries of Standard Webhooks check it. */
export function isSigned({ headers, body }: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const wanted = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  return String(headers['webhook-signature']).split(' ').includes(wanted);
}
