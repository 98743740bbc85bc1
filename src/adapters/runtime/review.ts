import { type BlobRef } from "../../engine/event/content";
import { draft } from "../../engine/event/event";
import { OrketError } from "../../engine/error/orket-error";
import { type ArtifactDecisionDraft } from "../../engine/session/orchestrator";
import { artifactViews, type ArtifactView } from "../../engine/view/session-view";
import { writeProjectFile } from "../files/project-file";
import { sha256Bytes } from "../system/sha256";
import { type LiveSession } from "./session-runtime";

/** How an artifact is accepted. */
export interface AcceptOptions {
  /** What the project's file becomes, where that is not the whole artifact: chosen hunks, or the user's own edit. */
  readonly content?: Uint8Array;
  readonly mode?: "whole" | "hunks" | "edited";
}

function artifactAt(session: LiveSession, path: string): ArtifactView {
  const artifacts = artifactViews(session.orchestrator.state);
  const artifact = artifacts.find((one) => one.path === path);
  if (artifact !== undefined) return artifact;
  const known = artifacts.map((one) => one.path).join(", ");
  throw new OrketError("artifact_unknown", `The session proposes no file ${path}.`, {
    mend: known === "" ? "It proposes no files." : `It proposes: ${known}.`,
    details: { path },
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
export async function acceptArtifact(session: LiveSession, path: string, options: AcceptOptions = {}): Promise<void> {
  const artifact = artifactAt(session, path);
  if (artifact.decision === "accepted") return;
  const bytes = options.content ?? (artifact.content === null ? null : await session.readBytes(artifact.content));
  const content: BlobRef | null = bytes === null ? null : session.store.putBytes(bytes);
  await change(session, { path, bytes, expected: artifact.base }, () =>
    record(
      session,
      draft("artifact_accepted", artifact.step, {
        path,
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
export async function rejectArtifact(session: LiveSession, path: string, reason?: string): Promise<void> {
  const artifact = artifactAt(session, path);
  if (artifact.decision === "rejected") return;
  if (artifact.decision === "accepted") {
    throw new OrketError("command_refused", `${path} is already in the project.`, {
      mend: "Revert the acceptance first.",
    });
  }
  await record(
    session,
    draft("artifact_rejected", artifact.step, {
      path,
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
export async function revertAcceptance(session: LiveSession, path: string): Promise<void> {
  const decision = session.orchestrator.state.decisions[path];
  if (decision === undefined) {
    throw new OrketError("command_refused", `Nothing was decided about ${path}, so there is nothing to revert.`);
  }
  if (decision.kind === "rejected") {
    await record(session, draft("acceptance_reverted", null, { path, from: decision.of, to: decision.of }));
    return;
  }
  const bytes = decision.replaced === null ? null : await session.readBytes(decision.replaced);
  await change(session, { path, bytes, expected: decision.content }, () =>
    record(
      session,
      draft("acceptance_reverted", null, { path, from: decision.content, to: decision.replaced }),
    ),
  );
}

interface Change {
  readonly path: string;
  readonly bytes: Uint8Array | null;
  /** What the project's file must be now; null: it must not be there. */
  readonly expected: BlobRef | null;
}

/** Checks, records, writes: in this order, so that what the project shows was decided on disk before. */
async function change(session: LiveSession, { path, bytes, expected }: Change, decide: () => Promise<void>): Promise<void> {
  const target = { fs: session.environment.fs, random: session.environment.random, workDomain: session.workDomain, path };
  const policy = session.orchestrator.state.definition.flow.policy;
  await writeProjectFile({ ...target, policy, bytes, expectedSha256: expected?.sha256 ?? null, beforeWrite: decide });
}

/**
 * Finishes acceptances that a crash cut off between the decision and the write: the project's file is still the old one
 * although the journal says accepted. Files that are neither old nor new are left alone.
 * @returns the paths that were brought into the project.
 */
export async function finishAcceptances(session: LiveSession): Promise<string[]> {
  const finished: string[] = [];
  for (const [path, decision] of Object.entries(session.orchestrator.state.decisions)) {
    if (decision.kind !== "accepted" || decision.content?.sha256 === decision.replaced?.sha256) continue;
    const bytes = decision.content === null ? null : await session.readBytes(decision.content);
    if (bytes !== null && sha256Bytes(bytes) !== decision.content?.sha256) continue;
    try {
      await change(session, { path, bytes, expected: decision.replaced }, () => Promise.resolve());
      finished.push(path);
    } catch (error) {
      if (!OrketError.is(error, "acceptance_conflict", "acceptance_denied")) throw error;
    }
  }
  return finished;
}
