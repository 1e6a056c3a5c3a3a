import http from 'node:http';
import https from 'node:https';

const TIMEOUT_MS = 20_000;

export type Posted = { ok: boolean; text: string };

/** Posts over connections that stay open. A receiver that is down or silent is an answer too. */
export class Poster {
  readonly #http = new http.Agent({ keepAlive: true });
  readonly #https = new https.Agent({ keepAlive: true });

  post(url: string, headers: Record<string, string>, body: string): Promise<Posted> {
    const options = {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      timeout: TIMEOUT_MS,
    };
    return new Promise((resolve) => {
      const request = url.startsWith('https:')
        ? https.request(url, { ...options, agent: this.#https })
        : http.request(url, { ...options, agent: this.#http });
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', (error: NodeJS.ErrnoException) => resolve({ ok: false, text: error.code ?? error.message }));
      request.on('response', (response) => {
        const status = response.statusCode ?? 0;
        response.on('error', (error) => resolve({ ok: false, text: error.message }));
        response.on('end', () => resolve({ ok: status >= 200 && status < 300, text: String(status) }));
        response.resume();
      });
      request.end(body);
    });
  }

  /** Cuts off what is on its way. */
  stop(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
