/**
 * One subscription, for its whole life. Every rule lives in `decide`; this carries messages: it takes all that is
 * pending, decides, stores the step in one transaction, sends the outside effects on their way, and waits for the next
 * message or for the time that `nextDue` names. Handlers only queue, so one loop is the only writer and needs no lock.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { accessOf } from '../src/domain/access.ts';
import type { Commit, Recorded, StoredStep, Taken } from '../src/domain/commit.ts';
import { decide } from '../src/domain/decide.ts';
import { type Decided, decideAll } from '../src/domain/decide-all.ts';
import { isOutside, keyOf, type OutsideEffect } from '../src/domain/effect.ts';
import type { Command, Input } from '../src/domain/input.ts';
import { invariant } from '../src/domain/invariant.ts';
import { isOver, type NextDue, nextDue } from '../src/domain/next-due.ts';
import { refusalOf } from '../src/domain/refusal.ts';
import { lacksBooks, type Shared, sharedWanted, withoutBooks, withoutLimits } from '../src/domain/shared.ts';
import { isAccepted, type Subscription } from '../src/domain/subscription.ts';
import { type Instant, MINUTE } from '../src/domain/time.ts';
import { outsideActivity, storing } from './hands.ts';
import { attributesOf, changedAttributes, detailsOf } from './inspection.ts';
import {
  type Answer,
  type Asked,
  COMMANDS,
  type Delivered,
  FACTS_SIGNAL,
  type Look,
  PROJECT_SIGNAL,
  STATE_QUERY,
  type Start,
} from './messages.ts';

/** Handed from run to run: the state, what was not read yet, and a bounded memory that unique keys in the database back. */
type Carried = Start & {
  subscription: Subscription;
  inbox?: Pending[];
  seen?: string[];
  answers?: [string, Answer][];
  continued?: number;
  lastCause?: string;
  known?: Shared | null;
  outside?: OutsideEffect[];
};

type Pending =
  | { kind: 'asked'; asked: Asked }
  | { kind: 'delivered'; delivered: Delivered }
  | { kind: 'answered'; id: string; key: string; fact: Delivered['fact'] };

const REMEMBERED = 512;
const REMEMBERED_ANSWERS = 64;
const FACTS_A_STEP = 100;
const CYCLES_A_RUN = 48;
const EVENTS_A_RUN = 2_000;
/** Each is a look at the database: others must have been faster that many times. */
const MOST_TRIES = 50;
const LONGEST_WAIT_MINUTES = 24 * 60;

const facts = defineSignal<[Delivered[]]>(FACTS_SIGNAL);
const project = defineSignal<[number]>(PROJECT_SIGNAL);
const look = defineQuery<Look>(STATE_QUERY);

export async function subscription(carried: Carried): Promise<void> {
  let state: Subscription = carried.subscription;
  const inbox: Pending[] = carried.inbox ?? [];
  const seen: string[] = carried.seen ?? [];
  const answers = new Map<string, Answer>(carried.answers ?? []);
  const continued = carried.continued ?? 0;
  let outsideCalls = 0;
  let cycles = 0;
  let lastCause = carried.lastCause ?? 'a draft was made';
  let attention: string | null = null;
  let known: Shared | null = carried.known ?? null;
  // A lost workflow's attributes are lost with it: all of them are written again.
  let published = carried.outside ? [] : attributesOf(carried.subscription, null, null);
  let mustProject = false;
  const timer = dueTimer();

  setHandler(facts, (delivered) => {
    for (const each of delivered) queue({ kind: 'delivered', delivered: each });
  });
  setHandler(project, (stored) => {
    mustProject ||= stored < state.version;
  });
  setHandler(look, () => ({ subscription: state, pendingInputs: inbox.length, outsideCalls, continued }));
  for (const name of COMMANDS) {
    setHandler(
      defineUpdate<Answer, [Asked]>(name),
      async (asked) => {
        if (!answers.has(asked.id)) queue({ kind: 'asked', asked });
        await condition(() => answers.has(asked.id));
        return answers.get(asked.id)!;
      },
      { validator: (asked) => refuseTheObvious(name, asked) },
    );
  }

  /** Once, however often it is brought. */
  function queue(pending: Pending): void {
    const id = idOf(pending);
    if (!seen.includes(id) && !inbox.some((other) => idOf(other) === id)) inbox.push(pending);
  }

  /** What can be said from the present state alone never enters history. Whatever is queued may change the answer. */
  function refuseTheObvious(name: Command['type'], asked: Asked): void {
    if (asked.command.type !== name)
      throw ApplicationFailure.nonRetryable(`an update ${name} carries its own command`, 'invalid');
    if (inbox.length > 0 || answers.has(asked.id)) return;
    const decision = decide(state, { ...asked.command, at: asked.at ?? Date.now(), origin: asked.origin });
    if (decision.outcome === 'refused') {
      const { code, detail, path } = decision;
      throw ApplicationFailure.nonRetryable(detail, code, ...(path === undefined ? [] : [path]));
    }
  }

  for (const effect of carried.outside ?? []) void callOutside(effect, true);

  while (!isOver(state, Date.now())) {
    const due = nextDue(state);
    const now = Date.now();
    if (due && due.at <= now) {
      await step([{ ...due, origin: { by: 'clock', ref: due.type } }], [], due.at);
      cycles++;
    } else if (inbox.length > 0) {
      await stepOverInbox(now);
      cycles++;
    } else if (mustProject) {
      await step([], [], now);
      cycles++;
    } else if (outsideCalls === 0 && runIsLong()) {
      // A handler that still waits needs this loop; what it queued is decided before the run ends.
      const hasMore = () => inbox.length > 0 || mustProject;
      await condition(() => allHandlersFinished() || hasMore());
      if (!hasMore()) return continueAsNew<typeof subscription>(carry()); // no await since the snapshot
    } else {
      publish(due);
      timer.set(due);
      await condition(() => inbox.length > 0 || mustProject || timer.rang());
    }
  }
  timer.set(null);
  await condition(allHandlersFinished);

  function runIsLong(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength > EVENTS_A_RUN || cycles >= (carried.cyclesPerRun ?? CYCLES_A_RUN);
  }

  function carry(): Carried {
    const { cyclesPerRun } = carried;
    return {
      subscription: state as Carried['subscription'],
      ...(cyclesPerRun === undefined ? {} : { cyclesPerRun }),
      inbox,
      seen,
      answers: [...answers],
      continued: continued + 1,
      lastCause,
      known,
    };
  }

  /** Everything that is pending becomes one step: a burst of twenty events costs one commit. */
  function stepOverInbox(now: Instant): Promise<void> {
    const taken = inbox.slice(0, FACTS_A_STEP);
    const inputs = taken.map((pending) => inputOf(pending, now));
    return step(inputs, taken, now);
  }

  async function step(inputs: Input[], from: Pending[], at: Instant): Promise<void> {
    for (let tries = 1; ; tries++) {
      if ((await take(decideAll(state, inputs, known), inputs, from, at)) === 'done') break;
      invariant(tries < MOST_TRIES, 'what others share stands still long enough to be decided on');
    }
    known = known && withoutBooks(withoutLimits(known));
  }

  /** One step, stored. `stale`: what it believed of others is not so; nothing has happened, and now more is known. */
  async function take(decided: Decided[], inputs: Input[], from: Pending[], at: Instant): Promise<'done' | 'stale'> {
    const before = state;
    const wanted = sharedWanted(decided);
    let after = state;
    const decisions: Recorded[] = [];
    const taken: Taken[] = [];
    const applied: string[] = [];
    const ignored: string[] = [];
    const pendingOf = new Map(inputs.map((input, i) => [input, from[i]]));
    for (const { input, asked, before: was, decision, after: becomes } of decided) {
      const pending = pendingOf.get(asked);
      if (pending)
        taken.push({ id: idOf(pending), refusal: decision.outcome === 'refused' ? refusalOf(decision) : null });
      if (pending?.kind === 'delivered') {
        (decision.outcome === 'applied' ? applied : ignored).push(pending.delivered.inboxId);
      }
      if (decision.outcome !== 'applied') continue;
      const { rule, because, effects } = decision;
      decisions.push({ input: wanted ? input : asked, rule, from: was.state, to: becomes.state, because, effects });
      after = becomes;
    }
    const outside = decisions.flatMap(({ effects }) => effects.filter(isOutside));
    const changes = decisions.length > 0 || ignored.length > 0 || mustProject;
    const isAbandonedDraft = before.version === 0 && !isAccepted(after);
    const isBlind = wanted !== null && lacksBooks(known, wanted);
    if ((!changes && !isBlind) || isAbandonedDraft) {
      finish({ subscription: after, taken, outside });
      return 'done';
    }
    after = { ...after, version: before.version + 1 };
    const cause = decisions.map(({ rule, input }) => `${rule} (${input.type}, ${input.origin.by})`).at(-1);
    const shared = wanted && known;
    const record = { decisions, applied, ignored, shared, wanted };
    mustProject = false; // every commit does
    const stored = await store({ subscription: after, taken, outside }, record, at);
    if (stored === 'stale') return 'stale';
    finish(stored);
    lastCause = cause ?? lastCause;
    return 'done';
  }

  /** Takes a stored step over: what it dealt with leaves the queue, who asked is answered, effects go on their way. */
  function finish({ subscription, taken, outside }: StoredStep): void {
    state = subscription;
    for (const { id, refusal } of taken) {
      const at = inbox.findIndex((pending) => idOf(pending) === id);
      if (at >= 0) inbox.splice(at, 1);
      if (!id.startsWith(ASKED)) seen.push(id);
      else
        answers.set(
          id.slice(ASKED.length),
          refusal ? { outcome: 'refused', ...refusal } : { outcome: 'applied', version: state.version },
        );
    }
    seen.splice(0, Math.max(0, seen.length - REMEMBERED));
    for (const id of [...answers.keys()].slice(0, Math.max(0, answers.size - REMEMBERED_ANSWERS))) answers.delete(id);
    for (const effect of outside) void callOutside(effect);
  }

  /** Answers what holds: this step, or the one that an earlier try had stored under the same version. */
  async function store(
    wanted: StoredStep,
    record: Pick<Commit, 'decisions' | 'applied' | 'ignored' | 'shared' | 'wanted'>,
    at: Instant,
  ): Promise<StoredStep | 'stale'> {
    const { subscription, taken } = wanted;
    const nextDueAt = nextDue(subscription)?.at ?? null;
    const commit: Commit = { subscription, taken, ...record, nextDueAt, access: accessOf(subscription, at), at };
    for (let minutes = 1; ; minutes = Math.min(minutes * 2, LONGEST_WAIT_MINUTES)) {
      const answer = await storing.commit(commit);
      if (answer.outcome === 'stale') {
        known = answer.shared ?? known;
        return 'stale';
      }
      if (answer.outcome !== 'conflict') {
        attention = null;
        return answer.outcome === 'superseded' ? answer.step : wanted;
      }
      attention = 'version_conflict';
      log.error(
        'the database holds another history of this subscription; nothing is applied until a person has looked',
        {
          ours: subscription.version,
          stored: answer.stored,
        },
      );
      publish(null);
      await sleep(minutes * MINUTE, { summary: 'conflict: look again' });
    }
  }

  /** Goes on beside the loop: a slow processor must not delay a cancellation. Its answer is queued like any message. */
  async function callOutside(effect: OutsideEffect, isRepeat = false): Promise<void> {
    outsideCalls++;
    const from = state.version; // names the call: the same effect may be asked for again by a later step
    const { id, tenant, mode, customer, processor, currency } = state;
    const call = { effect, subscription: { id, tenant, mode, customer, processor, currency } };
    const activity = outsideActivity(effect, processor);
    for (let lookFirst = isRepeat; ; lookFirst = true) {
      try {
        const told = await activity({ ...call, lookFirst });
        told.forEach((fact, i) => {
          // An answer may have several of one kind: a number tells them apart.
          const nth = told.slice(0, i).filter(({ type }) => type === fact.type).length;
          const id = `${from}/${keyOf(effect)}/${fact.type}${nth === 0 ? '' : `/${nth}`}`;
          queue({ kind: 'answered', id, key: keyOf(effect), fact });
        });
        break;
      } catch (error) {
        if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
        // Unknown is not failed: the money may have moved. It is looked up, and asked again, until there is an answer.
        attention = 'processor_unreachable';
        log.error('no answer from the processor', { key: keyOf(effect) });
        publish(nextDue(state));
        await sleep('1 hour', { summary: `ask again: ${keyOf(effect)}` });
      }
    }
    if (attention === 'processor_unreachable') attention = null;
    outsideCalls--;
  }

  /** For people: the details in Temporal UI, and the few attributes that a search uses. Written only when they change. */
  function publish(due: NextDue | null): void {
    setCurrentDetails(detailsOf(state, due, lastCause));
    const attributes = attributesOf(state, due, attention);
    const changed = changedAttributes(attributes, published);
    published = attributes;
    if (changed.length > 0) upsertSearchAttributes(changed);
  }
}

const ASKED = 'asked/';

/** The workflow's own name of a message: a repeat has the same, whatever way it comes. */
function idOf(pending: Pending): string {
  switch (pending.kind) {
    case 'asked':
      return `${ASKED}${pending.asked.id}`;
    case 'delivered':
      return `told/${pending.delivered.inboxId}`;
    case 'answered':
      return `answered/${pending.id}`;
  }
}

function inputOf(pending: Pending, at: Instant): Input {
  switch (pending.kind) {
    case 'asked':
      return { ...pending.asked.command, at: pending.asked.at ?? at, origin: pending.asked.origin };
    case 'delivered':
      return { ...pending.delivered.fact, at, origin: { by: 'processor', ref: pending.delivered.inboxId } };
    case 'answered':
      return { ...pending.fact, at, origin: { by: 'engine', ref: pending.key } };
  }
}

/** The one timer. It stays as it is while its time is the same, so an early message costs no event. */
function dueTimer() {
  let current: { due: NextDue; rang: boolean; scope: CancellationScope } | null = null;
  return {
    rang: () => current?.rang ?? false,
    set(due: NextDue | null): void {
      if (current && due && !current.rang && current.due.at === due.at && current.due.type === due.type) return;
      if (current && !current.rang) current.scope.cancel();
      current = null;
      if (!due) return;
      const scope = new CancellationScope();
      const mine = { due, rang: false, scope };
      current = mine;
      scope
        .run(() => sleep(Math.max(due.at - Date.now(), 1), { summary: due.type.replaceAll('_', ' ') }))
        .then(
          () => {
            mine.rang = true;
          },
          (error: unknown) => {
            if (!isCancellation(error)) throw error;
          },
        );
    },
  };
}
