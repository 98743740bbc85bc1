import type { BlobRef } from "../event/content";
import type { EventData, EventOf } from "../event/event";
import { changeAt } from "./scope";
import type { ArtifactChange } from "./scope";
import type { Acceptance, ArtifactDecision, ProposedChange, SessionState } from "./state";
import { defined } from "../model/defined";
import { entryOf } from "../model/entry-of";

/** Longest part of a reason that steps are told. */
const maxReasonLength = 500;

export type DecisionEvent =
  EventOf<"artifact_accepted"> | EventOf<"artifact_rejected"> | EventOf<"acceptance_reverted">;

/** The decisions about a path after one more event. */
export function decided(state: SessionState, event: DecisionEvent): SessionState {
  switch (event.type) {
    case "artifact_accepted":
      return accepted(state, event);
    case "artifact_rejected":
      return rejected(state, event);
    case "acceptance_reverted":
      return reverted(state, event);
  }
}

function proposedAt(state: SessionState, path: string): BlobRef | null {
  return changeAt(state.score.scope, path)?.content ?? null;
}

function mayBeExecuted(state: SessionState, path: string): { executable?: true } {
  return changeAt(state.score.scope, path)?.executable === true ? { executable: true } : {};
}

function changeOf({ base, content }: NonNullable<EventData<"artifact_accepted">["rest"]>): ProposedChange {
  return { base: base ?? null, content: content ?? null };
}

function withDecision(
  state: SessionState,
  path: string,
  decision: ArtifactDecision | undefined,
): SessionState {
  const { [path]: _, ...others } = state.decisions;
  return { ...state, decisions: decision === undefined ? others : { ...others, [path]: decision } };
}

function accepted(state: SessionState, { seq, step, data }: EventOf<"artifact_accepted">): SessionState {
  const { path, content, replaced, mode, rest } = data;
  const { file_mode: fileMode, renamed_from: renamedFrom, renamed_to: renamedTo } = data;
  const of = proposedAt(state, path);
  const acceptance: Acceptance = {
    seq,
    content,
    replaced,
    of,
    mode,
    goal: rest === undefined ? content : (rest.content ?? null),
    ...defined({ fileMode, madeExecutable: data.made_executable, renamedFrom, renamedTo }),
  };
  const { [path]: top, ...others } = state.undone;
  // Undoing a revert is the acceptance of no step; any other one leaves nothing to undo.
  const earlier = step === null ? top?.earlier : undefined;
  const undone = earlier === undefined ? others : { ...others, [path]: earlier };
  const before = entryOf(state.decisions, path);
  const isPart =
    before !== undefined &&
    before.of?.sha256 === of?.sha256 &&
    (before.kind === "rejected" ? before.rest !== undefined : before.refused === true);
  const decision: ArtifactDecision = {
    kind: "accepted",
    content,
    replaced,
    of,
    ...mayBeExecuted(state, path),
    ...(rest === undefined ? {} : { rest: changeOf(rest) }),
    ...(isPart ? { refused: true as const } : {}),
  };
  return {
    ...withDecision(state, path, decision),
    acceptances: { ...state.acceptances, [path]: [...(entryOf(state.acceptances, path) ?? []), acceptance] },
    undone,
  };
}

function rejected(state: SessionState, { data }: EventOf<"artifact_rejected">): SessionState {
  const { path, reason, rest, by } = data;
  const before = entryOf(state.decisions, path);
  const of = proposedAt(state, path);
  // A rejection of everything that was left replaces an earlier one; a chain only grows by hunks.
  const holds = before !== undefined && before.of?.sha256 === of?.sha256;
  const below = holds && before.kind === "rejected" && before.rest === undefined ? before.over : before;
  const over = holds && below !== undefined ? { over: below } : {};
  return withDecision(state, path, {
    kind: "rejected",
    of,
    ...mayBeExecuted(state, path),
    ...defined({ reason }),
    ...(rest === undefined ? {} : { rest: changeOf(rest) }),
    // Earlier sessions had no `by`, and told no step.
    ...(by === undefined ? {} : { told: true as const }),
    ...over,
  });
}

function reverted(state: SessionState, { data }: EventOf<"acceptance_reverted">): SessionState {
  const { path, from, to, acceptance: seq } = data;
  const decision = entryOf(state.decisions, path);
  const next = { ...state, reverted: { ...state.reverted, [path]: to?.sha256 ?? null } };
  if (decision?.kind === "rejected" && seq === undefined) return withDecision(next, path, decision.over);
  const list = entryOf(state.acceptances, path) ?? [];
  const taken = seq === undefined ? list.at(-1) : list.find((one) => one.seq === seq);
  if (taken === undefined) return withDecision(next, path, undefined);
  const left = list.filter((one) => one !== taken);
  const { [path]: _, ...others } = state.acceptances;
  const after: SessionState = {
    ...next,
    acceptances: left.length === 0 ? others : { ...others, [path]: left },
    undone: {
      ...state.undone,
      [path]: { ...taken, from, to, ...defined({ earlier: entryOf(state.undone, path) }) },
    },
  };
  const last = left.at(-1);
  if (last === undefined) return withDecision(after, path, undefined);
  const goal = list.at(-1)?.goal ?? null;
  return withDecision(after, path, {
    kind: "accepted",
    content: to,
    replaced: last.replaced,
    of: last.of,
    ...(decision?.executable === true ? { executable: true as const } : {}),
    ...(goal?.sha256 === to?.sha256 ? {} : { rest: { base: to, content: goal } }),
  });
}

/** What a step is told about an artifact that a person rejected, or accepted only in part. */
export function refusalOf({ decisions }: SessionState, path: string): string | undefined {
  const decision = entryOf(decisions, path);
  if (decision?.kind !== "rejected" || decision.told !== true) return undefined;
  const part = decision.rest === undefined ? "refused it" : "refused a part of it";
  const reason = decision.reason?.replace(/\s+/g, " ").slice(0, maxReasonLength);
  return `(a person ${part}${reason === undefined ? "" : `: ${reason}`})`;
}

/** The state of an artifact. `partly`: some of it is in the project or refused; `open` says whether the rest still waits. */
export interface DecisionAbout {
  readonly verdict: "pending" | "accepted" | "partly" | "rejected";
  /** A person must still decide about part of it. */
  readonly open: boolean;
  readonly reason?: string;
}

/** What is decided about the current version of an artifact. */
export function decisionAbout(
  state: SessionState,
  { path, content, executable }: Pick<ArtifactChange, "path" | "content" | "executable">,
): DecisionAbout {
  const decision = entryOf(state.decisions, path);
  if (decision === undefined || decision.of?.sha256 !== content?.sha256)
    return { verdict: "pending", open: true };
  if (executable === true && decision.executable !== true) return { verdict: "pending", open: true };
  const reason =
    decision.kind === "rejected" && decision.reason !== undefined ? { reason: decision.reason } : {};
  if (decision.rest !== undefined) return { verdict: "partly", open: true, ...reason };
  if (decision.kind === "accepted")
    return { verdict: decision.refused === true ? "partly" : "accepted", open: false };
  const some = (entryOf(state.acceptances, path) ?? []).some(({ of }) => of?.sha256 === decision.of?.sha256);
  return { verdict: some ? "partly" : "rejected", open: false, ...reason };
}

/**
 * What waits to be brought into the project: the current version, compared with what is decided already.
 * An agent's later version is compared with the one that a person accepted.
 */
export function proposedChange(state: SessionState, change: ArtifactChange): ProposedChange {
  const decision = entryOf(state.decisions, change.path);
  if (decision === undefined) return { base: change.base, content: change.content };
  const holds = decision.of?.sha256 === change.content?.sha256;
  if (holds) return decision.rest ?? { base: change.base, content: change.content };
  const taken = decision.kind === "accepted" ? decision : decision.over;
  if (taken?.kind !== "accepted") return { base: change.base, content: change.content };
  return { base: taken.rest?.base ?? taken.of, content: change.content };
}
