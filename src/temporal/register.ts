/** Namespaces, and what can be searched for in them. May be called again, and by several at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, isGrpcServiceError } from '@temporalio/client';
import proto from '@temporalio/proto'; // CommonJS without named exports that Node could see

const { IndexedValueType } = proto.temporal.api.enums.v1;

export const SEARCH_ATTRIBUTES = {
  BillingState: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  BillingTenant: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  BillingPlan: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  BillingAttention: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  BillingNextDueAt: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
} as const;

const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
/** A closed workflow's history is kept so long. What must last longer lies in Postgres. */
const RETENTION_SECONDS = 30 * 86_400;
/** A new namespace is known to all of a cluster's hosts after their caches were refreshed: ten seconds by default. */
const SEEN_WITHIN_MS = 60_000;

export type Registered = { namespace: 'registered' | 'present'; attributes: string[] };

export async function register(connection: Connection, namespace: string): Promise<Registered> {
  const made = await registerNamespace(connection, namespace);
  const attributes = await whenSeen(() => registerAttributes(connection, namespace));
  return { namespace: made, attributes };
}

async function registerNamespace(connection: Connection, namespace: string): Promise<Registered['namespace']> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
    return 'present';
  } catch (error) {
    if (!hasCode(error, NOT_FOUND)) throw error;
  }
  try {
    const workflowExecutionRetentionPeriod = { seconds: RETENTION_SECONDS as never };
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
    return 'registered';
  } catch (error) {
    if (hasCode(error, ALREADY_EXISTS)) return 'present';
    throw error;
  }
}

/** Those that were added. An attribute of another type is somebody else's: that is for a person to settle. */
async function registerAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name, type]) => {
    const found = customAttributes?.[name];
    if (found !== undefined && found !== null && found !== type) {
      throw new Error(`search attribute ${name} of namespace ${namespace} exists with another type`);
    }
    return found === undefined || found === null;
  });
  if (missing.length === 0) return [];
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) });
  } catch (error) {
    if (!hasCode(error, ALREADY_EXISTS)) throw error;
  }
  return missing.map(([name]) => name);
}

async function whenSeen<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + SEEN_WITHIN_MS; ; await sleep(250)) {
    try {
      return await work();
    } catch (error) {
      if (!hasCode(error, NOT_FOUND) || Date.now() > deadline) throw error;
    }
  }
}

const hasCode = (error: unknown, code: number): boolean => isGrpcServiceError(error) && error.code === code;
