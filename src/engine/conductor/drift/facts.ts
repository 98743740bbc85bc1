import type { Content } from "../../event/content";
import { contentLength, isInline } from "../../event/content";
import type { EventOf, SessionEvent } from "../../event/event";
import { PersistentMap } from "../../state/persistent-map";
import { entryOf } from "../../model/entry-of";

/** One tool call of a run. */
export interface CallFacts {
  readonly seq: number;
  readonly tool: string;
  /** Equal strings for equal arguments; likewise for `answer`. */
  readonly args: string;
  readonly answer: string | undefined;
  readonly ok: boolean | undefined;
  readonly id: string;
}

/** One write or deletion of a run. */
export interface WriteFacts {
  readonly seq: number;
  readonly path: string;
  readonly sha256: string | null;
  readonly bytes: number;
  /** The previous content, in the session or in the project; null: nothing. */
  readonly before: { readonly sha256: string; readonly bytes: number } | null;
}

/** What the rules read of one attempt of a step. */
export interface RunFacts {
  readonly key: string;
  readonly id: string;
  readonly role: string;
  readonly iteration: readonly number[];
  readonly startSeq: number;
  readonly calls: readonly CallFacts[];
  /** The replies that were cut off at the length limit. */
  readonly cut: readonly number[];
  readonly longestReply: { readonly seq: number; readonly bytes: number };
  readonly writes: readonly WriteFacts[];
  readonly end: {
    readonly seq: number;
    /** undefined: it is done. */
    readonly failed: { readonly code: string; readonly message: string } | undefined;
    readonly names: readonly string[];
    readonly claims: readonly string[];
    /** How many runs of the step in a row ended with this exact report, and where. */
    readonly same: readonly number[];
    readonly report: string;
  } | null;
}

/** What is kept of the step's previous run. */
export interface EarlierFacts {
  readonly key: string;
  readonly endSeq: number;
  readonly report: string;
  readonly same: readonly number[];
  readonly longestReply: number;
  /** It, or an earlier one, wrote files. */
  readonly wrote: boolean;
}

/** The files that the team planned, and which event holds the plan. */
export interface PlanFacts {
  readonly seq: number;
  readonly step: string;
  readonly paths: readonly string[];
}

/**
 * What the drift rules read, collected from the events one by one. Its size grows with the steps, the files and the
 * runs under way, not with the events.
 */
export interface DriftFacts {
  /** Runs under way, by key. */
  readonly runs: Readonly<Record<string, RunFacts>>;
  /** The run that ended last. */
  readonly ended: RunFacts | null;
  /** The newest ended run of each step, by its key without the round; excludes the one that ended last. */
  readonly earlier: PersistentMap<EarlierFacts>;
  /** The current content of each file that the session wrote. */
  readonly files: PersistentMap<{ readonly sha256: string; readonly bytes: number } | null>;
  readonly plan: PlanFacts | null;
  /** Files that reports after the plan named. */
  readonly told: readonly string[];
  /** The newest verdict of each step or command, by the step's id. */
  readonly verdicts: PersistentMap<{
    readonly seq: number;
    readonly verdict: string;
  }>;
  /** Steps of the Score that ended or were skipped, by id, and how many they are. */
  readonly seen: PersistentMap<true>;
  readonly done: number;
}

export const noFacts: DriftFacts = {
  runs: {},
  ended: null,
  earlier: PersistentMap.empty(),
  files: PersistentMap.empty(),
  plan: null,
  told: [],
  verdicts: PersistentMap.empty(),
  seen: PersistentMap.empty(),
  done: 0,
};

/** Most calls, and most named files, that are kept; later ones are ignored. */
const maxCalls = 100;
const maxTold = 500;

/** The facts after one more event. Never reads contents that are stored outside the journal. */
export function observe(facts: DriftFacts, event: SessionEvent): DriftFacts {
  switch (event.type) {
    case "step_start":
      return started(facts, event);
    case "step_end":
    case "step_failed":
      return ended(facts, event);
    case "step_skipped":
      return { ...without(facts, event.step ?? ""), ...counted(facts, event.data.id) };
    case "verdict_set":
      return withVerdict(facts, event.step, event.seq, event.data.verdict);
    case "command_end":
      return withVerdict(facts, event.step, event.seq, event.data.verdict);
    case "artifact_written":
    case "artifact_deleted":
      return written(facts, event);
    case "tool_call":
    case "tool_result":
    case "tool_denied":
    case "model_call_end":
      return withRun(facts, event.step, (run) => called(run, event));
    default:
      return facts;
  }
}

function started(facts: DriftFacts, { seq, step, data }: EventOf<"step_start">): DriftFacts {
  const key = step ?? "";
  const before = data.from_turn !== undefined && facts.ended?.key === key ? facts.ended : undefined;
  const run: RunFacts = {
    key,
    id: data.id,
    role: data.role,
    iteration: data.iteration ?? [],
    startSeq: seq,
    calls: [],
    cut: [],
    longestReply: { seq, bytes: 0 },
    writes: [],
    ...before,
    end: null,
  };
  return { ...facts, runs: { ...facts.runs, [key]: run } };
}

function ended(facts: DriftFacts, event: EventOf<"step_end"> | EventOf<"step_failed">): DriftFacts {
  const run = entryOf(facts.runs, event.step ?? "");
  if (run === undefined) return facts;
  if (event.type === "step_failed" && event.data.will_retry) return without(facts, run.key);
  const settled = remembered(facts);
  const before = settled.earlier.get(placeOf(run.key));
  const report = event.type === "step_end" ? keyOf(event.data.summary) : "";
  const isLong = event.type === "step_end" && contentLength(event.data.summary) >= shortestReport;
  const same = isLong && before?.report === report ? [...before.same, event.seq] : [event.seq];
  const end: NonNullable<RunFacts["end"]> = {
    seq: event.seq,
    failed: event.type === "step_failed" ? { code: event.data.code, message: event.data.message } : undefined,
    names: event.type === "step_end" ? (event.data.names ?? []) : [],
    claims: event.type === "step_end" ? (event.data.claims ?? []) : [],
    same,
    report,
  };
  const now: DriftFacts = { ...without(settled, run.key), ended: { ...run, end } };
  if (end.failed !== undefined) return now;
  return planned({ ...now, ...counted(now, run.id) }, { ...run, end }, end);
}

/** Reports below this many characters ("done", "approved") are too short to show that a team repeats itself. */
const shortestReport = 60;

/** A step's output counts as a plan when it names at least two files and the step itself writes only documents. */
function planned(facts: DriftFacts, run: RunFacts, end: NonNullable<RunFacts["end"]>): DriftFacts {
  const isPlan = end.names.length >= 2 && run.writes.every(({ path }) => mayBePlan.test(path));
  const isFirst = facts.plan === null || facts.plan.step === run.id;
  if (isPlan && isFirst && facts.done <= 3)
    return { ...facts, plan: { seq: end.seq, step: run.id, paths: end.names } };
  if (facts.plan === null || end.names.length === 0) return facts;
  return { ...facts, told: [...new Set([...facts.told, ...end.names])].slice(-maxTold) };
}

const mayBePlan = /\.(?:md|txt|rst|json|ya?ml)$/i;

export function isDocument(path: string): boolean {
  return /\.(?:md|txt|rst)$/i.test(path);
}

/** A run's key without its round: the same step, for the same item. */
export function placeOf(key: string): string {
  const at = key.lastIndexOf("#");
  return at < 0 ? key : key.slice(0, at);
}

/** Moves the previously ended run into what is kept of its step. */
function remembered(facts: DriftFacts): DriftFacts {
  const { ended: run } = facts;
  if (run?.end == null) return facts;
  const place = placeOf(run.key);
  const before = facts.earlier.get(place);
  return {
    ...facts,
    ended: null,
    earlier: facts.earlier.set(place, {
      key: run.key,
      endSeq: run.end.seq,
      report: run.end.report,
      same: run.end.same,
      longestReply: Math.max(run.longestReply.bytes, before?.longestReply ?? 0),
      wrote: run.writes.length > 0 || before?.wrote === true,
    }),
  };
}

/** Counts the step as done, once. */
function counted({ seen, done }: DriftFacts, id: string): Pick<DriftFacts, "seen" | "done"> {
  return seen.get(id) === true ? { seen, done } : { seen: seen.set(id, true), done: done + 1 };
}

function without(facts: DriftFacts, key: string): DriftFacts {
  const { [key]: _, ...runs } = facts.runs;
  return { ...facts, runs };
}

function withRun(facts: DriftFacts, key: string | null, change: (run: RunFacts) => RunFacts): DriftFacts {
  const run = entryOf(facts.runs, key ?? "");
  return run === undefined ? facts : { ...facts, runs: { ...facts.runs, [run.key]: change(run) } };
}

type CallEvent =
  EventOf<"tool_call"> | EventOf<"tool_result"> | EventOf<"tool_denied"> | EventOf<"model_call_end">;

function called(run: RunFacts, event: CallEvent): RunFacts {
  switch (event.type) {
    case "tool_call": {
      const { tool, args, call_id: id } = event.data;
      const call = { seq: event.seq, tool, args: keyOf(args), answer: undefined, ok: undefined, id };
      return run.calls.length < maxCalls ? { ...run, calls: [...run.calls, call] } : run;
    }
    case "tool_result":
      return answered(run, event.data.call_id, event.data.ok, keyOf(event.data.content));
    case "tool_denied":
      return answered(run, event.data.call_id, false, keyOf({ text: event.data.message }));
    case "model_call_end": {
      const { finish_reason: finish, reply } = event.data;
      const bytes = contentLength(reply);
      return {
        ...run,
        cut: finish === "length" ? [...run.cut, event.seq] : run.cut,
        longestReply: bytes > run.longestReply.bytes ? { seq: event.seq, bytes } : run.longestReply,
      };
    }
  }
}

function answered(run: RunFacts, id: string, ok: boolean, answer: string): RunFacts {
  const calls = run.calls.map((call) => (call.id === id ? { ...call, ok, answer } : call));
  return { ...run, calls };
}

function written(
  facts: DriftFacts,
  event: EventOf<"artifact_written"> | EventOf<"artifact_deleted">,
): DriftFacts {
  const { path, base } = event.data;
  const known = facts.files.get(path);
  const before = known === undefined ? base : known;
  const content = event.type === "artifact_written" ? event.data.content : null;
  const write: WriteFacts = {
    seq: event.seq,
    path,
    sha256: content?.sha256 ?? null,
    bytes: content?.bytes ?? 0,
    before: before === null ? null : { sha256: before.sha256, bytes: before.bytes },
  };
  const moved = event.type === "artifact_written" ? event.data.moved_from : undefined;
  const files = moved === undefined ? facts.files : facts.files.set(moved.path, null);
  return withRun({ ...facts, files: files.set(path, content) }, event.step, (run) => ({
    ...run,
    writes: [...run.writes, write],
  }));
}

function withVerdict(
  facts: DriftFacts,
  key: string | null,
  seq: number,
  verdict: string | undefined,
): DriftFacts {
  const id = entryOf(facts.runs, key ?? "")?.id;
  return id === undefined || verdict === undefined
    ? facts
    : { ...facts, verdicts: facts.verdicts.set(id, { seq, verdict }) };
}

/** A short name for a text: its length and FNV-1a over its UTF-16 units, twice; for a longer text, its digest. */
function keyOf(content: Content): string {
  if (!isInline(content)) return content.sha256;
  let [one, other] = [0x811c9dc5, 0x9e3779b9];
  for (let index = 0; index < content.text.length; index += 1) {
    const unit = content.text.charCodeAt(index);
    one = Math.imul(one ^ unit, 0x01000193);
    other = Math.imul(other ^ unit, 0x85ebca6b) + index;
  }
  return `${content.text.length}:${(one >>> 0).toString(16)}${(other >>> 0).toString(16)}`;
}
