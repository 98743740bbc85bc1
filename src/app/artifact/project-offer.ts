import { readProjectFile } from "../../adapters/files/project-file";
import type { FileSystem } from "../../adapters/files/file-system";
import { OrketError } from "../../engine/error/orket-error";
import type { BlobRef } from "../../engine/event/content";
import { proposedChange } from "../../engine/state/decisions";
import type { Acceptance, SessionState, UndoneAcceptance } from "../../engine/state/state";
import { artifactViews } from "../../engine/view/session-view";
import type { ArtifactView } from "../../engine/view/session-view";
import { makeOffer } from "./offer";
import type { Offer } from "./offer";
import type { Bytes } from "./text";

/** The project as a host's person sees it: an editor may hold text that the disk does not have yet. */
export interface Desk {
  /** What an editor holds unsaved of the project's file; undefined: what is on disk holds. */
  unsaved(path: string): Uint8Array | undefined;
  /** Puts it into that editor, unsaved as it was. @throws when the editor refuses. */
  write(path: string, bytes: Uint8Array): Promise<void>;
}

/** What offers are made of. */
export interface OfferSource {
  readonly state: SessionState;
  readonly workDomain: string;
  readonly fs: FileSystem;
  readonly desk?: Desk | undefined;
  readBytes(ref: BlobRef): Promise<Uint8Array>;
}

/** An offer with the place that it is for. */
export interface ProjectOffer extends Offer {
  readonly path: string;
  /** Permission bits of the project's file; undefined where there is none. */
  readonly fileMode: number | undefined;
  /** An editor holds the project's file unsaved. */
  readonly isUnsaved: boolean;
}

/** The artifact of a path. @throws {OrketError} artifact_unknown. */
export function artifactAt(state: SessionState, file: string): ArtifactView {
  const artifacts = artifactViews(state);
  const artifact = artifacts.find((one) => one.path === file);
  if (artifact !== undefined) return artifact;
  const known = artifacts.map((one) => one.path).join(", ");
  throw new OrketError("artifact_unknown", `The session proposes no file ${file}.`, {
    hint: known === "" ? "It proposes no files." : `It proposes: ${known}.`,
    details: { path: file },
  });
}

/**
 * What an artifact comes to in the project as it is now.
 * @throws {OrketError} acceptance_denied, disk_failed.
 */
export async function artifactOffer(source: OfferSource, artifact: ArtifactView): Promise<ProjectOffer> {
  const { base, content } = proposedChange(source.state, artifact);
  return offerOf(source, artifact.path, base, content);
}

/** What taking an acceptance back comes to. */
export function revertOffer(
  source: OfferSource,
  path: string,
  acceptance: Acceptance,
): Promise<ProjectOffer> {
  return offerOf(source, path, acceptance.content, acceptance.replaced);
}

/** What bringing back an acceptance comes to that was taken back. */
export function redoOffer(
  source: OfferSource,
  path: string,
  undone: UndoneAcceptance,
): Promise<ProjectOffer> {
  return offerOf(source, path, undone.to, undone.from);
}

async function offerOf(
  source: OfferSource,
  path: string,
  base: BlobRef | null,
  content: BlobRef | null,
): Promise<ProjectOffer> {
  const read = (ref: BlobRef | null): Promise<Bytes> =>
    ref === null ? Promise.resolve(null) : source.readBytes(ref);
  const { fs, workDomain, state, desk } = source;
  const { policy } = state.definition.flow;
  const [ancestor, proposed, onDisk] = await Promise.all([
    read(base),
    read(content),
    readProjectFile({ fs, workDomain, path, policy }),
  ]);
  const unsaved = desk?.unsaved(path);
  return {
    ...makeOffer({ ancestor, proposed, project: unsaved ?? onDisk?.bytes ?? null }),
    path,
    fileMode: onDisk?.mode,
    isUnsaved: unsaved !== undefined,
  };
}
