import path from "node:path";
import * as z from "zod";
import { blobRefSchema } from "../../engine/event/content";
import { OrketError } from "../../engine/error/orket-error";
import { draft } from "../../engine/event/event";
import type { ArtifactDecisionDraft } from "../../engine/orchestrator/orchestrator";
import { diskError, replace, syncDir, writeNew } from "../../adapters/files/durable";
import { unlessMissing } from "../../adapters/files/file-system";
import { tidyBeside, writeProjectFile } from "../../adapters/files/project-file";
import { randomName } from "../../adapters/system/random";
import type { Desk } from "../artifact/project-offer";
import { isSameBytes } from "../artifact/text";
import type { Bytes } from "../artifact/text";
import type { LiveSession } from "./session";
import { defined } from "../../engine/model/defined";
import { once } from "../../engine/model/once";
import { entryOf } from "../../engine/model/entry-of";

const changing = new WeakMap<LiveSession, Promise<unknown>>();

/** A session has one note of a change in progress, so the project is changed by one decision after the other. */
export function oneAtATime<T>(session: LiveSession, work: () => Promise<T>): Promise<T> {
  const next = (changing.get(session) ?? Promise.resolve()).then(work);
  changing.set(
    session,
    next.catch(() => undefined),
  );
  return next;
}

/** A change of one file of the project, decided by the user. */
export interface ProjectChange {
  readonly path: string;
  /** The file at the time of the decision, which it must still be. */
  readonly from: Bytes;
  readonly bytes: Bytes;
  /** An editor held it with unsaved changes. */
  readonly isUnsaved: boolean;
  readonly desk: Desk | undefined;
  /** Permission bits where the file does not exist; undefined: those of new files. */
  readonly createMode?: number;
  /** Permission bits that an existing file gets; undefined: it keeps its own. */
  readonly newMode?: number;
}

/** What is recorded of a change in the journal. */
interface Recording {
  /** Before anything is written. */
  readonly decide: () => Promise<void>;
  /** The project changed after that, so that nothing was written. */
  readonly retract?: () => Promise<void>;
}

/**
 * Checks, records, writes: in this order, so that what the project shows was decided on disk before. A note of the change
 * is kept in the session's folder until the files are written, so that a crash in between is finished on the next opening,
 * and only then: a file that the user puts back later is left alone. Of several files all are changed, or none.
 * @throws {OrketError} acceptance_conflict, acceptance_denied, disk_full, disk_failed.
 */
export async function changeProject(
  session: LiveSession,
  changes: readonly ProjectChange[],
  { decide, retract }: Recording,
): Promise<void> {
  const needed = changes.filter(
    ({ from, bytes, newMode }) => newMode !== undefined || !isSameBytes(from, bytes),
  );
  const [first] = needed;
  if (first === undefined) return decide();
  if (needed.some(({ isUnsaved }) => isUnsaved)) {
    if (changes.length > 1) throw unsavedError(first.path);
    return changeUnsaved(first, { decide, ...defined({ retract }) });
  }
  const { fs, random } = session.environment;
  const pending = needed.map((change) => ({ note: noteOf(session, change), bytes: change.bytes }));
  let isDecided = false;
  try {
    await writeAll(session, pending.toReversed(), async () => {
      const aside = path.join(session.store.paths.tmp, `acceptance-${randomName(random, 8)}`);
      await writeNew(fs, aside, Buffer.from(JSON.stringify(pending.map(({ note }) => note))));
      await replace(fs, aside, noteFile(session));
      await syncDir(fs, session.directory);
      await decide();
      isDecided = true;
    });
  } catch (error) {
    if (!isDecided || retract === undefined || !OrketError.is(error, "acceptance_conflict")) throw error;
    // Another process changed a file just after it was checked: its change is kept, and what was written is reverted.
    for (const change of needed) await writeBack(session, change);
    await retract();
    await removeNote(session);
    throw error;
  }
  await removeNote(session);
}

function noteOf(
  session: LiveSession,
  { path: file, from, bytes, createMode: mode, newMode: new_mode }: ProjectChange,
): PendingChange {
  return {
    path: file,
    content: bytes === null ? null : session.store.putBytes(bytes),
    expected: from === null ? null : session.store.putBytes(from),
    ...defined({ mode, new_mode }),
  };
}

/** All files are checked, the last one is written first. */
async function writeAll(
  session: LiveSession,
  [first, ...others]: readonly { readonly note: PendingChange; readonly bytes: Bytes }[],
  beforeWrite: () => Promise<void>,
): Promise<void> {
  if (first === undefined) return beforeWrite();
  await write(session, first.note, first.bytes, () => writeAll(session, others, beforeWrite));
}

/** Reverts what was just written, where it was written. */
async function writeBack(session: LiveSession, { path: file, from, bytes }: ProjectChange): Promise<void> {
  const note = {
    path: file,
    content: from === null ? null : session.store.putBytes(from),
    expected: bytes === null ? null : session.store.putBytes(bytes),
  };
  try {
    await write(session, note, from, () => Promise.resolve());
  } catch (error) {
    if (!OrketError.is(error, "acceptance_conflict")) throw error;
  }
}

/** An editor holds the file, with unsaved changes; it gets the new text, and the user saves or undoes it. */
async function changeUnsaved(
  { path: file, from, bytes, desk, newMode }: ProjectChange,
  { decide, retract }: Recording,
): Promise<void> {
  const now = await desk?.unsaved(file);
  // An editor cannot set permission bits.
  if (newMode !== undefined) throw unsavedError(file);
  if (desk === undefined || bytes === null || now === undefined || !isSameBytes(now, from))
    throw unsavedError(file);
  const put = await desk.prepare(file, bytes);
  await decide();
  try {
    await put();
  } catch (error) {
    await retract?.();
    throw error;
  }
}

function unsavedError(file: string): OrketError {
  return new OrketError(
    "acceptance_conflict",
    `${file} has unsaved changes in an editor. Nothing was written.`,
    { hint: "Save or undo them first.", details: { path: file, rule: "unsaved" } },
  );
}

/** Drops another user's note of a change: nobody here decided it. */
export async function forgetAcceptance(session: LiveSession): Promise<void> {
  await removeNote(session);
}

async function removeNote(session: LiveSession): Promise<void> {
  try {
    await unlessMissing(session.environment.fs.unlink(noteFile(session)), undefined);
  } catch (error) {
    throw diskError(error, "the note of a finished change of the project");
  }
}

async function write(
  session: LiveSession,
  { path: file, expected, mode, new_mode: newMode }: PendingChange,
  bytes: Bytes,
  beforeWrite: () => Promise<void>,
): Promise<void> {
  const { fs, random } = session.environment;
  await writeProjectFile({
    fs,
    random,
    owner: session.id,
    workDomain: session.workDomain,
    path: file,
    policy: session.orchestrator.state.definition.flow.policy,
    bytes,
    expectedSha256: expected?.sha256 ?? null,
    beforeWrite,
    ...defined({ createMode: mode, newMode }),
  });
}

function noteFile(session: LiveSession): string {
  return path.join(session.directory, "acceptance.json");
}

const pendingChangeSchema = once(() =>
  z.strictObject({
    path: z.string(),
    content: blobRefSchema.nullable(),
    expected: blobRefSchema.nullable(),
    mode: z.int().optional(),
    new_mode: z.int().optional(),
  }),
);
type PendingChange = z.infer<ReturnType<typeof pendingChangeSchema>>;

/**
 * Finishes a change of the project that a crash or a full disk interrupted after it was decided. A file that has changed
 * since is left alone.
 * @returns the paths that were brought up to date.
 */
export async function finishAcceptance(session: LiveSession): Promise<readonly string[]> {
  const { fs } = session.environment;
  const bytes = await unlessMissing(fs.readFile(noteFile(session)), undefined);
  if (bytes === undefined) return [];
  const finished: string[] = [];
  const pending = readPending(bytes).filter((note) => wasDecided(session, note));
  for (const [index, note] of pending.entries()) {
    const content = note.content === null ? null : await session.readBytes(note.content);
    try {
      await write(session, note, content, () => Promise.resolve());
      finished.push(note.path);
    } catch (error) {
      if (!OrketError.is(error, "acceptance_conflict", "acceptance_denied")) throw error;
      // What cannot be read now may be readable later.
      if (error.details["rule"] === "unreadable") return finished;
      const { policy } = session.orchestrator.state.definition.flow;
      await tidyBeside({ fs, owner: session.id, workDomain: session.workDomain, path: note.path, policy });
      const isThere = error.details["current"] === (note.content?.sha256 ?? null);
      if (isThere) continue;
      // It has been changed since: that change is kept, and the files that belong to it are not changed either.
      await retractAll(session, pending.slice(index));
      break;
    }
  }
  await removeNote(session);
  return finished;
}

/** Records that acceptances did not take place. */
async function retractAll(session: LiveSession, notes: readonly PendingChange[]): Promise<void> {
  const { decisions } = session.orchestrator.state;
  const accepted = notes.filter((note) => entryOf(decisions, note.path)?.kind === "accepted");
  if (accepted.length === 0) return;
  const back = accepted.map(({ path: file, content, expected }) =>
    draft("acceptance_reverted", null, { path: file, from: content, to: expected }),
  );
  await session.orchestrator.recordDecision(...(back as ArtifactDecisionDraft[]));
}

/** Older versions recorded one change, without a list. */
function readPending(bytes: Buffer): PendingChange[] {
  try {
    const note: unknown = JSON.parse(bytes.toString("utf8"));
    return z.array(pendingChangeSchema()).safeParse(Array.isArray(note) ? note : [note]).data ?? [];
  } catch {
    return [];
  }
}

/** Whether the journal holds the decision that the note prepared: an acceptance of the content, or the revert of one. */
function wasDecided(session: LiveSession, pending: PendingChange): boolean {
  const { decisions, reverted } = session.orchestrator.state;
  const decision = entryOf(decisions, pending.path);
  const wanted = pending.content?.sha256 ?? null;
  const accepted = decision?.kind === "accepted" && (decision.content?.sha256 ?? null) === wanted;
  return accepted || (decision === undefined && entryOf(reverted, pending.path) === wanted);
}
