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
import type { Commit, Recorded } from '../src/domain/commit.ts';
import { decide } from '../src/domain/decide.ts';
import { decideAll } from '../src/domain/decide-all.ts';
import { isOutside, keyOf, type OutsideEffect } from '../src/domain/effect.ts';
import type { Command, Input } from '../src/domain/input.ts';
import { isOver, type NextDue, nextDue } from '../src/domain/next-due.ts';
import { isAccepted, type Subscription } from '../src/domain/subscription.ts';
import type { Instant } from '../src/domain/time.ts';
import { outsideActivity, storing } from './hands.ts';
import { attributesOf, changedAttributes, detailsOf } from './inspection.ts';
import {
  type Answer,
  type Asked,
  COMMANDS,
  type Delivered,
  FACTS_SIGNAL,
  type Look,
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
};

type Pending =
  | { kind: 'asked'; asked: Asked }
  | { kind: 'delivered'; delivered: Delivered }
  | { kind: 'answered'; key: string; fact: Delivered['fact'] };

const REMEMBERED_FACTS = 256;
const REMEMBERED_ANSWERS = 64;
const FACTS_A_STEP = 100;
const CYCLES_A_RUN = 48;
const EVENTS_A_RUN = 2_000;

const facts = defineSignal<[Delivered[]]>(FACTS_SIGNAL);
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
  let published = attributesOf(carried.subscription, null, null);
  const timer = dueTimer();

  setHandler(facts, (delivered) => {
    for (const each of delivered) {
      const known =
        seen.includes(each.inboxId) ||
        inbox.some((p) => p.kind === 'delivered' && p.delivered.inboxId === each.inboxId);
      if (!known) inbox.push({ kind: 'delivered', delivered: each });
    }
  });
  setHandler(look, () => ({ subscription: state, pendingInputs: inbox.length, outsideCalls, continued }));
  for (const name of COMMANDS) {
    setHandler(
      defineUpdate<Answer, [Asked]>(name),
      async (asked) => {
        const queued = inbox.some((p) => p.kind === 'asked' && p.asked.id === asked.id);
        if (!queued && !answers.has(asked.id)) inbox.push({ kind: 'asked', asked });
        await condition(() => answers.has(asked.id));
        return answers.get(asked.id)!;
      },
      { validator: (asked) => refuseTheObvious(name, asked) },
    );
  }

  /** What can be said from the present state alone never enters history. Whatever is queued may change the answer. */
  function refuseTheObvious(name: Command['type'], asked: Asked): void {
    if (asked.command.type !== name)
      throw ApplicationFailure.nonRetryable(`an update ${name} carries its own command`, 'invalid');
    if (inbox.length > 0 || answers.has(asked.id)) return;
    const decision = decide(state, { ...asked.command, at: Date.now(), origin: asked.origin });
    if (decision.outcome === 'refused') throw ApplicationFailure.nonRetryable(decision.detail, decision.code);
  }

  while (!isOver(state, Date.now())) {
    const due = nextDue(state);
    const now = Date.now();
    if (due && due.at <= now) {
      await step([{ ...due, origin: { by: 'clock', ref: due.type } }], [], due.at);
      cycles++;
    } else if (inbox.length > 0) {
      await stepOverInbox(now);
      cycles++;
    } else if (outsideCalls === 0 && runIsLong()) {
      // A handler that still waits needs this loop; what it queued is decided before the run ends.
      await condition(() => allHandlersFinished() || inbox.length > 0);
      if (inbox.length === 0) return continueAsNew<typeof subscription>(carry()); // no await since the snapshot
    } else {
      publish(due);
      timer.set(due);
      await condition(() => inbox.length > 0 || timer.rang());
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
    };
  }

  /** Everything that is pending becomes one step: a burst of twenty events costs one commit. */
  async function stepOverInbox(now: Instant): Promise<void> {
    const taken = inbox.slice(0, FACTS_A_STEP);
    await step(
      taken.map((pending) => inputOf(pending, now)),
      taken,
      now,
    );
    // Only now: until then a repeat of the same message is recognised by its being queued.
    inbox.splice(0, taken.length);
  }

  async function step(inputs: Input[], from: Pending[], at: Instant): Promise<void> {
    const before = state;
    let after = state;
    const decisions: Recorded[] = [];
    const applied: string[] = [];
    const ignored: string[] = [];
    const replies: [string, Answer | null][] = [];
    const pendingOf = new Map(inputs.map((input, i) => [input, from[i]]));
    for (const { input, before: was, decision, after: becomes } of decideAll(before, inputs)) {
      const pending = pendingOf.get(input);
      if (pending?.kind === 'delivered')
        (decision.outcome === 'applied' ? applied : ignored).push(pending.delivered.inboxId);
      if (pending?.kind === 'asked') {
        const refusal =
          decision.outcome === 'refused'
            ? { outcome: decision.outcome, code: decision.code, detail: decision.detail }
            : null;
        replies.push([pending.asked.id, refusal]);
      }
      if (decision.outcome !== 'applied') continue;
      const { rule, because, effects } = decision;
      decisions.push({ input, rule, from: was.state, to: becomes.state, because, effects });
      after = becomes;
    }
    const isAbandonedDraft = before.version === 0 && !isAccepted(after);
    if (decisions.length > 0 || ignored.length > 0) {
      after = { ...after, version: before.version + 1 };
      if (!isAbandonedDraft) await store({ ...after }, decisions, applied, ignored, at);
    }
    state = after;
    lastCause = decisions.map(({ rule, input }) => `${rule} (${input.type}, ${input.origin.by})`).at(-1) ?? lastCause;
    seen.push(...applied, ...ignored);
    seen.splice(0, seen.length - REMEMBERED_FACTS);
    for (const [id, refusal] of replies) answers.set(id, refusal ?? { outcome: 'applied', version: state.version });
    for (const id of [...answers.keys()].slice(0, Math.max(0, answers.size - REMEMBERED_ANSWERS))) answers.delete(id);
    for (const { effects } of decisions) for (const effect of effects) if (isOutside(effect)) void callOutside(effect);
  }

  async function store(
    after: Subscription,
    decisions: Recorded[],
    applied: string[],
    ignored: string[],
    at: Instant,
  ): Promise<void> {
    const nextDueAt = nextDue(after)?.at ?? null;
    const commit: Commit = {
      subscription: after,
      decisions,
      applied,
      ignored,
      nextDueAt,
      access: accessOf(after, at),
      at,
    };
    for (;;) {
      const answer = await storing.commit(commit);
      if (answer.outcome !== 'conflict') {
        attention = null;
        return;
      }
      attention = 'version_conflict';
      log.error(
        'the database holds another history of this subscription; nothing is applied until a person has looked',
        {
          ours: after.version,
          stored: answer.stored,
        },
      );
      publish(null);
      await sleep('1 minute', { summary: 'conflict: look again' });
    }
  }

  /** Goes on beside the loop: a slow processor must not delay a cancellation. Its answer is queued like any message. */
  async function callOutside(effect: OutsideEffect): Promise<void> {
    outsideCalls++;
    const { id, tenant, mode, customer, processor, currency } = state;
    const call = { effect, subscription: { id, tenant, mode, customer, processor, currency } };
    const activity = outsideActivity(effect, processor);
    for (let lookFirst = false; ; lookFirst = true) {
      try {
        const told = await activity({ ...call, lookFirst });
        inbox.push(...told.map((fact) => ({ kind: 'answered', key: keyOf(effect), fact }) as const));
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

function inputOf(pending: Pending, at: Instant): Input {
  switch (pending.kind) {
    case 'asked':
      return { ...pending.asked.command, at, origin: pending.asked.origin };
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
