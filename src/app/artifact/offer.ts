import { sha256Bytes } from "../../adapters/system/sha256";
import { applyHunks, hunksOf } from "./hunks";
import type { Hunk, LineChange } from "./hunks";
import { hasMarkers, mergeLines } from "./merge";
import { bytesOf, editorLines, isSameBytes, lineEndOf, textsOf } from "./text";
import type { Bytes } from "./text";
import { defined } from "../../engine/model/defined";

/** A change of a file and what the project has in its place now. */
export interface Proposal {
  /** The version that the proposal was made from; null: there was no file. */
  readonly ancestor: Bytes;
  /** null: the file is to be deleted. */
  readonly proposed: Bytes;
  /** The project's file now, including unsaved text of an editor; null: there is none. */
  readonly project: Bytes;
}

/** Why the changes of both sides cannot be merged without the user. */
export type ConflictReason = "both_changed" | "both_added" | "deleted_in_project" | "deletion" | "binary";

/** The effect of a proposal on the project as it is now. */
export interface Offer extends Proposal {
  /**
   * `same`: the project has it already. `ready`: the project is what it was made from. `merged`: the project has changed
   * since, and both changes are merged. `conflict`: the user must merge them.
   */
  readonly kind: "same" | "ready" | "merged" | "conflict";
  /** The project's file when all of it is accepted; for a conflict: the current file. */
  readonly result: Bytes;
  /** Digest of what the user is shown: both sides. An acceptance that names a different one is refused. */
  readonly shown: string;
  readonly conflict?: {
    readonly reason: ConflictReason;
    /** The number of places; 1 where it is the whole file. */
    readonly places: number;
    /** The file with conflict markers; undefined where it is not text. */
    readonly marked?: Uint8Array;
  };
}

const digestOf = (bytes: Bytes): string => (bytes === null ? "none" : sha256Bytes(bytes));

/** The effect of a proposal. Pure. */
export function makeOffer(proposal: Proposal): Offer {
  const { ancestor, proposed, project } = proposal;
  const offer = (kind: Offer["kind"], result: Bytes, conflict?: Offer["conflict"]): Offer => ({
    ...proposal,
    kind,
    result,
    shown: sha256Bytes(
      Buffer.from(`${digestOf(project)} ${digestOf(result)} ${digestOf(proposed)} ${digestOf(ancestor)}`),
    ),
    ...defined({ conflict }),
  });
  if (isSameBytes(project, proposed) || isSameBytes(ancestor, proposed)) return offer("same", project);
  if (isSameBytes(project, ancestor)) return offer("ready", proposed);
  const texts = textsOf([ancestor, project, proposed]);
  if (texts === undefined) return offer("conflict", project, { reason: "binary", places: 1 });
  const [from = [], here = [], there = []] = texts.lines;
  const merged = mergeLines(from, here, there);
  const whole = ancestor !== null && project !== null && proposed !== null;
  if (whole && merged.kind === "clean") {
    const result = bytesOf(merged.lines, texts.encoding);
    return offer(isSameBytes(result, project) ? "same" : "merged", result);
  }
  const marked = bytesOf(
    merged.kind === "conflict" ? merged.lines : mergeLines([], here, there).lines,
    texts.encoding,
  );
  return offer("conflict", project, {
    reason: reasonOf(proposal),
    places: merged.kind === "conflict" ? merged.conflicts : 1,
    marked,
  });
}

/**
 * The effect of moving a file: the project's file of its old name, with the project's own changes, gets the new
 * name. Pure.
 * @param change as for one file: `project` is the project's file of the old name.
 * @param there what the project has at the new name; null: nothing.
 */
export function makeRenameOffer(change: Proposal, there: Bytes): Offer {
  const { ancestor, proposed, project } = change;
  const moved = makeOffer(change);
  const shown = sha256Bytes(Buffer.from(`${moved.shown} to ${digestOf(there)}`));
  if (project === null)
    return isSameBytes(there, proposed)
      ? { ...moved, kind: "same", result: there, shown }
      : { ...conflictOf({ ...change, project: there }, "deleted_in_project"), shown };
  if (there !== null)
    return {
      ...conflictOf(
        { ancestor: null, proposed: moved.kind === "conflict" ? proposed : moved.result, project: there },
        "both_added",
      ),
      shown,
    };
  if (moved.kind === "conflict") return { ...moved, shown };
  const isReady = isSameBytes(project, ancestor) || isSameBytes(project, proposed);
  return { ...moved, kind: isReady ? "ready" : "merged", shown };
}

function conflictOf(proposal: Proposal, reason: ConflictReason): Offer {
  const offer = makeOffer(proposal);
  if (offer.conflict !== undefined) return { ...offer, conflict: { ...offer.conflict, reason } };
  const marked = proposal.proposed === null ? {} : { marked: proposal.proposed };
  return { ...offer, kind: "conflict", result: proposal.project, conflict: { reason, places: 1, ...marked } };
}

function reasonOf({ ancestor, proposed, project }: Proposal): ConflictReason {
  if (proposed === null) return "deletion";
  if (project === null) return "deleted_in_project";
  return ancestor === null ? "both_added" : "both_changed";
}

/** Whether lines of both sides can be brought together; else the user takes one of the two. */
export function mayMerge({ reason, marked }: NonNullable<Offer["conflict"]>): boolean {
  return marked !== undefined && (reason === "both_changed" || reason === "both_added");
}

/** What the user can choose from; undefined where it is not text. */
export interface OfferText {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly encoding: "utf8" | "bytes";
  readonly hunks: readonly Hunk[];
}

/** The offer by lines: the project's file now against its new version. */
export function offerText({ project, result }: Pick<Offer, "project" | "result">): OfferText | undefined {
  const texts = textsOf([project, result]);
  if (texts === undefined) return undefined;
  const [before = [], after = []] = texts.lines;
  return { before, after, encoding: texts.encoding, hunks: hunksOf(before, after) };
}

/** The project's file with only the chosen hunks; undefined where a number names no hunk. */
export function withHunks(text: OfferText, chosen: ReadonlySet<number>): Uint8Array | undefined {
  for (const number of chosen) if (text.hunks[number - 1] === undefined) return undefined;
  return bytesOf(applyHunks(text.before, text.after, text.hunks, chosen), text.encoding);
}

/**
 * One change of the text: the project's file with it, and the remaining proposal without it.
 * @param lines as an editor counts them (`editorLines`).
 */
export function withLines(
  { before, after, encoding }: Omit<OfferText, "hunks">,
  { beforeFrom, beforeTo, afterFrom, afterTo }: LineChange,
): { readonly accepted: Uint8Array; readonly refused: Uint8Array } {
  const [here, there] = [editorLines(before), editorLines(after)];
  const ends = [lineEndOf(before), lineEndOf(after)].filter((end) => end !== undefined);
  const isCrlf = ends.length > 0 && ends.every((end) => end === "\r\n");
  const joined = (...parts: readonly string[][]): Uint8Array => {
    const lines = parts.flat();
    // Which line is the last, and so has no line end, may have changed.
    const text = isCrlf ? lines.map((line) => line.replace(/\r$/, "")).join("\r\n") : lines.join("\n");
    return bytesOf([text], encoding);
  };
  return {
    accepted: joined(here.slice(0, beforeFrom), there.slice(afterFrom, afterTo), here.slice(beforeTo)),
    refused: joined(there.slice(0, afterFrom), here.slice(beforeFrom, beforeTo), there.slice(afterTo)),
  };
}

/** Whether a version that the user edited still holds Orket's conflict markers. */
export function isUnsolved(bytes: Bytes): boolean {
  const lines = textsOf([bytes])?.lines[0];
  return lines !== undefined && hasMarkers(lines);
}

/** Whether an editor read the file, which is not UTF-8, as UTF-8: then its version has lost characters. */
export function isMisread(
  edited: Bytes,
  { project, proposed }: Pick<Offer, "project" | "proposed">,
): boolean {
  if (edited === null || textsOf([project, proposed])?.encoding !== "bytes") return false;
  return textsOf([edited])?.lines[0]?.some((line) => line.includes("\uFFFD")) === true;
}
