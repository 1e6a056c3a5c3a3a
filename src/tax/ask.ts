/** One question to a service outside, with a limit to the patience. */

const TIMEOUT_MS = 5_000;
/** Tax services answer in a few hundred bytes. */
const LONGEST_ANSWER = 64_000;

/** No answer, or none that says anything. Nothing is concluded from it; asked again later it may be another. */
export class TaxServiceUnavailable extends Error {
  override readonly name = 'TaxServiceUnavailable';
  constructor(service: string, why: string) {
    super(`the ${service} gives no answer: ${why}`);
  }
}

export type Service = { name: string; url: string; timeoutMs?: number };

export async function ask({ name, url, timeoutMs = TIMEOUT_MS }: Service, question: object): Promise<unknown> {
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(question),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    // What the network says may quote the address, which may hold a key.
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    throw new TaxServiceUnavailable(name, isLate ? `none within ${timeoutMs} ms` : 'it can’t be reached');
  }
  if (status !== 200) throw new TaxServiceUnavailable(name, `it answered ${status}`);
  if (text.length > LONGEST_ANSWER) throw new TaxServiceUnavailable(name, `its answer has ${text.length} characters`);
  try {
    return JSON.parse(text);
  } catch {
    throw new TaxServiceUnavailable(name, 'its answer is no JSON');
  }
}
