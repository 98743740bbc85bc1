import { draft } from "../../engine/event/event";
import type { DecidedBy, EventData } from "../../engine/event/event";
import { OrketError } from "../../engine/error/orket-error";
import type { ArtifactDecisionDraft } from "../../engine/orchestrator/orchestrator";
import { decisionAbout } from "../../engine/state/decisions";
import { changeAt } from "../../engine/state/scope";
import type { Acceptance } from "../../engine/state/state";
import { chooseFrom, withoutPart } from "../artifact/choice";
import type { Chosen } from "../artifact/choice";
import type { LineChange } from "../artifact/hunks";
import { artifactAt, artifactOffer, redoOffer, revertOffer } from "../artifact/project-offer";
import type { Desk, OfferSource, ProjectOffer } from "../artifact/project-offer";
import { isSameBytes } from "../artifact/text";
import type { Bytes } from "../artifact/text";
import { changeProject, finishAcceptance, oneAtATime } from "./project-change";
import { noteProvenance } from "./provenance";
import type { LiveSession } from "./session";
import { defined } from "../../engine/model/defined";

/** Who decides, and what the host's editors hold. */
export interface DecideOptions {
  readonly by?: DecidedBy;
  readonly desk?: Desk;
  /** Keeps in `.orket/provenance` where the file's lines come from. */
  readonly provenance?: boolean;
}

/** How an artifact is accepted; nothing given means all of it. */
export interface AcceptOptions extends DecideOptions {
  /** Digest of what the person was shown (`ProjectOffer.shown`); a proposal that is another one now is refused. */
  readonly shown?: string;
  /** Numbers of hunks, from 1, in what was shown. */
  readonly hunks?: readonly number[];
  /** One change of what was shown, by its lines. */
  readonly lines?: LineChange;
  /** What the project's file becomes as the person edited it. */
  readonly content?: Uint8Array;
  readonly mode?: "whole" | "hunks" | "edited";
  /** The person accepts it although the session failed or nothing checked it. */
  readonly anyway?: boolean;
}

/** What an acceptance did. */
export interface Accepted {
  readonly path: string;
  readonly mode: Chosen["mode"];
  /** The project had moved on; both changes are in the file. */
  readonly merged: boolean;
  /** Some of it still waits for a decision. */
  readonly open: boolean;
  readonly deleted: boolean;
}

export function offerSource(session: LiveSession, desk?: Desk): OfferSource {
  return {
    state: session.orchestrator.state,
    workDomain: session.workDomain,
    fs: session.environment.fs,
    desk,
    readBytes: (ref) => session.readBytes(ref),
  };
}

async function record(session: LiveSession, decision: ReturnType<typeof draft>): Promise<void> {
  await session.orchestrator.recordDecision(decision as ArtifactDecisionDraft);
}

const decidedBy = ({ by = "person" }: DecideOptions): { by: DecidedBy } => ({ by });

/**
 * Brings an artifact into the project: exactly what was shown, or chosen hunks of it, or the person's own version of
 * it. What the project changed meanwhile is merged; where both changed the same, nothing is written. The decision is on
 * disk before the file is touched, and the old bytes are kept.
 * @returns undefined where it is in the project already.
 * @throws {OrketError} artifact_unknown, acceptance_conflict, acceptance_stale, acceptance_denied, usage, disk_full, disk_failed.
 */
export function acceptArtifact(
  session: LiveSession,
  file: string,
  options: AcceptOptions = {},
): Promise<Accepted | undefined> {
  return oneAtATime(session, async () => {
    await finishAcceptance(session);
    const { state } = session.orchestrator;
    const artifact = artifactAt(state, file);
    if (decisionAbout(state, artifact).verdict === "accepted") return undefined;
    const offer = await artifactOffer(offerSource(session, options.desk), artifact);
    const { content: edited, shown, hunks, lines } = options;
    if (edited !== undefined && shown === undefined && offer.kind !== "ready" && offer.kind !== "same")
      throw movedOn(file);
    const chosen = chooseFrom(file, offer, {
      ...defined({ shown, hunks, lines, edited }),
    });
    const mode = options.mode ?? chosen.mode;
    const rest = chosen.rest === undefined ? undefined : stored(session, chosen.rest);
    await bring(session, offer, chosen.content, options, {
      step: artifact.step,
      data: {
        mode,
        ...defined({ rest }),
        ...(options.anyway === true ? { anyway: true as const } : {}),
        ...decidedBy(options),
      },
    });
    const open = rest !== undefined;
    return { path: file, mode, merged: offer.kind === "merged", open, deleted: chosen.content === null };
  });
}

function movedOn(file: string): OrketError {
  return new OrketError(
    "acceptance_conflict",
    `The project's ${file} has changed since the proposal was made, so an edited version could undo that. Nothing was written.`,
    {
      hint: "Look at the diff against the project as it is now, then accept the edited version.",
      details: { path: file },
    },
  );
}

function stored(
  session: LiveSession,
  { base, content }: { readonly base: Bytes; readonly content: Bytes },
): NonNullable<EventData<"artifact_accepted">["rest"]> {
  return {
    ...(base === null ? {} : { base: session.store.putBytes(base) }),
    ...(content === null ? {} : { content: session.store.putBytes(content) }),
  };
}

interface AcceptanceRecord {
  readonly step: string | null;
  readonly data: Omit<EventData<"artifact_accepted">, "path" | "content" | "replaced" | "file_mode">;
  /** Permission bits for a file that is not there. */
  readonly createMode?: number | undefined;
}

/** Records an acceptance, then writes it. */
async function bring(
  session: LiveSession,
  offer: ProjectOffer,
  bytes: Bytes,
  { desk, provenance }: DecideOptions,
  { step, data, createMode }: AcceptanceRecord,
): Promise<void> {
  const put = (content: Bytes): EventData<"artifact_accepted">["content"] =>
    content === null ? null : session.store.putBytes(content);
  const { path, fileMode, project } = offer;
  await changeProject(session, { offer, bytes, desk, createMode }, () =>
    record(
      session,
      draft("artifact_accepted", step, {
        path,
        content: put(bytes),
        replaced: put(offer.project),
        ...data,
        ...defined({ file_mode: fileMode }),
      }),
    ),
  );
  if (provenance !== true) return;
  const { acceptances, lastAt, score } = session.orchestrator.state;
  const event = acceptances[path]?.at(-1)?.seq ?? 0;
  const base = changeAt(score.scope, path)?.base ?? null;
  const accepted = { base, event, at: lastAt, by: data.by ?? "person" };
  await noteProvenance(session, { path, replaced: project, content: bytes, accepted });
}

/** How an artifact is refused. */
export interface RejectOptions extends DecideOptions {
  readonly shown?: string;
  /** Only these hunks; the others stay proposed. */
  readonly hunks?: readonly number[];
  /** Only this change, by its lines. */
  readonly lines?: LineChange;
}

/**
 * Records that a person does not want an artifact, or some hunks of it. The project is not touched; later steps are
 * told the reason.
 * @throws {OrketError} artifact_unknown; command_refused when it was accepted and not reverted; as acceptArtifact for hunks.
 */
export function rejectArtifact(
  session: LiveSession,
  file: string,
  reason?: string,
  options: RejectOptions = {},
): Promise<void> {
  return oneAtATime(session, async () => {
    const { state } = session.orchestrator;
    const artifact = artifactAt(state, file);
    const { verdict, open } = decisionAbout(state, artifact);
    if (verdict === "rejected" || (verdict === "partly" && !open)) return;
    if (verdict === "accepted") {
      throw new OrketError("command_refused", `${file} is already in the project.`, {
        hint: "Revert the acceptance first.",
      });
    }
    let rest: EventData<"artifact_rejected">["rest"];
    const { shown, hunks, lines } = options;
    if (hunks !== undefined || lines !== undefined) {
      const offer = await artifactOffer(offerSource(session, options.desk), artifact);
      const left = withoutPart(file, offer, defined({ shown, hunks, lines }));
      if (left !== undefined) rest = stored(session, left);
    }
    await record(
      session,
      draft("artifact_rejected", artifact.step, {
        path: file,
        content: artifact.content,
        ...(reason === undefined || reason.trim() === "" ? {} : { reason: reason.trim() }),
        ...defined({ rest }),
        ...decidedBy(options),
      }),
    );
  });
}

/** What of a path is taken back. */
export interface RevertOptions extends DecideOptions {
  /** Sequence number of the acceptance's event; the newest when none is named. */
  readonly acceptance?: number;
}

/**
 * Takes an acceptance back: the project's file becomes what it was before, or, where it was changed afterwards, loses
 * only what the acceptance brought. A rejection is taken back without touching the project.
 * @throws {OrketError} artifact_unknown, command_refused, acceptance_conflict, acceptance_denied.
 */
export function revertAcceptance(
  session: LiveSession,
  file: string,
  options: RevertOptions = {},
): Promise<void> {
  return oneAtATime(session, async () => {
    await finishAcceptance(session);
    const { decisions } = session.orchestrator.state;
    const decision = decisions[file];
    if (decision?.kind === "rejected" && options.acceptance === undefined) {
      const of = decision.of;
      await record(
        session,
        draft("acceptance_reverted", null, { path: file, from: of, to: of, ...decidedBy(options) }),
      );
      return;
    }
    await revertOne(session, file, options);
  });
}

async function revertOne(session: LiveSession, file: string, options: RevertOptions): Promise<void> {
  const acceptance = acceptanceOf(session, file, options.acceptance);
  const offer = await revertOffer(offerSource(session, options.desk), file, acceptance);
  if (offer.kind === "conflict") throw changedAfter(file);
  const isLast = acceptance === (session.orchestrator.state.acceptances[file] ?? []).at(-1);
  const put = (content: Bytes): EventData<"artifact_accepted">["content"] =>
    content === null ? null : session.store.putBytes(content);
  const change = { offer, bytes: offer.result, desk: options.desk, createMode: acceptance.fileMode };
  await changeProject(session, change, () =>
    record(
      session,
      draft("acceptance_reverted", null, {
        path: file,
        from: put(offer.project),
        to: put(offer.result),
        ...(isLast ? {} : { acceptance: acceptance.seq }),
        ...decidedBy(options),
      }),
    ),
  );
  if (options.provenance === true)
    await noteProvenance(session, { path: file, replaced: offer.project, content: offer.result });
}

function acceptanceOf(session: LiveSession, file: string, seq: number | undefined): Acceptance {
  const list = session.orchestrator.state.acceptances[file] ?? [];
  const acceptance = seq === undefined ? list.at(-1) : list.find((one) => one.seq === seq);
  if (acceptance !== undefined) return acceptance;
  throw new OrketError(
    "command_refused",
    seq === undefined
      ? `Nothing was decided about ${file}, so there is nothing to revert.`
      : `The acceptance ${seq} of ${file} does not stand.`,
    list.length === 0 ? {} : { hint: `Those that stand: ${list.map((one) => one.seq).join(", ")}.` },
  );
}

function changedAfter(file: string): OrketError {
  return new OrketError(
    "acceptance_conflict",
    `The project's ${file} was changed after it was accepted, at the same lines. Nothing was written.`,
    {
      hint: "Change the file by hand, or put it back to what was accepted and revert then.",
      details: { path: file },
    },
  );
}

/**
 * Brings back what the last revert of a path took away.
 * @throws {OrketError} command_refused when nothing was reverted, acceptance_conflict, acceptance_denied.
 */
export function redoAcceptance(
  session: LiveSession,
  file: string,
  options: DecideOptions = {},
): Promise<void> {
  return oneAtATime(session, async () => {
    await finishAcceptance(session);
    const undone = session.orchestrator.state.undone[file];
    if (undone === undefined)
      throw new OrketError("command_refused", `No acceptance of ${file} was reverted.`);
    const offer = await redoOffer(offerSource(session, options.desk), file, undone);
    const bytes = chooseFrom(file, offer).content;
    const goal = undone.goal === null ? null : await session.readBytes(undone.goal);
    const rest =
      isSameBytes(goal, bytes) || undone.mode !== "hunks" ? undefined : { base: bytes, content: goal };
    await bring(session, offer, bytes, options, {
      step: null,
      data: {
        mode: undone.mode,
        ...(rest === undefined ? {} : { rest: stored(session, rest) }),
        ...decidedBy(options),
      },
    });
  });
}
