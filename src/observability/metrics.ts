/** What the API tells Prometheus. Labels come from short fixed lists: a route's template, never its address. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Backlog } from '../db/messages.ts';
import { redactions } from '../security/redact.ts';

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics({ backlog }: { backlog: () => Promise<Backlog> }) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const httpDuration = new Histogram({
    name: 'hydra_http_request_duration_seconds',
    help: 'How long requests took, by route template.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const commands = new Counter({
    name: 'hydra_commands_total',
    help: 'Commands to subscriptions, by how they ended.',
    labelNames: ['command', 'outcome'] as const,
    registers,
  });
  const webhooks = new Counter({
    name: 'hydra_webhooks_total',
    help: 'Webhooks at the door, by what became of them.',
    labelNames: ['outcome'] as const,
    registers,
  });
  new Counter({
    name: 'hydra_redactions_total',
    help: 'Texts from inside in which something that may not be kept was struck out: each is worth a look.',
    labelNames: ['where'] as const,
    registers,
    collect() {
      this.reset();
      for (const [where, count] of redactions()) this.inc({ where }, count);
    },
  });
  const inboxPending = new Gauge({ name: 'hydra_inbox_pending', help: 'Events not settled yet.', registers });
  const inboxEvents = new Gauge({
    name: 'hydra_inbox_events',
    help: 'Events that wait for something, or for a person.',
    labelNames: ['state'] as const,
    registers,
  });
  const inboxOldest = new Gauge({ name: 'hydra_inbox_oldest_seconds', help: 'Age of the oldest of them.', registers });
  const outboxPending = new Gauge({ name: 'hydra_outbox_pending', help: 'Messages not relayed yet.', registers });
  const discrepancies = new Gauge({
    name: 'hydra_discrepancies',
    help: 'Where processor, books and workflows did not say the same; what is open waits for a person.',
    labelNames: ['kind', 'state'] as const,
    registers,
  });
  const up = new Gauge({ name: 'hydra_database_up', help: '1 when the database answered this scrape.', registers });
  return {
    httpDuration,
    commands,
    webhooks,
    contentType: registry.contentType,
    /** Everything of one scrape. A database that is away is a finding, not a failed scrape. */
    async render(): Promise<string> {
      const found = await backlog().catch(() => null);
      up.set(found ? 1 : 0);
      if (found) {
        inboxPending.set(found.inboxPending);
        inboxEvents.set({ state: 'parked' }, found.inboxParked);
        inboxEvents.set({ state: 'quarantined' }, found.inboxQuarantined);
        inboxEvents.set({ state: 'dead' }, found.inboxDead);
        inboxOldest.set(found.inboxOldestSeconds);
        outboxPending.set(found.outboxPending);
        discrepancies.reset();
        for (const { count, ...labels } of found.discrepancies) discrepancies.set(labels, count);
      }
      return registry.metrics();
    },
  };
}
