/** What Temporal's client has to say, in our log: a commit that fails at night is found by its tenant and its subscription. */
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import type { Logger } from './logger.ts';

export const temporalLogger = (log: Logger) => new DefaultLogger('WARN', (entry) => relate(log, entry));

export function relate(log: Logger, { level, message, meta }: Pick<LogEntry, 'level' | 'message' | 'meta'>): void {
  if (message.startsWith('No workflows registered')) return; // the processor queues have none, and say so at each start
  const { error, sdkComponent, taskToken, ...facts } = meta ?? {};
  log[level === 'ERROR' ? 'error' : 'warn'](
    { ...facts, ...whose(facts.workflowId), ...(error === undefined ? {} : { error: String(error) }) },
    message,
  );
}

/** Of `subscription/<tenant>/<id>`, as of every workflow that is named after its tenant. */
function whose(workflowId: unknown): object {
  const [kind, tenant, id] = typeof workflowId === 'string' ? workflowId.split('/') : [];
  return { ...(tenant && { tenant }), ...(kind === 'subscription' && { subscription: id }) };
}
