import type { OrketError } from "../../engine/error/orket-error";
import { OrketError as Failure } from "../../engine/error/orket-error";
import { decisionAbout } from "../../engine/state/decisions";
import type { ArtifactView } from "../../engine/view/session-view";
import type { FilePatch } from "./git-patch";
import { similarity } from "./git-patch";
import { makeOffer, offerText } from "./offer";
import type { OfferText } from "./offer";
import { artifactOffer } from "./project-offer";
import type { OfferSource, ProjectOffer } from "./project-offer";
import type { Bytes } from "./text";
import { defined } from "../../engine/model/defined";
import { entryOf } from "../../engine/model/entry-of";

/** The state of an artifact, in one word; the same in the tree, on the command line and in JSON. */
export type ReviewState =
  "proposed" | "stale" | "unchecked" | "conflict" | "partly" | "accepted" | "rejected";

/** One artifact for review. */
export interface ReviewRow {
  readonly artifact: ArtifactView;
  readonly state: ReviewState;
  /** A decision about some of it is still open. */
  readonly open: boolean;
  /** It makes a file executable that is not, or creates one that is. */
  readonly makesExecutable: boolean;
  /** It is pending, and was written after the last check that passed, whatever its other states. */
  readonly isUnchecked: boolean;
  readonly reason?: string;
  readonly role: string;
  readonly offer: ProjectOffer;
  /** What a decision would change: both sides; for a decided one, what it changed. */
  readonly before: Bytes;
  readonly after: Bytes;
  /** undefined: not text, or too large. */
  readonly text: OfferText | undefined;
  readonly added: number;
  readonly removed: number;
  /**
   * The file of the project that this one continues. Where the artifact's `change` is `renamed`, an agent moved it, and
   * both are decided as one; else another artifact of the session deletes a file with similar contents.
   */
  readonly renamedFrom?: string;
  /** Why it cannot be brought into the project at all. */
  readonly denied?: OrketError;
}

/** The share of equal lines from which a deleted and a new file count as one renamed file, in percent. */
const renameSimilarity = 50;

/**
 * The artifacts for review, against the project as it is now.
 * @param unchecked paths that were written after the last check that passed.
 * @throws {OrketError} blob_missing, disk_failed.
 */
export async function reviewRows(
  source: OfferSource,
  artifacts: readonly ArtifactView[],
  unchecked: ReadonlySet<string> = new Set(),
): Promise<ReviewRow[]> {
  const rows: ReviewRow[] = [];
  for (const artifact of artifacts) rows.push(await rowOf(source, artifact, unchecked));
  return withRenames(rows);
}

async function rowOf(
  source: OfferSource,
  artifact: ArtifactView,
  unchecked: ReadonlySet<string>,
): Promise<ReviewRow> {
  const { state } = source;
  const about = decisionAbout(state, artifact);
  const { offer, denied } = await offerOrDenial(source, artifact);
  const [before, after] = about.open ? sides(offer) : await decidedSides(source, artifact);
  const text = offerText({ project: before, result: after });
  const count = (of: "added" | "removed"): number =>
    text?.hunks.reduce((total, hunk) => total + hunk[of], 0) ?? 0;
  return {
    artifact,
    state: stateOf(about, offer, unchecked.has(artifact.path)),
    open: about.open,
    makesExecutable:
      artifact.executable === true && (offer.rename === undefined || offer.newMode !== undefined),
    isUnchecked: about.open && unchecked.has(artifact.path),
    ...defined({ reason: about.reason }),
    role: roleOf(source, artifact.step),
    offer,
    before,
    after,
    text,
    added: count("added"),
    removed: count("removed"),
    ...defined({ denied, renamedFrom: artifact.renamedFrom }),
  };
}

function roleOf({ state }: OfferSource, step: string): string {
  for (let index = state.steps.length - 1; index >= 0; index -= 1) {
    const record = state.steps.at(index);
    if (record?.key === step) return record.role;
  }
  return "";
}

/** A conflict is shown as what the proposal changes in the version that it was made from. */
function sides(offer: ProjectOffer): [Bytes, Bytes] {
  return offer.kind === "conflict" ? [offer.ancestor, offer.proposed] : [offer.project, offer.result];
}

async function decidedSides(source: OfferSource, artifact: ArtifactView): Promise<[Bytes, Bytes]> {
  const stands = entryOf(source.state.acceptances, artifact.path) ?? [];
  const read = (ref: ArtifactView["content"] | undefined): Promise<Bytes> =>
    ref === null || ref === undefined ? Promise.resolve(null) : source.readBytes(ref);
  const [first, last] = [stands[0], stands.at(-1)];
  if (first === undefined || last === undefined)
    return Promise.all([read(artifact.base), read(artifact.content)]);
  if (artifact.renamedFrom !== undefined) {
    const old = entryOf(source.state.acceptances, artifact.renamedFrom)?.[0];
    return Promise.all([read(old?.replaced ?? artifact.base), read(last.content)]);
  }
  return Promise.all([read(first.replaced), read(last.content)]);
}

async function offerOrDenial(
  source: OfferSource,
  artifact: ArtifactView,
): Promise<{ offer: ProjectOffer; denied?: OrketError }> {
  try {
    return { offer: await artifactOffer(source, artifact) };
  } catch (error) {
    if (!Failure.is(error, "acceptance_denied")) throw error;
    const read = (ref: ArtifactView["content"]): Promise<Bytes> =>
      ref === null ? Promise.resolve(null) : source.readBytes(ref);
    const [base, content] = await Promise.all([read(artifact.base), read(artifact.content)]);
    const offer = makeOffer({ ancestor: base, proposed: content, project: base });
    return { offer: { ...offer, path: artifact.path, fileMode: undefined, isUnsaved: false }, denied: error };
  }
}

function stateOf(
  { verdict, open }: ReturnType<typeof decisionAbout>,
  offer: ProjectOffer,
  isUnchecked: boolean,
): ReviewState {
  if (!open) return verdict === "pending" ? "proposed" : verdict;
  if (offer.kind === "conflict") return "conflict";
  if (verdict === "partly") return "partly";
  if (isUnchecked) return "unchecked";
  return offer.kind === "merged" ? "stale" : "proposed";
}

/** Pairs deletions with new files of similar contents. */
function withRenames(rows: readonly ReviewRow[]): ReviewRow[] {
  const gone = new Map(
    rows.filter(({ artifact }) => artifact.change === "deleted").map((row) => [row.artifact.path, row]),
  );
  return rows.map((row) => {
    if (row.artifact.change !== "added" || row.after === null) return row;
    let best: { path: string; alike: number } | undefined;
    for (const [path, { offer }] of gone) {
      const alike = similarity(offer.ancestor, row.after);
      if (alike >= renameSimilarity && alike > (best?.alike ?? 0)) best = { path, alike };
    }
    if (best === undefined) return row;
    gone.delete(best.path);
    return { ...row, renamedFrom: best.path };
  });
}

/** The rows as parts of a patch: a rename whose two rows are both there is one part. */
export function patchesOf(rows: readonly ReviewRow[]): FilePatch[] {
  const byPath = new Map(rows.map((row) => [row.artifact.path, row]));
  const renamed = new Set(rows.flatMap(({ renamedFrom }) => renamedFrom ?? []));
  return rows.flatMap((row) => {
    const { path } = row.artifact;
    if (renamed.has(path)) return [];
    const from = row.renamedFrom === undefined ? undefined : byPath.get(row.renamedFrom);
    const { before, after } = row;
    if (row.artifact.renamedFrom !== undefined)
      return [
        {
          path,
          ...(before === null ? {} : { renamedFrom: row.artifact.renamedFrom }),
          before,
          after,
          fileMode: row.offer.fileMode,
          newMode: row.offer.newMode,
        },
      ];
    if (from === undefined || from.before === null || row.before !== null)
      return [{ path, before, after, fileMode: row.offer.fileMode, newMode: row.offer.newMode }];
    return [
      {
        path,
        renamedFrom: from.artifact.path,
        before: from.before,
        after,
        fileMode: from.offer.fileMode,
        newMode: row.artifact.executable === true ? row.offer.fileMode : undefined,
      },
    ];
  });
}
