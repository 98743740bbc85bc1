import { providerOf } from "../model/called-venues";
import type { BlobRef, Content } from "../event/content";
import type { EventData, Message } from "../event/event";
import type { TokenUsage } from "../event/tokens";
import type { StepNode } from "../model/definition";
import type { FieldMap } from "../model/field";
import { plannedSteps } from "../model/plan";
import { isForeign } from "../model/tools";
import type { Limits } from "../model/flow";
import { nextTryText } from "./next-try-text";
import { outcomeSentence } from "./outcome";
import { openPaths } from "../state/acceptance";
import { activeRuns, isLeftOut, conflictText, openConflict } from "../state/cursor";
import type { ActiveRun, FrontRun } from "../state/cursor";
import { decisionAbout } from "../state/decisions";
import { movedFrom } from "../state/renames";
import { artifactsOf } from "../state/scope";
import type { ArtifactChange } from "../state/scope";
import { nextTry } from "../state/going-on";
import { agentMayAnswer } from "../state/step-run";
import type { OpenSuggestion, PauseReason, SessionState, StepRecord } from "../state/state";
import { defined } from "../model/defined";
import { entryOf } from "../model/entry-of";

/** The state of a step, as shown to users. */
export type StepStatus = "planned" | "running" | "waiting" | "done" | "failed" | "skipped";

export interface StepView {
  /** The run's key; for a step that has not begun, its id. */
  readonly key: string;
  readonly id: string;
  readonly role: string;
  readonly status: StepStatus;
  readonly attempt: number;
  readonly turns: number;
  readonly tokens: TokenUsage;
  readonly costUsd?: number;
  readonly verdict?: string;
  /** A command that did not pass; its step is done anyway where the Score reads the verdict. */
  readonly red?: true;
  readonly summary?: Content;
  /** Why it failed or was skipped. */
  readonly reason?: string;
  readonly note?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** What it is doing right now, in a few words; only while it runs. */
  readonly activity?: string;
}

/** A question that waits for a person, with what is shown for it. */
export interface ApprovalView {
  readonly id: string;
  readonly kind: "before_step" | "after_step";
  readonly sha256: string;
  readonly step: string;
  readonly role: string;
  readonly instruction: string;
  /** before_step: the prompt that will be sent. */
  readonly prompt?: readonly Message[];
  /** after_step: the result. */
  readonly result?: EventData<"step_end">;
  /** The command that would be started, as JSON: a command asks, not an agent. */
  readonly command?: Content;
}

/** A question of the Score that waits for a person. */
export interface QuestionView {
  readonly id: string;
  /**
   * The Score asks; files wait; a loop did not reach its end; a command was cut off; a foreign tool is called; a call
   * appears in something that the step has read.
   */
  readonly kind: EventData<"question_asked">["kind"];
  /** Digest of what is shown; the answer contains it. */
  readonly sha256: string;
  readonly step: string;
  readonly text: Content;
  /** The words to choose from; empty: no word is requested. */
  readonly words: readonly string[];
  /** Fields to fill in besides the word. */
  readonly fields?: FieldMap;
  /** Several questions, each answered with a text. */
  readonly questions?: readonly string[];
  /** accept: the files that still wait for a decision. */
  readonly paths?: readonly string[];
  /** foreign_tool, quoted_call: the tool that is called. */
  readonly tool?: string;
  /** The Score lets an agent of the editor answer it too. */
  readonly agentMayAnswer?: true;
}

/** A file that the team proposes. */
export interface ArtifactView {
  readonly path: string;
  readonly change: "added" | "changed" | "deleted" | "renamed";
  /** Where a renamed file is in the project; it is removed when this is accepted. */
  readonly renamedFrom?: string;
  /** `partly`: some of it is in the project, or some of it was refused. */
  readonly decision: "pending" | "accepted" | "partly" | "rejected";
  /** Part of it still waits for a decision, although part of it is decided. */
  readonly open?: true;
  /** Why it was refused. */
  readonly reason?: string;
  readonly step: string;
  readonly content: BlobRef | null;
  /** It may be executed, and the project's file that it would replace may not. */
  readonly executable?: true;
  /** The project's file that it was made from: for a renamed file, the one at `renamedFrom`. */
  readonly base: BlobRef | null;
}

/** Whether part of it still waits for a person. */
export function isOpenArtifact({ decision, open }: Pick<ArtifactView, "decision" | "open">): boolean {
  return decision === "pending" || open === true;
}

export interface RoleView {
  readonly role: string;
  readonly description?: string;
  readonly enabled: boolean;
  readonly tokens: TokenUsage;
}

/** Everything that a screen or a printout shows about a session. Plain data. */
export interface SessionView {
  readonly session: string;
  readonly flow: string;
  readonly task: string;
  readonly provider: string;
  readonly startedAt: string;
  readonly status: SessionState["status"];
  /** A pause or a stop was requested and takes effect when the work under way has ended. */
  readonly halting?: "pausing" | "stopping";
  readonly pause?: { readonly reason: PauseReason; readonly message: string };
  readonly outcome?: "completed" | "stopped";
  /** Its state or end, in one sentence that names the step; absent while it runs. */
  readonly ending?: string;
  readonly steps: readonly StepView[];
  readonly approvals: readonly ApprovalView[];
  /** What the Score asks besides the approvals. */
  readonly questions: readonly QuestionView[];
  /** Suggestions of the drift rules without a decision, oldest first. */
  readonly suggestions: readonly OpenSuggestion[];
  /** The steps whose failure the session waits for a decision on. */
  readonly failed: readonly FailureView[];
  readonly roles: readonly RoleView[];
  readonly artifacts: readonly ArtifactView[];
  readonly tokens: TokenUsage;
  readonly costUsd?: number;
  readonly modelCalls: number;
  readonly activeMs: number;
  readonly limits: Limits;
  readonly events: number;
  /** Moves to a model that is a different one, or cannot be shown to be the same; absent when there was none. */
  readonly digestChanges?: number;
  /** Foreign tools that its agents may call, which Orket cannot bound; absent: none. */
  readonly foreignTools?: readonly string[];
}

export interface FailureView {
  readonly step: string;
  readonly code: string;
  readonly message: string;
  /** How a retry without a change continues it, after its name: `continues with turn 3`. */
  readonly retry?: string;
}

/** The only view of a session, for the command line, the panels and the trees. */
export function viewSession(state: SessionState): SessionView {
  const runs = activeRuns(state.score);
  const { spending } = state;
  const ending = outcomeSentence(state);
  return {
    session: state.session,
    flow: state.definition.flow.name,
    task: state.definition.flow.task,
    provider: providerOf(state.definition),
    startedAt: state.startedAt,
    status: state.status,
    ...haltingOf(state),
    ...(state.pause === null ? {} : { pause: state.pause }),
    ...(state.outcome === null ? {} : { outcome: state.outcome }),
    ...defined({ ending }),
    steps: stepsOf(state, runs),
    approvals: runs.flatMap(approvalOf),
    questions: questionsOf(state, runs),
    suggestions: state.suggestions,
    failed: failuresOf(state, runs),
    roles: Object.entries(state.definition.band.roles).map(([role, { description }]) => ({
      role,
      ...defined({ description }),
      enabled: entryOf(state.disabledRoles, role) === undefined,
      tokens: entryOf(spending.byRole, role) ?? {},
    })),
    artifacts: artifactViews(state),
    tokens: spending.tokens,
    ...defined({ costUsd: spending.costUsd }),
    modelCalls: spending.modelCalls,
    activeMs: spending.activeMs,
    limits: state.limits,
    events: state.events,
    ...(state.digestChanges === 0 ? {} : { digestChanges: state.digestChanges }),
    ...foreignToolsOf(state),
  };
}

function foreignToolsOf({ definition }: SessionState): Pick<SessionView, "foreignTools"> {
  const tools = Object.values(definition.band.roles).flatMap((role) => role.tools.filter(isForeign));
  return tools.length === 0 ? {} : { foreignTools: [...new Set(tools)] };
}

function haltingOf(state: SessionState): Pick<SessionView, "halting"> {
  if (state.status !== "running") return {};
  if (state.stopRequested) return { halting: "stopping" };
  return state.pauseRequested === null ? {} : { halting: "pausing" };
}

/** The artifacts that a person can decide about; one that was made and deleted again proposes nothing. */
export function artifactViews(state: SessionState): ArtifactView[] {
  const views: ArtifactView[] = [];
  const changes = artifactsOf(state.score.scope);
  const origins = new Map(changes.map((change) => [change.path, movedFrom(state, change)]));
  const moved = new Set([...origins.values()].flatMap((origin) => origin?.path ?? []));
  for (const change of changes) {
    const origin = origins.get(change.path);
    const kind = origin === undefined ? changeKind(change) : "renamed";
    if (kind === undefined || moved.has(change.path)) continue;
    const { verdict, open, reason } = decisionAbout(state, change);
    views.push({
      path: change.path,
      change: kind,
      decision: verdict,
      ...(open && verdict !== "pending" ? { open: true as const } : {}),
      ...defined({ reason }),
      step: change.step,
      content: change.content,
      base: origin === undefined ? change.base : origin.base,
      ...defined({ renamedFrom: origin?.path }),
      ...(becomesExecutable(change) ? { executable: true as const } : {}),
    });
  }
  return views;
}

function changeKind(change: ArtifactChange): ArtifactView["change"] | undefined {
  const { base, content } = change;
  if (content === null) return base === null ? undefined : "deleted";
  if (base === null) return "added";
  return base.sha256 === content.sha256 && !becomesExecutable(change) ? undefined : "changed";
}

function becomesExecutable({ executable, baseExecutable }: ArtifactChange): boolean {
  return executable === true && baseExecutable !== true;
}

function approvalOf({ run }: ActiveRun): ApprovalView[] {
  if (run.approval === null) return [];
  const { id, kind, sha256 } = run.approval;
  return [
    {
      id,
      kind,
      sha256,
      step: run.key,
      role: run.node.role,
      instruction: run.instruction,
      ...(kind === "before_step" && run.prompt !== null ? { prompt: run.prompt.messages } : {}),
      ...(kind === "after_step" && run.ended !== null ? { result: run.ended } : {}),
      ...(run.node.does?.kind === "run" ? defined({ command: run.approval.shows }) : {}),
    },
  ];
}

/** The open questions. Files that are all decided wait for no one, though the step has not ended yet. */
function questionsOf(state: SessionState, runs: readonly ActiveRun[]): QuestionView[] {
  return runs.flatMap(({ run }) => {
    if (run.question === null) return [];
    const { id, kind, sha256, text, verdict, fields, questions, paths, tool } = run.question;
    const open = openPaths(state, paths ?? []);
    if (kind === "accept" && open.length === 0) return [];
    return [
      {
        id,
        kind,
        sha256,
        step: run.key,
        text,
        words: verdict ?? [],
        ...(fields === undefined ? {} : { fields: fields as FieldMap }),
        ...defined({ questions, tool }),
        ...(kind === "accept" ? { paths: open } : {}),
        ...(agentMayAnswer(run) ? { agentMayAnswer: true } : {}),
      },
    ];
  });
}

function failuresOf(state: SessionState, runs: readonly FrontRun[]): SessionView["failed"] {
  const failed = runs.flatMap((active): FailureView[] => {
    const { run } = active;
    if (run.failure === null || isLeftOut(active)) return [];
    const retry = nextTryText(nextTry(state, run, false) ?? {}) ?? "begins anew";
    return [{ step: run.key, ...run.failure, retry }];
  });
  const conflict = openConflict(state.score);
  if (conflict === undefined) return failed;
  return [...failed, { step: conflict.step, code: "parallel_conflict", message: conflictText(conflict) }];
}

/** The steps that began, in that order, then those that are still planned. */
function stepsOf(state: SessionState, runs: readonly ActiveRun[]): StepView[] {
  const current = new Map(runs.map((active) => [active.run.key, active]));
  const nodes = new Map(plannedSteps(state.definition.score.steps).map(({ node }) => [node.id, node]));
  const views: StepView[] = [];
  const begun = new Set<string>();
  for (const record of state.steps.slice()) {
    begun.add(record.id);
    views.push(startedView(record, current.get(record.key), nodes.get(record.id)));
  }
  if (state.status === "ended") return views;
  for (const { run } of runs) {
    if (run.order === undefined && begun.has(run.node.id)) views.push(plannedView(run.key, run.node));
  }
  for (const { node } of plannedSteps(state.definition.score.steps)) {
    if (!begun.has(node.id)) views.push(plannedView(node.id, node));
  }
  return views;
}

function plannedView(key: string, node: { id: string; role: string; note?: string | undefined }): StepView {
  const note = node.note === undefined ? {} : { note: node.note };
  return { key, id: node.id, role: node.role, status: "planned", attempt: 0, turns: 0, tokens: {}, ...note };
}

/** Whether a step ran a command that did not pass. */
function isRed(node: StepNode | undefined, verdict: string | undefined): boolean {
  return node?.does?.kind === "run" && verdict !== undefined && verdict !== "pass";
}

function startedView(
  record: StepRecord,
  active: ActiveRun | undefined,
  node: StepNode | undefined,
): StepView {
  const waiting = active !== undefined && (active.run.approval !== null || active.run.question !== null);
  return {
    key: record.key,
    id: record.id,
    role: record.role,
    status: waiting ? "waiting" : record.status,
    attempt: record.attempt,
    turns: record.turns,
    tokens: record.tokens,
    ...defined({
      costUsd: record.costUsd,
      verdict: record.verdict,
      red: isRed(node, record.verdict) ? (true as const) : undefined,
      summary: record.summary,
      reason: record.reason,
      note: node?.note,
    }),
    startedAt: record.startedAt,
    ...defined({ endedAt: record.endedAt }),
    ...activityOf(record, active),
  };
}

function questionActivity({ kind, tool = "a tool" }: NonNullable<ActiveRun["run"]["question"]>): string {
  if (kind === "foreign_tool" || kind === "quoted_call") return `asks whether it may call ${tool}`;
  return kind === "accept" ? "waits for a decision about files" : "asks a question";
}

function activityOf(record: StepRecord, active: ActiveRun | undefined): Pick<StepView, "activity"> {
  if (record.status !== "running" || active === undefined) return {};
  const { run } = active;
  if (run.approval !== null)
    return {
      activity: run.approval.kind === "before_step" ? "asks before it begins" : "asks about its result",
    };
  if (run.question !== null)
    return {
      activity: questionActivity(run.question),
    };
  if (run.call !== null) {
    return run.call.attempt > 1
      ? { activity: `waits for the model, try ${run.call.attempt}` }
      : { activity: "waits for the model" };
  }
  if (run.openTool !== null) return { activity: `uses ${run.openTool.call.tool}` };
  return { activity: "at work" };
}
