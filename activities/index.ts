import { createCancelPayment } from './cancel-payment.ts';
import { createCharge, type OutsideDeps } from './charge.ts';
import { createCommit } from './commit.ts';
import type { Activities } from './contract.ts';
import { createReadBack } from './read-back.ts';
import { createRefund } from './refund.ts';
import { createTellProcessor } from './tell-processor.ts';

export const createActivities = (deps: OutsideDeps): Activities => ({
  commit: createCommit(deps),
  charge: createCharge(deps),
  cancel_payment: createCancelPayment(deps),
  refund: createRefund(deps),
  tell_processor: createTellProcessor(deps),
  read_back: createReadBack(deps),
});
