import { quoted } from "./diagnostic";
import { nearest } from "./nearest";
import { artifactPathProblem } from "./paths";
import { keySpan } from "./places";
import { keysAt, replaceValue, textAt, textsAt, type FlowParts, type Report } from "./report";
import { valueAt } from "./schema";
import { scoreViewOf, type ScoreView, type StepView } from "./score-view";
import { type SourceDocument } from "./source";

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

function checkRole(parts: FlowParts, score: SourceDocument, step: StepView, report: Report): void {
  const { band } = parts;
  if (band?.tree === undefined || step.role === undefined) return;
  const roles = keysAt(band, ["roles"]);
  const path = [...step.path, "role"];
  if (!roles.includes(step.role)) {
    report.at(score, path, "orket/unknown-role", `The Band ${band.path} has no role ${quoted(step.role)}.`, {
      mend: roles.length === 0 ? undefined : `Its roles are ${roles.slice(0, 20).join(", ")}.`,
      ...replaceValue(score, path, nearest(step.role, roles)),
    });
    return;
  }
  const listed = valueAt(band.value, ["roles", step.role, "tools"]);
  const tools: unknown[] = Array.isArray(listed) ? listed : [];
  const mendAt = `In ${band.path}, add`;
  if (step.verdict !== undefined && !tools.includes("set_verdict")) {
    const message = `The step has to end with a verdict, but the role ${quoted(step.role)} may not call set_verdict.`;
    report.at(score, [...step.path, "verdict"], "orket/verdict-tool-missing", message, {
      mend: `${mendAt} set_verdict to the tools of ${step.role}.`,
    });
  }
  const produces = textsAt(score, [...step.path, "produces"]);
  if (produces.length > 0 && !tools.includes("write_file") && !tools.includes("edit_file")) {
    const editorTools = tools.some((tool) => typeof tool === "string" && tool.startsWith("vscode:"));
    if (editorTools) return;
    const message = `The step has to produce ${quoted(produces[0]?.text ?? "")}, but the role ${quoted(step.role)} has no tool that writes.`;
    report.at(score, [...step.path, "produces"], "orket/produces-tool-missing", message, {
      severity: "warning",
      mend: `${mendAt} write_file to the tools of ${step.role}.`,
    });
  }
}

function checkProduces(parts: FlowParts, score: SourceDocument, step: StepView, report: Report): void {
  const scope = valueAt(parts.flow.value, ["policy", "write_scope"]);
  const closed = Array.isArray(scope) && scope.length === 0;
  for (const { text, path } of textsAt(score, [...step.path, "produces"])) {
    const problem = artifactPathProblem(text);
    if (problem !== undefined) {
      const message = `${quoted(text)} cannot be an artifact: ${problem}.`;
      report.at(score, path, "orket/path-not-allowed", message, {
        mend: "Write a path relative to the project.",
      });
    } else if (closed) {
      const message = `The step has to produce ${quoted(text)}, but the policy of ${parts.flow.path} lets nothing be written.`;
      report.at(score, path, "orket/write-scope-empty", message, {
        mend: "Write 'write_scope: [workspace]' there.",
      });
    }
  }
}

/** Everything of the Score that needs the other files, or more than one place of its own. */
export function checkScore(parts: FlowParts, report: Report): ScoreView | undefined {
  const { score } = parts;
  if (score?.tree === undefined) return undefined;
  const view = scoreViewOf(score);
  checkIds(score, view, report);
  checkLoops(score, view, report);
  for (const step of view.steps) {
    if (report.isFull(score)) break;
    checkRole(parts, score, step, report);
    checkProduces(parts, score, step, report);
  }
  return view;
}
