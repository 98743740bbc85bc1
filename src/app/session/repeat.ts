import { providerOf } from "../../engine/model/called-venues";
import type { SessionEvent } from "../../engine/event/event";
import { OrketError } from "../../engine/error/orket-error";
import type { Cancellation } from "../../engine/port/cancellation";
import { artifactsAtEnd, compareRuns } from "../../engine/history/compare-runs";
import type { Parting } from "../../engine/history/compare-runs";
import { Steering } from "../../engine/conductor/steering";
import { inheritedEvents } from "../../engine/state/apply";
import type { SessionState } from "../../engine/state/state";
import { maxTitleLength, readTitle, renameSession } from "./label";
import { densitiesAtStart } from "../venue/calibration";
import { schemaRolesAtStart } from "../venue/schema-roles";
import { recordProof } from "./proof";
import type { Proof } from "./proof";
import { readSession } from "../../adapters/journal/session-folder";
import { forkAfter } from "./fork";
import { decidedBy, startSession } from "./open";
import type { LiveSession, RuntimeOptions } from "./session";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { defined } from "../../engine/model/defined";

/** One of the new runs. */
export interface Repetition {
  readonly session: string;
  /** It ended by itself, like the first one. */
  readonly completed: boolean;
  readonly sameArtifacts: boolean;
  readonly parting?: Parting;
  /** Why it did not complete. */
  readonly problem?: string;
  /** Decisions of the first session that this run did not reach, or could not repeat: a sentence each. */
  readonly notCarried: readonly string[];
}

/** Most runs for one comparison. */
export const maxRepetitions = 1000;

/** The outcome of one run, for users. */
export function repetitionText({ completed, sameArtifacts, parting, problem = "" }: Repetition): string {
  if (!completed) return `not completed. ${problem}`.trimEnd();
  const artifacts = sameArtifacts ? "the same artifacts" : "other artifacts";
  if (parting === undefined) return `${artifacts}, every prompt and reply the same`;
  if (parting.step === null) return artifacts;
  const what = parting.what === "prompt" ? "was asked another question" : "got another answer";
  return `${artifacts}; first differs at ${parting.step}, which ${what}`;
}

export interface RepeatReport {
  readonly session: string;
  readonly provider: string;
  readonly runs: readonly Repetition[];
  /** Runs that gave the same artifacts. */
  readonly same: number;
  /** Whether the runs were stopped early; then nothing is recorded as proven. */
  readonly cancelled: boolean;
}

export interface RepeatOptions {
  readonly times: number;
  /** A new session has been started; the number is its position, from 1. */
  readonly onSession?: (live: LiveSession, number: number) => void;
  readonly onDone?: (run: Repetition, number: number) => void;
  readonly cancellation?: Cancellation;
}

function refused(message: string, hint?: string): OrketError {
  return new OrketError("command_refused", message, hint === undefined ? {} : { hint });
}

/** @throws {OrketError} command_refused, saying why the session cannot be repeated. */
function checkRepeatable(events: readonly SessionEvent[]): void {
  const [start] = events;
  if (start?.type !== "session_start") throw refused("The session was never started.");
  if (artifactsAtEnd(events) === undefined) {
    throw refused("Only a session that was completed can be repeated.", "Go on with it first.");
  }
}

/** The step that a fork began at. */
function fromOf(events: readonly SessionEvent[], shared: number): { readonly from?: string } {
  const own = shared === 0 ? [] : events.slice(shared);
  const step = own.find(({ type }) => type === "step_start" || type === "step_skipped")?.step ?? null;
  return step === null ? {} : { from: step };
}

/** Performs the session, which steers itself. */
async function perform(
  { orchestrator }: LiveSession,
  cancellation: Cancellation | undefined,
): Promise<SessionState> {
  const cancel = (): void => {
    orchestrator.cancel();
  };
  cancellation?.addEventListener("abort", cancel, { once: true });
  try {
    if (cancellation?.aborted === true) cancel();
    return await orchestrator.run();
  } finally {
    cancellation?.removeEventListener("abort", cancel);
  }
}

/**
 * Runs the session's definition again with its model, each time as a new session that is steered at the same places
 * as the user steered it then, and compares the artifacts. The outcome is recorded beside the session's journal; the new
 * sessions have titles that state which run they are. Of a fork, what it shares is shared again, and only the rest is run.
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
  const by = decidedBy(options);
  const shared = inheritedEvents(events);
  // With room for the number, so that a title does not exceed its limit.
  const title = (await readTitle(environment.fs, directory)) ?? definition.flow.name;
  const name = title.slice(0, maxTitleLength - 30);
  const runs: Repetition[] = [];
  const isCancelled = (): boolean => cancellation?.aborted === true;
  while (runs.length < times && !isCancelled()) {
    const steering = new Steering(definition, events, by, shared);
    const live =
      shared === 0
        ? await startSession(definition, options, steering.next, {
            densities: densitiesAtStart(events),
            schemaRoles: schemaRolesAtStart(events),
          })
        : await forkAfter(record, events.slice(0, shared), definition, options, steering.next);
    const number = runs.length + 1;
    let run: Repetition;
    try {
      await renameSession(environment, live.directory, `${name}, run ${number} of ${times}`);
      onSession?.(live, number);
      if (shared > 0) live.orchestrator.resume(by);
      const state = await perform(live, cancellation);
      if (isCancelled() && state.status !== "ended") break;
      run = await judged(live, events, state, steering);
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
      repeated: { same, of: times, at, parted: partingsOf(runs), ...fromOf(events, shared) },
    });
  }
  return { session: record.paths.id, provider: providerOf(definition), runs, same, cancelled };
}

async function judged(
  live: LiveSession,
  events: readonly SessionEvent[],
  state: SessionState,
  steering: Steering,
): Promise<Repetition> {
  const again = await readSession(live.environment, live.directory);
  const { sameArtifacts, parting } = compareRuns(events, again.events);
  const completed = state.status === "ended" && state.outcome === "completed";
  const why = steering.unanswered ?? state.pause?.message ?? "It was stopped.";
  return {
    session: live.id,
    completed,
    sameArtifacts: completed && sameArtifacts,
    ...defined({ parting }),
    ...(completed ? {} : { problem: why }),
    notCarried: steering.notCarried(),
  };
}

/** Where the runs with different artifacts diverged, the most frequent place first. */
function partingsOf(runs: readonly Repetition[]): NonNullable<Proof["repeated"]>["parted"] {
  const counts = new Map<string | null, number>();
  for (const { sameArtifacts, parting } of runs) {
    if (sameArtifacts) continue;
    const step = parting?.step ?? null;
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  return [...counts].map(([step, count]) => ({ step, count })).sort((a, b) => b.count - a.count);
}
