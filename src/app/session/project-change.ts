import path from "node:path";
import * as z from "zod";
import { blobRefSchema } from "../../engine/event/content";
import { OrketError } from "../../engine/error/orket-error";
import { diskError, replace, syncDir, writeNew } from "../../adapters/files/durable";
import { unlessMissing } from "../../adapters/files/file-system";
import { tidyBeside, writeProjectFile } from "../../adapters/files/project-file";
import { randomName } from "../../adapters/system/random";
import type { Desk, ProjectOffer } from "../artifact/project-offer";
import { isSameBytes } from "../artifact/text";
import type { Bytes } from "../artifact/text";
import type { LiveSession } from "./session";
import { defined } from "../../engine/model/defined";

const changing = new WeakMap<LiveSession, Promise<unknown>>();

/** A session has one note of a change under way, so the project is changed by one decision after the other. */
export function oneAtATime<T>(session: LiveSession, work: () => Promise<T>): Promise<T> {
  const next = (changing.get(session) ?? Promise.resolve()).then(work);
  changing.set(
    session,
    next.catch(() => undefined),
  );
  return next;
}

/** A change of the project that a person has decided. */
export interface ProjectChange {
  /** What the person decided about; its `project` is what the file must still be. */
  readonly offer: ProjectOffer;
  readonly bytes: Bytes;
  readonly desk: Desk | undefined;
  /** Permission bits where the file is not there; undefined: those that new files get. */
  readonly createMode?: number | undefined;
}

/**
 * Checks, records, writes: in this order, so that what the project shows was decided on disk before. A note of the change
 * stands in the session's folder until the file is written, so that a crash in between is finished on the next opening,
 * and only then: a file that the user puts back later is left alone.
 */
export async function changeProject(
  session: LiveSession,
  change: ProjectChange,
  decide: () => Promise<void>,
): Promise<void> {
  const { offer, bytes, desk } = change;
  if (isSameBytes(offer.project, bytes)) return decide();
  if (offer.isUnsaved) return changeUnsaved(change, desk, decide);
  const { fs, random } = session.environment;
  const pending: PendingChange = {
    path: offer.path,
    content: bytes === null ? null : session.store.putBytes(bytes),
    expected: offer.project === null ? null : session.store.putBytes(offer.project),
    ...defined({ mode: change.createMode }),
  };
  await write(session, pending, bytes, async () => {
    const aside = path.join(session.store.paths.tmp, `acceptance-${randomName(random, 8)}`);
    await writeNew(fs, aside, Buffer.from(JSON.stringify(pending)));
    await replace(fs, aside, noteFile(session));
    await syncDir(fs, session.directory);
    await decide();
  });
  await removeNote(session);
}

/** The editor has the file, with changes of the person's; it gets the new text, and the person saves or undoes it. */
async function changeUnsaved(
  { offer, bytes }: ProjectChange,
  desk: Desk | undefined,
  decide: () => Promise<void>,
): Promise<void> {
  const now = desk?.unsaved(offer.path);
  if (desk === undefined || bytes === null || now === undefined || !isSameBytes(now, offer.project)) {
    throw new OrketError(
      "acceptance_conflict",
      `${offer.path} has unsaved changes in an editor. Nothing was written.`,
      { hint: "Save or undo them first.", details: { path: offer.path, rule: "unsaved" } },
    );
  }
  await decide();
  await desk.write(offer.path, bytes);
}

/** Drops the note of a change that somebody else began: nobody here decided it. */
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
  { path: file, expected, mode }: PendingChange,
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
    ...defined({ createMode: mode }),
  });
}

function noteFile(session: LiveSession): string {
  return path.join(session.directory, "acceptance.json");
}

const pendingChangeSchema = z.strictObject({
  path: z.string(),
  content: blobRefSchema.nullable(),
  expected: blobRefSchema.nullable(),
  mode: z.int().optional(),
});
type PendingChange = z.infer<typeof pendingChangeSchema>;

/**
 * Finishes a change of the project that a crash or a full disk cut off after it was decided. A file that is no longer what it was is left
 * alone.
 * @returns the path that was brought up to date, if there was one.
 */
export async function finishAcceptance(session: LiveSession): Promise<string | undefined> {
  const { fs } = session.environment;
  const bytes = await unlessMissing(fs.readFile(noteFile(session)), undefined);
  if (bytes === undefined) return undefined;
  const pending = readPending(bytes);
  let finished: string | undefined;
  if (pending !== undefined && wasDecided(session, pending)) {
    const content = pending.content === null ? null : await session.readBytes(pending.content);
    try {
      await write(session, pending, content, () => Promise.resolve());
      finished = pending.path;
    } catch (error) {
      if (!OrketError.is(error, "acceptance_conflict", "acceptance_denied")) throw error;
      // What cannot be read now may be another time.
      if (error.details["rule"] === "unreadable") return undefined;
      const { policy } = session.orchestrator.state.definition.flow;
      await tidyBeside({ fs, owner: session.id, workDomain: session.workDomain, path: pending.path, policy });
    }
  }
  await removeNote(session);
  return finished;
}

function readPending(bytes: Buffer): PendingChange | undefined {
  try {
    return pendingChangeSchema.safeParse(JSON.parse(bytes.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}

/** Whether the journal holds the decision that the note prepared: an acceptance of the content, or the way back from one. */
function wasDecided(session: LiveSession, pending: PendingChange): boolean {
  const { decisions, reverted } = session.orchestrator.state;
  const decision = decisions[pending.path];
  const wanted = pending.content?.sha256 ?? null;
  const accepted = decision?.kind === "accepted" && (decision.content?.sha256 ?? null) === wanted;
  return accepted || (decision === undefined && reverted[pending.path] === wanted);
}
