import { parseTemplate, placeholderText } from "../../engine/model/template";
import { quoted } from "../text/diagnostic";
import { artifactPathProblem } from "../project/paths";
import { keySpan } from "../text/places";
import type { Report } from "../schema/report";
import { textsAt } from "../schema/read";
import { isGroupKind, scoreViewOf } from "../schema/score-view";
import type { GroupView, ScoreView, StepView } from "../schema/score-view";
import { checkConditions, checkPlacement, checkReads, checkSources } from "./references";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

function ownPath(item: StepView | GroupView): ValuePath {
  return isGroupKind(item.kind) ? [...item.path, item.kind] : item.path;
}

function checkIds(score: SourceDocument, view: ScoreView, report: Report): void {
  const first = new Map<string, StepView | GroupView>();
  const inOrder = [...view.steps, ...view.groups].sort((a, b) => a.order - b.order);
  for (const step of inOrder) {
    const other = first.get(step.id);
    if (other === undefined) {
      first.set(step.id, step);
      continue;
    }
    const span = keySpan(score, [...ownPath(other), "id"]);
    report.at(
      score,
      [...ownPath(step), "id"],
      "orket/duplicate-step-id",
      `Two steps have the id ${quoted(step.id)}.`,
      {
        hint: "Give each step an id of its own.",
        related:
          span === undefined
            ? undefined
            : [{ file: score.path, range: score.lines.rangeOf(span), message: "the first step of this id" }],
      },
    );
  }
}

function checkArtifacts(score: SourceDocument, step: StepView, report: Report): void {
  for (const { text, path } of textsAt(score, [...step.path, "produces"])) {
    // The value of a placeholder is known when the step runs.
    const problem = artifactPathProblem(text.replace(/\{\{[^}\r\n]*\}\}/g, "x"));
    if (problem === undefined) continue;
    const message = `${quoted(text)} cannot be an artifact: ${problem}.`;
    report.at(score, path, "orket/path-not-allowed", message, {
      hint: "Write a path relative to the project.",
    });
  }
}

/** Paths and globs are filled in before the step begins: with inputs, and with the item of the `each` around it. */
function checkPathTemplates(score: SourceDocument, step: StepView, report: Report): void {
  const inEach = step.around.some(({ kind }) => kind === "each");
  for (const key of ["produces", "accept"]) {
    for (const { text, path } of textsAt(score, [...step.path, key])) {
      for (const segment of parseTemplate(text).segments) {
        if (segment.kind === "text") continue;
        const { kind } = segment.placeholder;
        if (kind === "input" || (kind === "item" && inEach)) continue;
        const written = placeholderText(segment.placeholder);
        const message =
          kind === "item"
            ? `The step ${quoted(step.id)} is not in an 'each', so there is no item.`
            : `${written} has no value here: only inputs and {{item}} can be used in a path.`;
        report.at(score, path, "orket/placeholder-unresolved", message);
      }
    }
  }
}

/** What a Score says by itself, about more than one place in it. */
export function checkSteps(score: SourceDocument, report: Report): void {
  const view = scoreViewOf(score);
  checkIds(score, view, report);
  checkConditions(score, view, report);
  checkSources(score, view, report);
  checkReads(score, view, report);
  checkPlacement(score, view, report);
  for (const step of view.steps) {
    if (report.isFull(score)) return;
    checkArtifacts(score, step, report);
    checkPathTemplates(score, step, report);
  }
}
