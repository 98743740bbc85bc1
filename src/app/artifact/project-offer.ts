import { sha256Bytes } from "../../adapters/system/sha256";
import { readProjectFile } from "../../adapters/files/project-file";
import type { FileSystem } from "../../adapters/files/file-system";
import { OrketError } from "../../engine/error/orket-error";
import type { BlobRef } from "../../engine/event/content";
import { proposedChange } from "../../engine/state/decisions";
import type { Acceptance, SessionState, UndoneAcceptance } from "../../engine/state/state";
import { artifactViews } from "../../engine/view/session-view";
import type { ArtifactView } from "../../engine/view/session-view";
import { makeOffer, makeRenameOffer } from "./offer";
import type { Offer } from "./offer";
import type { Bytes } from "./text";

/** The project as the user of a host sees it: an editor may hold text that the disk does not have yet. */
export interface Desk {
  /**
   * What saving the project's file in its editor would write; undefined: the version on disk counts.
   * @throws {OrketError} acceptance_denied where an editor holds changes that cannot be read.
   */
  unsaved(path: string): Promise<Uint8Array | undefined>;
  /**
   * Makes sure that the editor can hold the new contents.
   * @returns what puts them into it, unsaved as before.
   * @throws {OrketError} acceptance_conflict where it cannot.
   */
  prepare(path: string, bytes: Uint8Array): Promise<() => Promise<void>>;
}

/** What offers are computed from. */
export interface OfferSource {
  readonly state: SessionState;
  readonly workDomain: string;
  readonly fs: FileSystem;
  readonly desk?: Desk | undefined;
  readBytes(ref: BlobRef): Promise<Uint8Array>;
}

/** An offer with its place. */
export interface ProjectOffer extends Offer {
  readonly path: string;
  /** Permission bits of the project's file, or of a new one; undefined: those of new files. */
  readonly fileMode: number | undefined;
  /** Permission bits that the project's file gets, because it becomes executable; absent: it keeps its own. */
  readonly newMode?: number;
  /** An editor holds unsaved text of the project's file. */
  readonly isUnsaved: boolean;
  /** Both names of a file that is moved; `project` and `fileMode` are those of the old name, where there is such a file. */
  readonly rename?: ProjectRename;
}

/** A file of the project that is moved. */
export interface ProjectRename {
  readonly from: string;
  /** What the project has at the old name, and at the new one. */
  readonly here: Bytes;
  readonly there: Bytes;
}

/** The artifact of a path. @throws {OrketError} artifact_unknown. */
export function artifactAt(state: SessionState, file: string): ArtifactView {
  const artifacts = artifactViews(state);
  const artifact = artifacts.find((one) => one.path === file || one.renamedFrom === file);
  if (artifact !== undefined) return artifact;
  const known = artifacts.map((one) => one.path).join(", ");
  throw new OrketError("artifact_unknown", `The session proposes no file ${file}.`, {
    hint: known === "" ? "It proposes no files." : `It proposes: ${known}.`,
    details: { path: file },
  });
}

/**
 * The effect of an artifact on the project as it is now.
 * @throws {OrketError} acceptance_denied, disk_failed.
 */
export async function artifactOffer(source: OfferSource, artifact: ArtifactView): Promise<ProjectOffer> {
  const { base, content } = proposedChange(source.state, artifact);
  const { path, renamedFrom: from } = artifact;
  const offer =
    from === undefined
      ? await offerOf(source, path, base, content)
      : await renameOffer(source, { from, to: path, ancestor: base, proposed: content });
  return artifact.executable === true ? asExecutable(offer) : offer;
}

/** Permission bits of a new executable file. */
const executableMode = 0o755;

/** The offer where the file is to be executable: whoever may read it may then execute it. */
export function asExecutable(offer: ProjectOffer): ProjectOffer {
  const { fileMode: mode, kind } = offer;
  if (mode === undefined) return { ...offer, fileMode: executableMode };
  const newMode = mode | ((mode & 0o444) >> 2);
  if ((mode & 0o111) !== 0 || newMode === mode || offer.proposed === null) return offer;
  const shown = sha256Bytes(Buffer.from(`${offer.shown} mode ${newMode}`));
  return { ...offer, newMode, shown, kind: kind === "same" ? "ready" : kind };
}

/** The effect of moving a file. */
export async function renameOffer(
  source: OfferSource,
  move: {
    readonly from: string;
    readonly to: string;
    readonly ancestor: BlobRef | null;
    readonly proposed: BlobRef | null;
  },
): Promise<ProjectOffer> {
  const { from, to } = move;
  const [ancestor, proposed, old, now] = await Promise.all([
    bytesOf(source, move.ancestor),
    bytesOf(source, move.proposed),
    projectNow(source, from),
    projectNow(source, to),
  ]);
  return {
    ...makeRenameOffer({ ancestor, proposed, project: old.bytes }, now.bytes),
    path: to,
    fileMode: old.mode,
    isUnsaved: old.isUnsaved || now.isUnsaved,
    rename: { from, here: old.bytes, there: now.bytes },
  };
}

/** The effect of reverting an acceptance. */
export function revertOffer(
  source: OfferSource,
  path: string,
  acceptance: Acceptance,
): Promise<ProjectOffer> {
  return offerOf(source, path, acceptance.content, acceptance.replaced);
}

/** The effect of restoring a reverted acceptance. */
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
  const [ancestor, proposed, now] = await Promise.all([
    bytesOf(source, base),
    bytesOf(source, content),
    projectNow(source, path),
  ]);
  return {
    ...makeOffer({ ancestor, proposed, project: now.bytes }),
    path,
    fileMode: now.mode,
    isUnsaved: now.isUnsaved,
  };
}

function bytesOf(source: OfferSource, ref: BlobRef | null): Promise<Bytes> {
  return ref === null ? Promise.resolve(null) : source.readBytes(ref);
}

async function projectNow(
  { fs, workDomain, state, desk }: OfferSource,
  path: string,
): Promise<{ readonly bytes: Bytes; readonly mode: number | undefined; readonly isUnsaved: boolean }> {
  const { policy } = state.definition.flow;
  const onDisk = await readProjectFile({ fs, workDomain, path, policy });
  const unsaved = await desk?.unsaved(path);
  return { bytes: unsaved ?? onDisk?.bytes ?? null, mode: onDisk?.mode, isUnsaved: unsaved !== undefined };
}
