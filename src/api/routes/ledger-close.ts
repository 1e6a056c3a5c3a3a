/** Closing months: what is closed takes no posting any more, and is not opened again. */
import { type ClosedMonth, type CloseProblem, closedMonths, closeThrough, nextToClose } from '../../db/periods.ts';
import { inTenant } from '../../db/tenant.ts';
import { Problem } from '../problem.ts';
import { type Call, ok, route } from '../route.ts';
import { ledgerClose, ledgerMonths } from '../schemas/ledger-close.ts';

const showMonth = ({ month, endsAt, closedAt, closedBy }: ClosedMonth) => ({
  ...{ month, endsAt: endsAt.toISOString(), closedAt: closedAt.toISOString(), closedBy },
});

const show = ({ parts, scope }: Call) =>
  inTenant(parts.db, scope, async (trx) => ({
    closed: (await closedMonths(trx)).map(showMonth),
    next: await nextToClose(trx, Date.now()),
  }));

const list = route({
  tag: 'Ledger',
  who: ['finance', 'admin', 'owner', 'service'],
  grant: 'ledger:read',
  method: 'get',
  path: '/api/admin/ledger/close',
  summary: 'List closed months',
  answers: { 200: { about: 'The newest first, and what stands in the way of the next.', schema: ledgerMonths } },
  handle: async (call) => ok(await show(call)),
});

const close = route({
  tag: 'Ledger',
  who: ['finance', 'owner', 'service'],
  grant: 'ledger:write',
  method: 'post',
  path: '/api/admin/ledger/close',
  summary: 'Close months',
  about:
    'All that are open up to this one, in order. What belongs to one of them and comes later is posted to the first open month, with the day that it belongs to. A closed month is not opened again.',
  body: ledgerClose,
  answers: {
    200: { about: 'Closed, or closed before.', schema: ledgerMonths },
    409: { about: 'The month is not over, or something is open in it: `errors` names what.' },
  },
  async handle(call) {
    const { parts, scope, principal, body } = call;
    const request = { through: body.through, by: principal.ref, now: Date.now() };
    const answer = await inTenant(parts.db, scope, (trx) => closeThrough(trx, scope, request));
    if (answer.outcome === 'not_over') {
      const message = `${answer.month} is not over on ${answer.today}`;
      throw new Problem(409, 'month_not_over', `cannot close: ${message}`, { errors: [{ path: 'through', message }] });
    }
    if (answer.outcome === 'problems') {
      const errors = answer.problems.map((each) => ({ path: each.type, message: sentence(each) }));
      const all = errors.map(({ message }) => message).join('; ');
      throw new Problem(409, 'month_has_problems', `cannot close ${answer.month}: ${all}`, { errors });
    }
    return ok(await show(call));
  },
});

const WORDS: Record<CloseProblem['type'], string> = {
  days_not_recognised: 'lines with days that are not recognised',
  events_not_applied: 'events of a processor that are not applied',
  drafts_not_finalised: 'invoices that are still drafts',
  rounding_not_zero: 'rounding accounts that are not zero',
  books_off: 'currencies that do not balance',
};

const sentence = ({ type, count, examples }: CloseProblem): string =>
  `${count} ${WORDS[type]} (${examples.join(', ')})`;

export const ledgerCloseRoutes = [list, close];
