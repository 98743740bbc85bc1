import { OrketError } from "../error/orket-error";
import { aboutAdjustment } from "../event/event";
import type { Adjustment, DecidedBy, EventData, SessionEvent } from "../event/event";
import type { Definition } from "../model/definition";
import type { Json } from "../model/field";
import type { LimitName } from "../model/flow";
import { apply, waitsForPerson } from "../state/apply";
import { activeRuns, openConflict } from "../state/cursor";
import { initialState } from "../state/state";
import type { SessionState } from "../state/state";
import type { StepRun } from "../state/step-run";
import { accept, unaskedRefusal } from "./command";
import type { Command } from "./command";
import { defined } from "../model/defined";

type Answer = EventData<"approval_resolved">;

/** One decision of a person, and the places that a run must have reached for it to be repeated. */
type Decided = { readonly places: readonly string[]; readonly seq: number } & (
  | { readonly kind: "answer"; readonly step: string; readonly data: Answer }
  | { readonly kind: "reply"; readonly step: string; readonly data: EventData<"question_answered"> }
  | { readonly kind: "adjustment"; readonly data: Adjustment }
);

/** Adjustments that say what is done. A pause only says when; a session that was stopped has nothing to repeat. */
const carried: ReadonlySet<Adjustment["kind"]> = new Set([
  "skip",
  "patch",
  "patch_role",
  "set_model",
  "enable",
  "disable",
  "retry",
  "set_limit",
]);

const atStart = "start";
const beforeRun = (key: string): string => `before ${key}`;

/**
 * Names the places of a run by what its steps did, so that the same place has the same name in another run of the
 * definition, whichever parallel branch was faster. What a pause, a crash, a limit or a retry of a call added is not
 * a separate place.
 */
class Places {
  readonly #counts = new Map<string, number>();
  readonly #last = new Map<string, string>();
  #any = atStart;

  /** @returns the place that the run has reached; undefined: the event is not a place. */
  heard(event: SessionEvent): string | undefined {
    const { step } = event;
    if (step === null || noPlaces.has(event.type)) return undefined;
    const place = `after ${event.type} ${this.#numberOf(event, step)} of ${step}`;
    this.#last.set(step, place);
    this.#any = place;
    return place;
  }

  /** The last place of this step run, or of any. */
  last(key?: string): string {
    return (key === undefined ? undefined : this.#last.get(key)) ?? this.#any;
  }

  /** However often a prompt is sent, there is one call for it. */
  #numberOf({ type }: SessionEvent, step: string): number {
    if (type === "model_call_start") return this.#counts.get(`prompt_built ${step}`) ?? 0;
    const name = `${type} ${step}`;
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count;
  }
}

const noPlaces: ReadonlySet<SessionEvent["type"]> = new Set([
  "session_paused",
  "limit_reached",
  "failover",
  "model_call_failed",
  "approval_resolved",
  "question_answered",
]);

/** What users decided, from the event with this number on. */
function decidedIn(definition: Definition, events: readonly SessionEvent[], from: number): Decided[] {
  const found: Decided[] = [];
  const places = new Places();
  let state = initialState(definition);
  for (const [index, event] of events.entries()) {
    const { seq } = event;
    if (index >= from && event.type === "approval_resolved" && event.step !== null) {
      const { step, data } = event;
      found.push({ kind: "answer", seq, places: [places.last(step)], step, data });
    } else if (index >= from && event.type === "question_answered" && event.step !== null) {
      const { step, data } = event;
      // Only a person can approve a call, and only that one time.
      const asked = activeRuns(state.score).find(({ run }) => run.key === step)?.run.question;
      if (asked?.kind !== "foreign_tool" && asked?.kind !== "quoted_call")
        found.push({ kind: "reply", seq, places: [places.last(step)], step, data });
    } else if (index >= from && event.type === "adjustment" && isCarried(event.data)) {
      const { data } = event;
      const place =
        placeOf(data, state, places) ?? aheadOf(data, events.slice(0, index), events.slice(index));
      const behind = runsMeant(data, events.slice(0, index)).map((key) => places.last(key));
      found.push({ kind: "adjustment", seq, places: place === undefined ? behind : [place], data });
    }
    places.heard(event);
    state = apply(state, event);
  }
  return found;
}

function isCarried({ by, kind }: Adjustment): boolean {
  return (by === "person" || by === "command_line") && carried.has(kind);
}

/** The place of a step run that has begun and that the adjustment is about. */
function placeOf(adjustment: Adjustment, state: SessionState, places: Places): string | undefined {
  const { kind } = adjustment;
  const { step } = aboutAdjustment(adjustment);
  if (kind === "set_limit") return places.last();
  if (step === undefined) return undefined;
  if (openConflict(state.score)?.step === step) return places.last(step);
  const active = activeRuns(state.score).find(
    ({ run }) => run.attempt > 0 && (run.key === step || (kind === "patch" && run.node.id === step)),
  );
  return active === undefined ? undefined : places.last(active.run.key);
}

/** The beginning of the next step run that the adjustment is about; undefined: there was none. */
function aheadOf(
  adjustment: Adjustment,
  before: readonly SessionEvent[],
  after: readonly SessionEvent[],
): string | undefined {
  const begun = new Set(before.map(({ step }) => step));
  const next = runsMeant(adjustment, after).find((key) => !begun.has(key));
  return next === undefined ? undefined : beforeRun(next);
}

/** The step runs that begin or are skipped in these events and that the adjustment is about. */
function runsMeant(adjustment: Adjustment, events: readonly SessionEvent[]): string[] {
  const { step, role } = aboutAdjustment(adjustment);
  return events.flatMap((event) => {
    if ((event.type !== "step_start" && event.type !== "step_skipped") || event.step === null) return [];
    const { data } = event;
    const isMeant = role === undefined ? event.step === step || data.id === step : data.role === role;
    return isMeant ? [event.step] : [];
  });
}

/**
 * Steers a new run of a session's definition as users steered that session: gives the same answers, skips, retries,
 * instructions, roles and limits at the same places. Belongs to one run.
 */
export class Steering {
  readonly #left: Decided[];
  readonly #impossible: string[];
  readonly #places = new Places();
  readonly #reached = new Set([atStart]);
  #unanswered: string | undefined;
  readonly #by: DecidedBy;

  /**
   * @param events of the session that was steered.
   * @param by who is recorded as deciding this time.
   * @param shared how many of the events the new run shares, as a fork does: these are decided already.
   */
  constructor(definition: Definition, events: readonly SessionEvent[], by: DecidedBy, shared = 0) {
    this.#by = by;
    this.#left = decidedIn(definition, events, shared);
    this.#impossible = acceptedMeanwhile(events);
    this.#hear(events.slice(0, shared));
  }

  /** The question that was never answered in the steered session, as a sentence; the run was ended there. */
  get unanswered(): string | undefined {
    return this.#unanswered;
  }

  /**
   * What is decided after these events and before anything follows from them: one decision at a time, each with the state
   * that the previous one left.
   */
  readonly next = (events: readonly SessionEvent[], state: SessionState): Command | undefined => {
    this.#hear(events);
    if (state.status !== "running") return undefined;
    const front = activeRuns(state.score);
    for (const { run } of front) if (!run.started && run.attempt === 0) this.#reached.add(beforeRun(run.key));
    const isDue = (decided: Decided): boolean =>
      decided.places.every((place) => this.#reached.has(place)) || raises(decided, state.limitHit?.limit);
    for (let at = this.#left.findIndex(isDue); at >= 0; at = this.#left.findIndex(isDue)) {
      const [decided] = this.#left.splice(at, 1);
      const command = decided === undefined ? undefined : this.#taken(decided, state);
      if (command !== undefined) return command;
    }
    const open = front.find(({ run }) => waitsForPerson(run));
    if (open === undefined || state.pauseRequested !== null) return undefined;
    const { question } = open.run;
    if (question?.kind === "quoted_call") return unaskedRefusal(question);
    this.#unanswered = unansweredText(open.run);
    const adjustment = { kind: "pause", by: this.#by, pause: "cancelled", reason: this.#unanswered } as const;
    return { kind: "adjust", adjustment };
  };

  #hear(events: readonly SessionEvent[]): void {
    for (const event of events) {
      const place = this.#places.heard(event);
      if (place !== undefined) this.#reached.add(place);
    }
  }

  /** What was decided then and could not be decided in this run, which is over: one sentence each. */
  notCarried(): readonly string[] {
    return [...this.#impossible, ...this.#left.map((decided) => `${nameOf(decided)}: ${whyNot(decided)}.`)];
  }

  /** The decision as a command; undefined, and reported, when the session does not accept it. */
  #taken(decided: Decided, state: SessionState): Command | undefined {
    const command = this.#commandOf(decided, state);
    try {
      accept(state, command);
      return command;
    } catch (error) {
      if (!OrketError.is(error)) throw error;
      this.#impossible.push(`${nameOf(decided)}: ${error.message}`);
      return undefined;
    }
  }

  #commandOf(decided: Decided, state: SessionState): Command {
    const by = this.#by;
    if (decided.kind === "adjustment") return { kind: "adjust", adjustment: { ...decided.data, by } };
    const front = activeRuns(state.score).find(({ run }) => run.key === decided.step)?.run;
    // Answers what is shown in this run, whatever was shown in the recorded one.
    if (decided.kind === "reply") {
      const { id, sha256 } = front?.question ?? decided.data;
      const { verdict, answers } = decided.data;
      return { kind: "answer_question", id, sha256, by, ...defined({ verdict, answers: typed(answers) }) };
    }
    const { decision, instruction, comment } = decided.data;
    const open = front?.approval;
    const { id, sha256 } = open ?? decided.data;
    return {
      kind: "resolve_approval",
      id,
      sha256,
      decision,
      by,
      ...defined({ instruction, comment }),
    };
  }
}

/** The answers to a list of questions as they were given, without the questions. */
function typed(answers: Json | undefined): Json | undefined {
  if (!Array.isArray(answers)) return answers;
  return (answers as readonly Json[]).map((one) =>
    typeof one === "object" && one !== null && "answer" in one ? (one.answer ?? "") : one,
  );
}

/** Why a repetition cannot continue at an open question. */
function unansweredText({ key, question }: StepRun): string {
  if (question?.kind === "foreign_tool")
    return `${key} calls ${question.tool ?? "a foreign tool"}, and a person must let each call through; a repetition asks nobody. A Flow that lists the tool under policy.foreign_tools can be repeated.`;
  if (question?.kind === "accept")
    return `${key} waits for a decision about files, which a repetition cannot give: it leaves the project as it is.`;
  return `It asked about ${key} where the recorded session did not, so there is no answer to give.`;
}

/** Another run can reach a limit at another place; the decision about the limit is applied there. */
function raises(decided: Decided, limit: LimitName | undefined): boolean {
  return (
    limit !== undefined &&
    decided.kind === "adjustment" &&
    decided.data.kind === "set_limit" &&
    decided.data.limit === limit
  );
}

/** Accepting changes the project, which a repetition must not do. */
function acceptedMeanwhile(events: readonly SessionEvent[]): string[] {
  const end = events.findIndex(({ type }) => type === "session_end");
  return events.slice(0, Math.max(0, end)).flatMap((event) => {
    if (event.type !== "artifact_accepted" && event.type !== "acceptance_reverted") return [];
    const what = event.type === "artifact_accepted" ? "accepted" : "taken back";
    return [
      `${event.data.path} was ${what} while the session ran (event ${event.seq}): a repetition leaves the project as it is.`,
    ];
  });
}

function nameOf(decided: Decided): string {
  const place = `(event ${decided.seq})`;
  if (decided.kind === "answer") return `The answer ${decided.data.decision} to ${decided.step} ${place}`;
  if (decided.kind === "reply") return `The answer to ${decided.step} ${place}`;
  const { kind } = decided.data;
  const { step = "", role = "", limit = "", value } = aboutAdjustment(decided.data);
  switch (kind) {
    case "patch":
      return `The new instruction of ${step} ${place}`;
    case "patch_role":
      return `The new prompt of ${role} ${place}`;
    case "set_model":
      return `The new model settings of ${role} ${place}`;
    case "enable":
    case "disable":
      return `The role ${role} switched ${kind === "enable" ? "on" : "off"} ${place}`;
    case "set_limit":
      return `The limit ${limit} set to ${value ?? "none"} ${place}`;
    default:
      return `The ${kind} of ${step} ${place}`;
  }
}

function whyNot(decided: Decided): string {
  if (decided.kind === "adjustment" && decided.data.kind === "retry")
    return "the step did not fail there this time";
  return "this run did not reach that place";
}
