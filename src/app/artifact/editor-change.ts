import { OrketError } from "../../engine/error/orket-error";
import type { LineChange } from "./hunks";
import type { OfferText } from "./offer";
import { editorLines } from "./text";

/**
 * A change as VS Code's quick diff passes it to the commands of `scm/change/title`: line numbers from 1; an end of 0
 * means that there are no lines on that side, and the start is then the line before.
 */
export interface EditorChange {
  readonly originalStartLineNumber: number;
  readonly originalEndLineNumber: number;
  readonly modifiedStartLineNumber: number;
  readonly modifiedEndLineNumber: number;
}

export function isEditorChange(value: unknown): value is EditorChange {
  if (typeof value !== "object" || value === null) return false;
  const of = value as Record<string, unknown>;
  return [
    "originalStartLineNumber",
    "originalEndLineNumber",
    "modifiedStartLineNumber",
    "modifiedEndLineNumber",
  ].every((key) => Number.isInteger(of[key]));
}

/**
 * A change in the gutter of a project's file as lines of the offer: the editor's original is the proposal, its modified
 * side the project's file.
 * @param counts how many lines the editor has on both sides.
 * @throws {OrketError} acceptance_stale when the editor shows another text than the offer's.
 */
export function lineChangeOf(
  text: Pick<OfferText, "before" | "after">,
  change: EditorChange,
  counts: { readonly before: number; readonly after: number },
): LineChange {
  if (counts.before !== editorLines(text.before).length || counts.after !== editorLines(text.after).length)
    throw new OrketError(
      "acceptance_stale",
      "The file has changed since it was shown. Nothing was written.",
      {
        hint: "Open the diff, then decide there.",
      },
    );
  const [beforeFrom, beforeTo] = range(change.modifiedStartLineNumber, change.modifiedEndLineNumber);
  const [afterFrom, afterTo] = range(change.originalStartLineNumber, change.originalEndLineNumber);
  return { beforeFrom, beforeTo, afterFrom, afterTo };
}

function range(start: number, end: number): [number, number] {
  return end === 0 ? [start, start] : [start - 1, end];
}
