import { OrketError } from "../../engine/error/orket-error";
import type { LineChange } from "./hunks";
import { isMisread, isUnsolved, mayMerge, offerText, withHunks, withLines } from "./offer";
import type { Offer, OfferText } from "./offer";
import { editorLines, isSameBytes } from "./text";
import type { Bytes } from "./text";

/** What the user chooses of an offer; nothing named means all of it. */
export interface Choice {
  /** `Offer.shown` of what the user saw. */
  readonly shown?: string;
  /** Numbers of the hunks, from 1. */
  readonly hunks?: readonly number[];
  /** Lines of the project's file, and the lines that replace them, as editors count them. */
  readonly lines?: LineChange;
  /** The user's own version; null deletes the file. */
  readonly edited?: Bytes;
}

/** The result of a choice. */
export interface Chosen {
  readonly content: Bytes;
  readonly mode: "whole" | "hunks" | "edited";
  /** What is proposed after this, against `base`; absent when all of it is decided. */
  readonly rest?: { readonly base: Bytes; readonly content: Bytes };
}

/**
 * What an acceptance writes: exactly what was shown, a part of it, or the user's edited version. Pure.
 * @throws {OrketError} acceptance_stale, acceptance_conflict, usage.
 */
export function chooseFrom(file: string, offer: Offer, choice: Choice = {}): Chosen {
  checkShown(file, offer, choice.shown);
  if (choice.edited !== undefined) {
    if (isUnsolved(choice.edited)) throw unsolved(file);
    if (isMisread(choice.edited, offer)) throw misread(file);
    return { content: choice.edited, mode: "edited" };
  }
  if (offer.kind === "conflict") throw conflictError(file, offer);
  if (choice.lines !== undefined || choice.hunks !== undefined) checkNotRenamed(file, offer);
  if (choice.lines !== undefined) {
    const { accepted: content } = withLines(linesNamed(file, offer, choice.lines), choice.lines);
    const mode = "hunks";
    if (isSameBytes(content, offer.result)) return { content: offer.result, mode };
    return { content, mode, rest: { base: content, content: offer.result } };
  }
  if (choice.hunks === undefined) return { content: offer.result, mode: "whole" };
  const { text, chosen } = hunksNamed(file, offer, choice.hunks);
  if (chosen.size === text.hunks.length) return { content: offer.result, mode: "hunks" };
  const content = withHunks(text, chosen) ?? null;
  return { content, mode: "hunks", rest: { base: content, content: offer.result } };
}

/**
 * What is still proposed when some hunks or lines are rejected; undefined: nothing is.
 * @throws {OrketError} acceptance_stale, acceptance_conflict, usage.
 */
export function withoutPart(
  file: string,
  offer: Offer,
  choice: Pick<Choice, "hunks" | "lines" | "shown">,
): { base: Bytes; content: Bytes } | undefined {
  checkShown(file, offer, choice.shown);
  if (offer.kind === "conflict") throw conflictError(file, offer);
  checkNotRenamed(file, offer);
  if (choice.lines !== undefined) {
    const { refused } = withLines(linesNamed(file, offer, choice.lines), choice.lines);
    return isSameBytes(refused, offer.project) ? undefined : { base: offer.project, content: refused };
  }
  const { text, chosen } = hunksNamed(file, offer, choice.hunks ?? []);
  const left = new Set(text.hunks.map(({ number }) => number).filter((number) => !chosen.has(number)));
  if (left.size === 0) return undefined;
  return { base: offer.project, content: withHunks(text, left) ?? null };
}

function checkNotRenamed(file: string, offer: Offer & { readonly rename?: object }): void {
  if (offer.rename === undefined) return;
  throw new OrketError("usage", `${file} is renamed, so its hunks are not decided one by one.`, {
    hint: "Accept or reject it as a whole, or accept an edited version.",
    details: { path: file },
  });
}

/** The offer's text, when the line numbers fit it. */
function linesNamed(file: string, offer: Offer, lines: LineChange): OfferText {
  const text = offerText(offer);
  const isInside = (from: number, to: number, of: readonly string[]): boolean =>
    from >= 0 && from <= to && to <= editorLines(of).length;
  if (
    text !== undefined &&
    isInside(lines.beforeFrom, lines.beforeTo, text.before) &&
    isInside(lines.afterFrom, lines.afterTo, text.after)
  )
    return text;
  throw new OrketError("acceptance_stale", `${file} has other lines than those shown. Nothing was written.`, {
    hint: "Look at it again, then decide.",
    details: { path: file },
  });
}

function hunksNamed(
  file: string,
  offer: Offer,
  numbers: readonly number[],
): { text: OfferText; chosen: Set<number> } {
  const text = offerText(offer);
  if (text === undefined)
    throw new OrketError("usage", `${file} is not text, so it has no hunks.`, {
      hint: "Accept or reject the whole file.",
    });
  const chosen = new Set(numbers);
  const wrong = [...chosen].find((number) => text.hunks[number - 1] === undefined);
  const count = text.hunks.length;
  if (wrong !== undefined || chosen.size === 0)
    throw new OrketError(
      "usage",
      `${file} has ${count === 0 ? "no hunks" : count === 1 ? "one hunk" : `hunks 1 to ${count}`}; there is no hunk ${String(wrong)}.`,
      { hint: "orket diff shows the hunks with their numbers." },
    );
  return { text, chosen };
}

function checkShown(file: string, offer: Offer, shown: string | undefined): void {
  if (shown === undefined || shown === offer.shown) return;
  throw new OrketError("acceptance_stale", `${file} has changed since it was shown. Nothing was written.`, {
    hint: "Look at it again, then decide.",
    details: { path: file, shown, now: offer.shown },
  });
}

function unsolved(file: string): OrketError {
  return new OrketError("acceptance_conflict", `The edited version of ${file} still has conflict markers.`, {
    hint: "Choose one side or both at each place, remove the markers, then accept it.",
    details: { path: file },
  });
}

function misread(file: string): OrketError {
  return new OrketError(
    "acceptance_conflict",
    `${file} is not UTF-8, and the edited version was saved as UTF-8, without the characters that this cannot read.`,
    {
      hint: "Discard that version, choose the file's encoding in the editor (Reopen with Encoding), then edit it again.",
      details: { path: file },
    },
  );
}

const reasons = {
  both_changed: "The project and the proposal changed the same lines of",
  both_added: "The project and the proposal both created",
  deleted_in_project: "The project deleted what the proposal changes:",
  deletion: "The proposal deletes what the project has changed:",
  binary: "The project has changed a file that is not text:",
} as const;

function conflictError(file: string, { conflict, project }: Offer): OrketError {
  return new OrketError(
    "acceptance_conflict",
    `${reasons[conflict?.reason ?? "both_changed"]} ${file}. Nothing was written.`,
    {
      hint:
        conflict === undefined || mayMerge(conflict)
          ? "Bring both together in an edited version and accept that, or reject the proposal."
          : "Choose one of the two: take the proposal as it is, or reject it.",
      details: {
        path: file,
        reason: conflict?.reason,
        exists: project !== null,
        mergeable: conflict === undefined || mayMerge(conflict),
      },
    },
  );
}
