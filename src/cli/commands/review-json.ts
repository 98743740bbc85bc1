import { hunkLines } from "../../app/artifact/git-patch";
import type { ReviewRow } from "../../app/artifact/review-rows";
import { defined } from "../../engine/model/defined";

/** A row as `--json` prints it, with `--stat` without its hunks. Public: docs/command-line.md. */
export function rowJson(row: ReviewRow, isStat: boolean): Record<string, unknown> {
  const { artifact, state, open, offer, text } = row;
  return {
    path: artifact.path,
    change: artifact.change,
    state,
    open,
    unchecked: row.isUnchecked,
    step: artifact.step,
    role: row.role,
    ...defined({ renamed_from: row.renamedFrom, reason: row.reason }),
    ...(row.denied === undefined ? {} : { denied: row.denied.message }),
    ...(row.makesExecutable ? { executable: true } : {}),
    merged: offer.kind === "merged",
    shown: offer.shown,
    binary: text === undefined,
    added: row.added,
    removed: row.removed,
    ...(offer.conflict === undefined || !open
      ? {}
      : { conflict: { reason: offer.conflict.reason, places: offer.conflict.places } }),
    ...(text === undefined || isStat ? {} : { hunks: hunksJson(text) }),
  };
}

function hunksJson(text: NonNullable<ReviewRow["text"]>): unknown[] {
  return text.hunks.map((hunk) => ({
    number: hunk.number,
    old_start: hunk.beforeTo === hunk.beforeFrom ? hunk.beforeFrom : hunk.beforeFrom + 1,
    old_lines: hunk.beforeTo - hunk.beforeFrom,
    new_start: hunk.afterTo === hunk.afterFrom ? hunk.afterFrom : hunk.afterFrom + 1,
    new_lines: hunk.afterTo - hunk.afterFrom,
    added: hunk.added,
    removed: hunk.removed,
    lines: hunkLines({ ...text, hunks: [hunk] })
      .slice(1)
      .map((line) => line.text),
  }));
}
