import { type EventData, type EventOf, type SessionEvent } from "../../engine/event/event";
import { OrketError } from "../../engine/error/orket-error";
import { type Cancellation } from "../../engine/port/cancellation";
import { artifactsAtEnd, compareRuns, type Parting } from "../../engine/session/compare-runs";
import { type SessionState } from "../../engine/state/state";
import { viewSession } from "../../engine/view/session-view";
import { recordProof, type Proof } from "../session/proof";
import { readSession } from "../session/sessions";
import { nodeEnvironment, startSession, type LiveSession, type RuntimeOptions } from "./session-runtime";

/** One of the new runs. */
export interface Repetition {
  readonly session: string;
  /** It ended by itself, as the first one did. */
  readonly completed: boolean;
  readonly sameArtifacts: boolean;
  readonly parting?: Parting;
  /** Why it did not complete. */
  readonly problem?: string;
}

export interface RepeatReport {
  readonly session: string;
  readonly provider: string;
  readonly runs: readonly Repetition[];
  /** Runs that gave the same artifacts. */
  readonly same: number;
  /** Whether the runs were ended before all were made; then nothing is recorded as proven. */
  readonly cancelled: boolean;
}

export interface RepeatOptions {
  readonly times: number;
  /** A new session has been started; the number is its place, from 1. */
  readonly onSession?: (live: LiveSession, number: number) => void;
  readonly onDone?: (run: Repetition, number: number) => void;
  readonly cancellation?: Cancellation;
}

function refused(message: string, mend?: string): OrketError {
  return new OrketError("command_refused", message, mend === undefined ? {} : { mend });
}

/** What a person did beside answering questions cannot be done again at the same moment. */
const unrepeatable: ReadonlySet<string> = new Set([
  "skip",
  "patch",
  "enable",
  "disable",
  "set_limit",
  "stop",
]);

/** @throws {OrketError} command_refused, saying why the session cannot be repeated. */
function checkRepeatable(events: readonly SessionEvent[]): void {
  const [start] = events;
  if (start?.type !== "session_start") throw refused("The session was never started.");
  if (start.data.forked_from !== undefined) {
    throw refused(
      "A fork cannot be repeated: its first steps were taken from another session.",
      "Repeat the session that it was forked from, or run the Flow anew.",
    );
  }
  if (artifactsAtEnd(events) === undefined) {
    throw refused("Only a session that was completed can be repeated.", "Go on with it first: orket resume.");
  }
  for (const event of events) {
    if (event.type !== "adjustment" || !unrepeatable.has(event.data.kind)) continue;
    if (event.data.by !== "person" && event.data.by !== "command_line") continue;
    throw refused(
      `The session was steered by hand (${event.data.kind}, event ${event.seq.toString()}), which cannot be done again at the same moment.`,
      "Change the files instead, run the Flow, and repeat that session.",
    );
  }
}

type Answer = EventData<"approval_resolved">;

/** The answers that were given, by step, kind of question and how often it was asked before. */
class Answers {
  private readonly given = new Map<string, Answer>();

  constructor(events: readonly SessionEvent[]) {
    const asked = new Asked();
    const open = new Map<string, string>();
    for (const event of events) {
      if (event.type === "approval_requested") open.set(event.data.id, asked.keyOf(event));
      else if (event.type === "approval_resolved") {
        const key = open.get(event.data.id);
        if (key !== undefined) this.given.set(key, event.data);
      }
    }
  }

  at(key: string): Answer | undefined {
    return this.given.get(key);
  }
}

/** Counts questions. */
class Asked {
  private readonly counts = new Map<string, number>();

  keyOf(event: EventOf<"approval_requested">): string {
    const question = `${event.step ?? ""} ${event.data.kind}`;
    const before = this.counts.get(question) ?? 0;
    this.counts.set(question, before + 1);
    return `${question} ${before.toString()}`;
  }
}

/** Performs the session, answering as was answered before. */
async function performAsRecorded(
  live: LiveSession,
  answers: Answers,
  cancellation: Cancellation | undefined,
): Promise<{ readonly state: SessionState; readonly problem?: string }> {
  const { orchestrator } = live;
  const asked = new Asked();
  let problem: string | undefined;
  const answer = (event: EventOf<"approval_requested">): void => {
    const recorded = answers.at(asked.keyOf(event));
    if (recorded === undefined) {
      problem = `It asked about ${event.step ?? ""} where the recorded session did not, so there is no answer to give.`;
      orchestrator.cancel(problem);
      return;
    }
    const { decision, instruction, comment } = recorded;
    orchestrator.submit({
      kind: "resolve_approval",
      id: event.data.id,
      sha256: event.data.sha256,
      decision,
      by: "command_line",
      ...(instruction === undefined ? {} : { instruction }),
      ...(comment === undefined ? {} : { comment }),
    });
  };
  const unlisten = orchestrator.listen({
    onEvents: (events) => {
      const questions = events.filter((event) => event.type === "approval_requested");
      // The run that told of the question has its own step to end first.
      setImmediate(() => {
        for (const question of questions)
          if (problem === undefined && isOpen(live, question)) answer(question);
      });
    },
  });
  const cancel = (): void => {
    orchestrator.cancel();
  };
  cancellation?.addEventListener("abort", cancel, { once: true });
  try {
    if (cancellation?.aborted === true) cancel();
    const state = await orchestrator.run();
    return problem === undefined ? { state } : { state, problem };
  } finally {
    cancellation?.removeEventListener("abort", cancel);
    unlisten();
  }
}

function isOpen(live: LiveSession, question: EventOf<"approval_requested">): boolean {
  const { state } = live.orchestrator;
  return state.status === "running" && viewSession(state).approvals.some(({ id }) => id === question.data.id);
}

/**
 * Runs the session's definition again against its model, each time as a new session, with the recorded answers at the
 * same questions, and compares the artifacts. What comes of it is recorded beside the session's journal.
 * @throws {OrketError} command_refused when the session cannot be repeated; session_not_found, journal_damaged, and what
 * starting a session throws.
 */
export async function repeatSession(
  directory: string,
  options: RuntimeOptions,
  { times, onSession, onDone, cancellation }: RepeatOptions,
): Promise<RepeatReport> {
  const environment = options.environment ?? nodeEnvironment;
  const record = await readSession(environment, directory);
  if (record.damage !== undefined) throw record.damage;
  const { events, definition } = record;
  checkRepeatable(events);
  const answers = new Answers(events);
  const runs: Repetition[] = [];
  const isCancelled = (): boolean => cancellation?.aborted === true;
  while (runs.length < times && !isCancelled()) {
    const live = await startSession(definition, options);
    const number = runs.length + 1;
    let run: Repetition;
    try {
      onSession?.(live, number);
      const { state, problem } = await performAsRecorded(live, answers, cancellation);
      if (isCancelled() && state.status !== "ended") break;
      run = await judged(live, events, state, problem);
    } finally {
      await live.close();
    }
    runs.push(run);
    onDone?.(run, number);
  }
  const cancelled = runs.length < times;
  const same = runs.filter(({ sameArtifacts }) => sameArtifacts).length;
  if (!cancelled) {
    const at = new Date(environment.clock.nowMs()).toISOString();
    await recordProof(environment, directory, {
      repeated: { same, of: times, at, parted: partingsOf(runs) },
    });
  }
  return { session: record.paths.id, provider: definition.venue.provider, runs, same, cancelled };
}

async function judged(
  live: LiveSession,
  events: readonly SessionEvent[],
  state: SessionState,
  problem: string | undefined,
): Promise<Repetition> {
  const again = await readSession(live.environment, live.directory);
  const { sameArtifacts, parting } = compareRuns(events, again.events);
  const completed = state.status === "ended" && state.outcome === "completed";
  const why = problem ?? state.pause?.message ?? "It was stopped.";
  return {
    session: live.id,
    completed,
    sameArtifacts: completed && sameArtifacts,
    ...(parting === undefined ? {} : { parting }),
    ...(completed ? {} : { problem: why }),
  };
}

/** Where the runs that gave other artifacts parted, the most frequent place first. */
function partingsOf(runs: readonly Repetition[]): NonNullable<Proof["repeated"]>["parted"] {
  const counts = new Map<string | null, number>();
  for (const { sameArtifacts, parting } of runs) {
    if (sameArtifacts) continue;
    const step = parting?.step ?? null;
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  return [...counts].map(([step, count]) => ({ step, count })).sort((a, b) => b.count - a.count);
}
