import { quoted } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import { artifactPathProblem } from "../project/paths";
import { keySpan } from "../text/places";
import { replaceValue } from "../schema/report";
import type { Report } from "../schema/report";
import { textAt, textsAt } from "../schema/read";
import { scoreViewOf } from "../schema/score-view";
import type { ScoreView, StepView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";

function checkIds(score: SourceDocument, view: ScoreView, report: Report): void {
  const first = new Map<string, StepView>();
  for (const step of view.steps) {
    const other = first.get(step.id);
    if (other === undefined) {
      first.set(step.id, step);
      continue;
    }
    const span = keySpan(score, [...other.path, "id"]);
    report.at(
      score,
      [...step.path, "id"],
      "orket/duplicate-step-id",
      `Two steps have the id ${quoted(step.id)}.`,
      {
        mend: "Give each step an id of its own.",
        related:
          span === undefined
            ? undefined
            : [{ file: score.path, range: score.lines.rangeOf(span), message: "the first step of this id" }],
      },
    );
  }
}

function checkLoops(score: SourceDocument, view: ScoreView, report: Report): void {
  const ids = view.steps.map(({ id }) => id);
  for (const group of view.groups) {
    if (report.isFull(score)) return;
    if (group.kind !== "loop") continue;
    const until = [...group.path, "loop", "until"];
    const wanted = textAt(score, [...until, "step"]);
    if (wanted === undefined) continue;
    const inside = view.steps.filter(({ around }) => around.includes(group));
    const step = inside.find(({ id }) => id === wanted);
    const path = [...until, "step"];
    if (step === undefined) {
      const near = nearest(
        wanted,
        inside.filter(({ verdict }) => verdict !== undefined).map(({ id }) => id),
      );
      if (ids.includes(wanted)) {
        const message = `The step ${quoted(wanted)} is not in this loop.`;
        report.at(score, path, "orket/until-outside-loop", message, {
          mend: "Name a step of the loop that gives a verdict.",
        });
      } else {
        const message = `There is no step ${quoted(wanted)}.`;
        report.at(score, path, "orket/until-unknown-step", message, {
          mend: "Name a step of the loop that gives a verdict.",
          ...replaceValue(score, path, near),
        });
      }
      continue;
    }
    const verdict = textAt(score, [...until, "verdict"]);
    if (verdict === undefined || step.verdict?.includes(verdict) === true) continue;
    const given = step.verdict ?? [];
    const message =
      given.length === 0
        ? `The step ${quoted(wanted)} gives no verdict.`
        : `The step ${quoted(wanted)} has no verdict ${quoted(verdict)}; it has ${given.join(", ")}.`;
    const verdictPath = [...until, "verdict"];
    report.at(score, verdictPath, "orket/until-unknown-verdict", message, {
      ...(given.length === 0 ? { mend: `Give it 'verdict: [${verdict}, …]'.` } : {}),
      ...replaceValue(score, verdictPath, nearest(verdict, given)),
    });
  }
}

function checkArtifacts(score: SourceDocument, step: StepView, report: Report): void {
  for (const { text, path } of textsAt(score, [...step.path, "produces"])) {
    const problem = artifactPathProblem(text);
    if (problem === undefined) continue;
    const message = `${quoted(text)} cannot be an artifact: ${problem}.`;
    report.at(score, path, "orket/path-not-allowed", message, {
      mend: "Write a path relative to the project.",
    });
  }
}

/** What a Score says by itself, at more than one place of its own. */
export function checkSteps(score: SourceDocument, report: Report): void {
  const view = scoreViewOf(score);
  checkIds(score, view, report);
  checkLoops(score, view, report);
  for (const step of view.steps) {
    if (report.isFull(score)) return;
    checkArtifacts(score, step, report);
  }
}
