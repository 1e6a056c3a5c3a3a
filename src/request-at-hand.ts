/** The request to the API that something is done for, known to all that is done for it: the audit log writes it down. */
import { AsyncLocalStorage } from 'node:async_hooks';

const requests = new AsyncLocalStorage<string>();

export const doneFor = <T>(requestId: string, work: () => T): T => requests.run(requestId, work);
export const requestAtHand = (): string | undefined => requests.getStore();
