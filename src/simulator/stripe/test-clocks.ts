import { newId } from '../ids.ts';
import type { Call } from './call.ts';
import { removeCustomer } from './customers.ts';
import { carryOut, dueOn, nextOn } from './due.ts';
import { invalid, missing } from './errors.ts';
import { page } from './list.ts';
import { expand, integer, pagination, text } from './params.ts';
import { ok, type Route, route } from './route.ts';
import type { TestClock } from './wire.ts';

const THIRTY_DAYS = 30 * 86_400;
const path = '/v1/test_helpers/test_clocks';

export const testClockRoutes: Route[] = [
  route(
    'POST',
    path,
    { ...expand, frozen_time: integer, name: text.optional() },
    (call, { frozen_time, name = null }) => {
      const created = call.now();
      const clock = call.store.put('test_clock', {
        id: newId('clock'),
        object: 'test_helpers.test_clock',
        created,
        deletes_after: created + THIRTY_DAYS,
        frozen_time,
        livemode: false,
        name,
        status: 'ready',
        status_details: {},
      });
      call.emit('test_helpers.test_clock.created', clock, created);
      return ok(clock);
    },
  ),
  route('GET', `${path}/:id`, expand, (call, _, id) => ok(clockFor(call, id))),
  route('POST', `${path}/:id/advance`, { ...expand, frozen_time: integer }, (call, { frozen_time }, id) =>
    ok(advance(call, clockFor(call, id), frozen_time)),
  ),
  route('DELETE', `${path}/:id`, {}, (call, _, id) => {
    const clock = clockFor(call, id);
    for (const customer of [...call.store.all('customer')]) {
      if (customer.test_clock === id) removeCustomer(call, customer);
    }
    for (const due of dueOn(call, id)) call.store.remove('sim.due', due.id);
    call.store.remove('test_clock', id);
    call.emit('test_helpers.test_clock.deleted', clock, call.now());
    return ok({ id, object: 'test_helpers.test_clock', deleted: true });
  }),
  route('GET', path, pagination, (call, params) => page(call, 'test_clock', path, params)),
];

function clockFor(call: Call, id: string): TestClock {
  const clock = call.store.get('test_clock', id);
  if (clock === undefined) throw missing('test clock', id);
  return clock;
}

/** Everything on the way happens at its own time. The answer says `advancing`, as Stripe's does; `ready` is to be awaited. */
function advance(call: Call, clock: TestClock, target: number): TestClock {
  if (target <= clock.frozen_time) {
    throw invalid('The frozen_time to advance to must be after the current frozen_time.', { param: 'frozen_time' });
  }
  const status_details = { advancing: { target_frozen_time: target } };
  const advancing = call.store.put('test_clock', { ...clock, status: 'advancing', status_details });
  call.emit('test_helpers.test_clock.advancing', advancing, call.now());
  call.afterwards(() => {
    for (let due = nextOn(call, clock.id); due !== undefined && due.at <= target; due = nextOn(call, clock.id)) {
      call.store.put('test_clock', { ...advancing, frozen_time: Math.max(clock.frozen_time, due.at) });
      carryOut(call, due);
      call.finish(); // its own consequences belong to its own time
    }
    const ready = call.store.put('test_clock', { ...clock, frozen_time: target, status: 'ready', status_details: {} });
    call.emit('test_helpers.test_clock.ready', ready, call.now());
  });
  return advancing;
}
