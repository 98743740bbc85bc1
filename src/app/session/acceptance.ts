import { draft } from "../../engine/event/event";
import type { BlobRef } from "../../engine/event/content";
import type { DecidedBy, EventData } from "../../engine/event/event";
import { OrketError } from "../../engine/error/orket-error";
import type { ArtifactDecisionDraft } from "../../engine/orchestrator/orchestrator";
import { decisionAbout } from "../../engine/state/decisions";
import { changeAt } from "../../engine/state/scope";
import type { Acceptance } from "../../engine/state/state";
import { artifactViews } from "../../engine/view/session-view";
import { chooseFrom, withoutPart } from "../artifact/choice";
import type { Chosen } from "../artifact/choice";
import type { LineChange } from "../artifact/hunks";
import {
  artifactAt,
  artifactOffer,
  asExecutable,
  redoOffer,
  renameOffer,
  revertOffer,
} from "../artifact/project-offer";
import type { Desk, OfferSource, ProjectOffer } from "../artifact/project-offer";
import { isSameBytes } from "../artifact/text";
import type { Bytes } from "../artifact/text";
import { changeProject, finishAcceptance, oneAtATime } from "./project-change";
import type { ProjectChange } from "./project-change";
import { noteProvenance } from "./provenance";
import type { LiveSession } from "./session";
import { defined } from "../../engine/model/defined";
import { entryOf } from "../../engine/model/entry-of";

/** Who decides, and the contents of the host's editors. */
export interface DecideOptions {
  readonly by?: DecidedBy;
  readonly desk?: Desk;
  /** Records the origin of the file's lines in `.orket/provenance`. */
  readonly provenance?: boolean;
}

/** How an artifact is accepted; nothing given means all of it. */
export interface AcceptOptions extends DecideOptions {
  /** Digest of what the user was shown (`ProjectOffer.shown`); a proposal that has changed since is refused. */
  readonly shown?: string;
  /** Numbers of hunks, from 1, in what was shown. */
  readonly hunks?: readonly number[];
  /** One change of what was shown, by its lines. */
  readonly lines?: LineChange;
  /** The project's file as the user wants it; null: deleted. */
  readonly content?: Uint8Array | null;
  readonly mode?: "whole" | "hunks" | "edited";
  /** The user accepts it although the session failed or nothing checked it. */
  readonly anyway?: boolean;
}

/** The result of an acceptance. */
export interface Accepted {
  readonly path: string;
  readonly mode: Chosen["mode"];
  /** The project had changed meanwhile; both changes are in the file. */
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

async function record(session: LiveSession, ...decisions: ReturnType<typeof draft>[]): Promise<void> {
  await session.orchestrator.recordDecision(...(decisions as ArtifactDecisionDraft[]));
}

const decidedBy = ({ by = "person" }: DecideOptions): { by: DecidedBy } => ({ by });

/**
 * Writes an artifact into the project: exactly what was shown, chosen hunks of it, or the user's own version of
 * it. The project's changes meanwhile are merged; where they conflict, nothing is written. The decision is on
 * disk before the file is touched, and the old bytes are kept.
 * @returns undefined where the project already has it.
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
  readonly data: Omit<
    EventData<"artifact_accepted">,
    "path" | "content" | "replaced" | "file_mode" | "made_executable"
  >;
}

/** Records an acceptance, then writes it: for a moved file, both its names or neither. */
async function bring(
  session: LiveSession,
  offer: ProjectOffer,
  bytes: Bytes,
  { desk, provenance }: DecideOptions,
  { step, data }: AcceptanceRecord,
): Promise<void> {
  const { path, fileMode, newMode, project, rename } = offer;
  const made = newMode === undefined ? {} : { made_executable: true as const };
  const events: ReturnType<typeof draft>[] = [];
  const changes: ProjectChange[] = [];
  const accept = (
    of: string,
    from: Bytes,
    to: Bytes,
    more: Pick<
      EventData<"artifact_accepted">,
      "file_mode" | "made_executable" | "renamed_from" | "renamed_to"
    >,
  ): void => {
    const [content, replaced] = [put(session, to), put(session, from)];
    events.push(draft("artifact_accepted", step, { path: of, content, replaced, ...data, ...defined(more) }));
    changes.push({
      path: of,
      from,
      bytes: to,
      isUnsaved: offer.isUnsaved,
      desk,
      ...(to === null
        ? defined({ createMode: fileMode })
        : defined({ createMode: newMode ?? fileMode, newMode })),
    });
  };
  if (rename === undefined) accept(path, project, bytes, { file_mode: fileMode, ...made });
  else {
    accept(path, rename.there, bytes, { renamed_from: rename.from, ...made });
    accept(rename.from, rename.here, null, { file_mode: fileMode, renamed_to: path });
  }
  await changeProject(session, changes, {
    decide: () => record(session, ...events),
    retract: () =>
      record(
        session,
        ...changes.map(({ path: of, from, bytes: to }) => takenBack(session, of, to, from, data)),
      ),
  });
  if (provenance !== true) return;
  const { acceptances, lastAt, score } = session.orchestrator.state;
  const event = entryOf(acceptances, path)?.at(-1)?.seq ?? 0;
  const base = changeAt(score.scope, rename?.from ?? path)?.base ?? null;
  const accepted = { base, event, at: lastAt, by: data.by ?? "person" };
  const replaced = rename === undefined ? project : rename.here;
  await noteProvenance(session, {
    path,
    replaced,
    content: bytes,
    accepted,
    ...defined({ from: rename?.from }),
  });
}

function put(session: LiveSession, content: Bytes): EventData<"artifact_accepted">["content"] {
  return content === null ? null : session.store.putBytes(content);
}

function takenBack(
  session: LiveSession,
  path: string,
  from: Bytes,
  to: Bytes,
  { by }: Pick<EventData<"artifact_accepted">, "by">,
): ReturnType<typeof draft> {
  return draft("acceptance_reverted", null, {
    path,
    from: put(session, from),
    to: put(session, to),
    ...defined({ by }),
  });
}

/** Options of a rejection. */
export interface RejectOptions extends DecideOptions {
  readonly shown?: string;
  /** Only these hunks; the others stay proposed. */
  readonly hunks?: readonly number[];
  /** Only this change, by its lines. */
  readonly lines?: LineChange;
}

/**
 * Records that the user does not want an artifact, or some hunks of it. The project is not changed; later steps
 * receive the reason.
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
    const why = reason?.trim() ?? "";
    const reject = (path: string, content: BlobRef | null): ReturnType<typeof draft> =>
      draft("artifact_rejected", artifact.step, {
        path,
        content,
        ...(why === "" ? {} : { reason: why }),
        ...defined({ rest }),
        ...decidedBy(options),
      });
    const { path, content, renamedFrom } = artifact;
    await record(
      session,
      reject(path, content),
      ...(renamedFrom === undefined ? [] : [reject(renamedFrom, null)]),
    );
  });
}

/** What to revert of a path. */
export interface RevertOptions extends DecideOptions {
  /** Sequence number of the acceptance's event; the newest when none is named. */
  readonly acceptance?: number;
}

/**
 * Reverts an acceptance: the project's file becomes what it was before, or, where it was changed afterwards, loses
 * only what the acceptance added. A rejection is reverted without changing the project.
 * @throws {OrketError} artifact_unknown, command_refused, acceptance_conflict, acceptance_denied.
 */
export function revertAcceptance(
  session: LiveSession,
  file: string,
  options: RevertOptions = {},
): Promise<void> {
  return oneAtATime(session, async () => {
    await finishAcceptance(session);
    const { state } = session.orchestrator;
    const { decisions } = state;
    const view = artifactViews(state).find((one) => one.path === file || one.renamedFrom === file);
    const paths = view?.renamedFrom === undefined ? [file] : [view.path, view.renamedFrom];
    if (entryOf(decisions, file)?.kind === "rejected" && options.acceptance === undefined) {
      const back = paths.map((path) => {
        const of = entryOf(decisions, path)?.of ?? null;
        return draft("acceptance_reverted", null, { path, from: of, to: of, ...decidedBy(options) });
      });
      await record(session, ...back);
      return;
    }
    const acceptance = acceptanceOf(session, file, options.acceptance);
    if (acceptance.renamedTo !== undefined) await revertRename(session, acceptance.renamedTo, options);
    else if (acceptance.renamedFrom !== undefined) await revertRename(session, file, options);
    else await revertOne(session, file, acceptance, options);
  });
}

async function revertOne(
  session: LiveSession,
  file: string,
  acceptance: Acceptance,
  options: RevertOptions,
): Promise<void> {
  const { desk } = options;
  const offer = await revertOffer(offerSource(session, desk), file, acceptance);
  if (offer.kind === "conflict") throw changedAfter(file);
  const isLast = acceptance === (entryOf(session.orchestrator.state.acceptances, file) ?? []).at(-1);
  const { project: from, result: bytes, isUnsaved } = offer;
  const { fileMode: createMode, madeExecutable } = acceptance;
  const newMode = madeExecutable === true ? createMode : undefined;
  const change = { path: file, from, bytes, isUnsaved, desk, ...defined({ createMode, newMode }) };
  await changeProject(session, [change], {
    decide: () =>
      record(
        session,
        draft("acceptance_reverted", null, {
          path: file,
          from: put(session, from),
          to: put(session, bytes),
          ...(isLast ? {} : { acceptance: acceptance.seq }),
          ...decidedBy(options),
        }),
      ),
  });
  if (options.provenance === true)
    await noteProvenance(session, { path: file, replaced: from, content: bytes });
}

/** Moves a file back, with its changes since: both its names or neither. */
async function revertRename(session: LiveSession, file: string, options: RevertOptions): Promise<void> {
  const { acceptances } = session.orchestrator.state;
  const last = entryOf(acceptances, file)?.at(-1);
  const old = last?.renamedFrom;
  const gone = old === undefined ? undefined : entryOf(acceptances, old)?.at(-1);
  if (last === undefined || old === undefined || gone?.renamedTo !== file)
    throw new OrketError("command_refused", `${file} was changed by a later acceptance.`, {
      hint: "Revert that one first.",
    });
  const { desk } = options;
  const offer = await renameOffer(offerSource(session, desk), {
    from: file,
    to: old,
    ancestor: last.content,
    proposed: gone.replaced,
  });
  if (offer.kind === "conflict" || offer.rename === undefined) throw changedAfter(file);
  const { here, there } = offer.rename;
  const before = last.replaced === null ? null : await session.readBytes(last.replaced);
  const createMode = gone.fileMode;
  await changeProject(
    session,
    [
      { path: old, from: there, bytes: offer.result, ...defined({ createMode }) },
      { path: file, from: here, bytes: before },
    ].map((change) => ({ ...change, desk, isUnsaved: offer.isUnsaved })),
    {
      decide: () =>
        record(
          session,
          takenBack(session, file, here, before, decidedBy(options)),
          takenBack(session, old, there, offer.result, decidedBy(options)),
        ),
    },
  );
  if (options.provenance === true)
    await noteProvenance(session, { path: old, replaced: here, content: offer.result, from: file });
}

function acceptanceOf(session: LiveSession, file: string, seq: number | undefined): Acceptance {
  const list = entryOf(session.orchestrator.state.acceptances, file) ?? [];
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
 * Restores what the last revert of a path removed.
 * @throws {OrketError} command_refused when nothing was reverted, acceptance_conflict, acceptance_denied.
 */
export function redoAcceptance(
  session: LiveSession,
  named: string,
  options: DecideOptions = {},
): Promise<void> {
  return oneAtATime(session, async () => {
    await finishAcceptance(session);
    const { undone: all } = session.orchestrator.state;
    const path = entryOf(all, named)?.renamedTo ?? named;
    const undone = entryOf(all, path);
    if (undone === undefined)
      throw new OrketError("command_refused", `No acceptance of ${named} was reverted.`);
    const old = undone.renamedFrom;
    const gone = old === undefined ? undefined : entryOf(all, old);
    const source = offerSource(session, options.desk);
    const again =
      old === undefined || gone === undefined
        ? await redoOffer(source, path, undone)
        : await renameOffer(source, { from: old, to: path, ancestor: gone.to, proposed: undone.from });
    const offer = undone.madeExecutable === true ? asExecutable(again) : again;
    const bytes = chooseFrom(path, offer).content;
    const fileMode = offer.fileMode ?? undone.fileMode;
    const goal = undone.goal === null ? null : await session.readBytes(undone.goal);
    const rest =
      isSameBytes(goal, bytes) || undone.mode !== "hunks" ? undefined : { base: bytes, content: goal };
    await bring(session, { ...offer, fileMode }, bytes, options, {
      step: null,
      data: {
        mode: undone.mode,
        ...(rest === undefined ? {} : { rest: stored(session, rest) }),
        ...decidedBy(options),
      },
    });
  });
}
