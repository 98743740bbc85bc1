import path from "node:path";
import * as z from "zod";
import { blobRefSchema } from "../../engine/event/content";
import type { BlobRef } from "../../engine/event/content";
import { draft } from "../../engine/event/event";
import { OrketError } from "../../engine/error/orket-error";
import type { ArtifactDecisionDraft } from "../../engine/orchestrator/orchestrator";
import { artifactViews } from "../../engine/view/session-view";
import type { ArtifactView } from "../../engine/view/session-view";
import { diskError, replace, syncDir, writeNew } from "../../adapters/files/durable";
import { unlessMissing } from "../../adapters/files/file-system";
import { tidyBeside, writeProjectFile } from "../../adapters/files/project-file";
import { randomName } from "../../adapters/system/random";
import type { LiveSession } from "./session";

/** How an artifact is accepted. */
export interface AcceptOptions {
  /** What the project's file becomes, where that is not the whole artifact: chosen hunks, or the user's own edit. */
  readonly content?: Uint8Array;
  readonly mode?: "whole" | "hunks" | "edited";
}

function artifactAt(session: LiveSession, file: string): ArtifactView {
  const artifacts = artifactViews(session.orchestrator.state);
  const artifact = artifacts.find((one) => one.path === file);
  if (artifact !== undefined) return artifact;
  const known = artifacts.map((one) => one.path).join(", ");
  throw new OrketError("artifact_unknown", `The session proposes no file ${file}.`, {
    mend: known === "" ? "It proposes no files." : `It proposes: ${known}.`,
    details: { path: file },
  });
}

async function record(session: LiveSession, decision: ReturnType<typeof draft>): Promise<void> {
  await session.orchestrator.recordDecision(decision as ArtifactDecisionDraft);
}

/**
 * Brings one artifact into the project. The project's file must still be what the proposal was based on; the decision
 * is on disk before the file is touched, and the old bytes are kept.
 * @throws {OrketError} artifact_unknown, acceptance_conflict, acceptance_denied, disk_full, disk_failed.
 */
export function acceptArtifact(
  session: LiveSession,
  file: string,
  options: AcceptOptions = {},
): Promise<void> {
  return oneAtATime(session, () => accept(session, file, options));
}

async function accept(session: LiveSession, file: string, options: AcceptOptions): Promise<void> {
  await finishAcceptance(session);
  const artifact = artifactAt(session, file);
  if (artifact.decision === "accepted") return;
  const bytes =
    options.content ?? (artifact.content === null ? null : await session.readBytes(artifact.content));
  const content: BlobRef | null = bytes === null ? null : session.store.putBytes(bytes);
  await change(session, { path: file, bytes, expected: artifact.base }, () =>
    record(
      session,
      draft("artifact_accepted", artifact.step, {
        path: file,
        content,
        replaced: artifact.base,
        mode: options.mode ?? (options.content === undefined ? "whole" : "edited"),
      }),
    ),
  );
}

/**
 * Records that a person does not want an artifact. The project is not touched.
 * @throws {OrketError} artifact_unknown; command_refused when it was accepted and not reverted.
 */
export async function rejectArtifact(session: LiveSession, file: string, reason?: string): Promise<void> {
  const artifact = artifactAt(session, file);
  if (artifact.decision === "rejected") return;
  if (artifact.decision === "accepted") {
    throw new OrketError("command_refused", `${file} is already in the project.`, {
      mend: "Revert the acceptance first.",
    });
  }
  await record(
    session,
    draft("artifact_rejected", artifact.step, {
      path: file,
      content: artifact.content,
      ...(reason === undefined ? {} : { reason }),
    }),
  );
}

/**
 * Puts the project's file back to what it was before the acceptance, as long as it is what the acceptance left.
 * A rejection is taken back without touching the project.
 * @throws {OrketError} artifact_unknown, command_refused, acceptance_conflict, acceptance_denied.
 */
export function revertAcceptance(session: LiveSession, file: string): Promise<void> {
  return oneAtATime(session, () => revert(session, file));
}

async function revert(session: LiveSession, file: string): Promise<void> {
  await finishAcceptance(session);
  const decision = session.orchestrator.state.decisions[file];
  if (decision === undefined) {
    throw new OrketError(
      "command_refused",
      `Nothing was decided about ${file}, so there is nothing to revert.`,
    );
  }
  if (decision.kind === "rejected") {
    await record(
      session,
      draft("acceptance_reverted", null, { path: file, from: decision.of, to: decision.of }),
    );
    return;
  }
  const bytes = decision.replaced === null ? null : await session.readBytes(decision.replaced);
  await change(session, { path: file, bytes, expected: decision.content }, () =>
    record(
      session,
      draft("acceptance_reverted", null, { path: file, from: decision.content, to: decision.replaced }),
    ),
  );
}

const changing = new WeakMap<LiveSession, Promise<unknown>>();

/** A session has one note of a change under way, so the project is changed by one decision after the other. */
function oneAtATime<T>(session: LiveSession, work: () => Promise<T>): Promise<T> {
  const next = (changing.get(session) ?? Promise.resolve()).then(work);
  changing.set(
    session,
    next.catch(() => undefined),
  );
  return next;
}

interface Change {
  readonly path: string;
  readonly bytes: Uint8Array | null;
  /** What the project's file must be now; null: it must not be there. */
  readonly expected: BlobRef | null;
}

/**
 * Checks, records, writes: in this order, so that what the project shows was decided on disk before. A note of the change
 * stands in the session's folder until the file is written, so that a crash in between is finished on the next opening,
 * and only then: a file that the user puts back later is left alone.
 */
async function change(session: LiveSession, wanted: Change, decide: () => Promise<void>): Promise<void> {
  const { fs, random } = session.environment;
  const note = noteFile(session);
  await write(session, wanted, async () => {
    const { path: file, bytes, expected } = wanted;
    const content = bytes === null ? null : session.store.putBytes(bytes);
    const pending: PendingChange = { path: file, content, expected };
    const aside = path.join(session.store.paths.tmp, `acceptance-${randomName(random, 8)}`);
    await writeNew(fs, aside, Buffer.from(JSON.stringify(pending)));
    await replace(fs, aside, note);
    await syncDir(fs, session.directory);
    await decide();
  });
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
  { path: file, bytes, expected }: Change,
  beforeWrite: () => Promise<void>,
): Promise<void> {
  const { fs, random } = session.environment;
  const { policy } = session.orchestrator.state.definition.flow;
  const expectedSha256 = expected?.sha256 ?? null;
  await writeProjectFile({
    fs,
    random,
    workDomain: session.workDomain,
    path: file,
    policy,
    bytes,
    expectedSha256,
    beforeWrite,
  });
}

function noteFile(session: LiveSession): string {
  return path.join(session.directory, "acceptance.json");
}

const pendingChangeSchema = z.strictObject({
  path: z.string(),
  content: blobRefSchema.nullable(),
  expected: blobRefSchema.nullable(),
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
      await write(session, { path: pending.path, bytes: content, expected: pending.expected }, () =>
        Promise.resolve(),
      );
      finished = pending.path;
    } catch (error) {
      if (!OrketError.is(error, "acceptance_conflict", "acceptance_denied")) throw error;
      // What cannot be read now may be another time.
      if (error.details["rule"] === "unreadable") return undefined;
      const { policy } = session.orchestrator.state.definition.flow;
      await tidyBeside({ fs, workDomain: session.workDomain, path: pending.path, policy });
    }
  }
  await removeNote(session);
  return finished;
}

/** Drops the note of a change that somebody else began: nobody here decided it. */
export async function forgetAcceptance(session: LiveSession): Promise<void> {
  await removeNote(session);
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
  const decision = session.orchestrator.state.decisions[pending.path];
  const accepted = decision?.kind === "accepted" && decision.content?.sha256 === pending.content?.sha256;
  const reverted =
    decision === undefined &&
    session.orchestrator.state.reverted[pending.path] === (pending.content?.sha256 ?? null);
  return accepted || reverted;
}
