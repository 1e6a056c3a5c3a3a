import type { Engine } from '../stripe/engine.ts';
import type { Dispatcher } from '../webhooks/dispatcher.ts';

/** The parts that switches and pages reach into. `isBusy`: a request is being answered. `pendingElsewhere`: deliveries of the other processor. */
export type Controlled = {
  engine: Engine;
  dispatcher: Dispatcher;
  isBusy: () => boolean;
  pendingElsewhere: () => number;
};
