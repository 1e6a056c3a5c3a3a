/** What PayPal has to tell: its events, a stretch of time at a go, since its list has no cursor. */
import { z } from 'zod';
import type { Instant } from '../domain/time.ts';
import type { PaypalClient } from './paypal-client.ts';
import { read, refusedBy } from './paypal-read.ts';

const LARGEST_PAGE = 300;
const page = z.object({
  events: z.array(z.looseObject({ id: z.string(), create_time: z.iso.datetime() })).default([]),
});

/** It does not say who has taken which, so all are told. The newest first. */
export async function* listEvents(client: PaypalClient, since: Instant): AsyncGenerator<readonly unknown[]> {
  const seen = new Set<string>();
  for (let until = Date.now(); ; ) {
    const [start_time, end_time] = [new Date(since).toISOString(), new Date(until).toISOString()];
    const query = new URLSearchParams({ page_size: String(LARGEST_PAGE), start_time, end_time });
    const answer = await client.ask({ method: 'GET', path: `/v1/notifications/webhooks-events?${query}` });
    if (!answer.ok) throw refusedBy(answer);
    const { events } = read(page, answer.body);
    const fresh = events.filter(({ id }) => !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    yield fresh;
    // The next stretch ends with the oldest of this one, whose second may have had others.
    if (events.length < LARGEST_PAGE || fresh.length === 0) return;
    until = Math.min(...events.map(({ create_time }) => Date.parse(create_time))) + 999;
  }
}
