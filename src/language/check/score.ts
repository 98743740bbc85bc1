import { checkCommandPlaces } from "./command-places";
import { checkCommandTools } from "./command-tools";
import { idSchema } from "../../engine/model/names";
import { isForeign } from "../../engine/model/tools";
import { toolsOf } from "./role-tools";
import { checkBeside, checkCommands, checkUsedSays, checkUses, scoresOf } from "./use";
import { quoted } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import { artifactPathProblem } from "../project/paths";
import { replaceValue } from "../schema/report";
import type { Report } from "../schema/report";
import { isGiven, keysAt, textsAt } from "../schema/read";
import type { FlowParts } from "../project/flow-parts";
import { valueAt } from "../schema/schema";
import { scoreViewOf } from "../schema/score-view";
import type { ScoreView, StepView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";

function checkRole(parts: FlowParts, score: SourceDocument, step: StepView, report: Report): void {
  const { band } = parts;
  if (band?.tree === undefined || step.role === undefined) return;
  const roles = keysAt(band, ["roles"]);
  const path = [...step.path, "role"];
  if (!roles.includes(step.role)) {
    // A text that cannot be a role at all is reported where it is.
    if (!idSchema.safeParse(step.role).success) return;
    report.at(score, path, "orket/unknown-role", `The Band ${band.path} has no role ${quoted(step.role)}.`, {
      hint: roles.length === 0 ? undefined : `Its roles are ${roles.slice(0, 20).join(", ")}.`,
      ...replaceValue(score, path, nearest(step.role, roles)),
    });
    return;
  }
  const tools = toolsOf(band, step.role);
  if (tools === undefined) return;
  const place = `In ${band.path}, add`;
  if (step.verdict !== undefined && !tools.includes("set_verdict")) {
    const message = `The step must end with a verdict, but the role ${quoted(step.role)} may not call set_verdict.`;
    report.at(score, [...step.path, "verdict"], "orket/verdict-tool-missing", message, {
      hint: `${place} set_verdict to the tools of ${step.role}.`,
    });
  }
  if (isGiven(score, [...step.path, "result"]) && !tools.includes("set_result")) {
    const message = `The step must give a result, but the role ${quoted(step.role)} may not call set_result.`;
    report.at(score, [...step.path, "result"], "orket/result-tool-missing", message, {
      hint: `${place} set_result to the tools of ${step.role}.`,
    });
  }
  const produces = textsAt(score, [...step.path, "produces"]);
  if (produces.length > 0 && !tools.includes("write_file") && !tools.includes("edit_file")) {
    const editorTools = tools.some(isForeign);
    if (editorTools) return;
    const message = `The step must produce ${quoted(produces[0]?.text ?? "")}, but the role ${quoted(step.role)} has no tool that writes.`;
    report.at(score, [...step.path, "produces"], "orket/produces-tool-missing", message, {
      severity: "warning",
      hint: `${place} write_file to the tools of ${step.role}.`,
    });
  }
}

/** Artifacts in places where the Flow's policy allows no writing. */
function checkWriteScope(flow: SourceDocument, score: SourceDocument, step: StepView, report: Report): void {
  const scope = valueAt(flow.value, ["policy", "write_scope"]);
  if (!Array.isArray(scope) || scope.length > 0) return;
  for (const { text, path } of textsAt(score, [...step.path, "produces"])) {
    if (artifactPathProblem(text) !== undefined) continue;
    const message = `The step must produce ${quoted(text)}, but the policy of ${flow.path} lets nothing be written.`;
    report.at(score, path, "orket/write-scope-empty", message, {
      hint: "Write 'write_scope: [workspace]' there.",
    });
  }
}

/** All checks of the Score that need the other files. */
export function checkScore(parts: FlowParts, report: Report): ScoreView | undefined {
  const { flow, score } = parts;
  if (score?.tree === undefined) return undefined;
  const view = scoreViewOf(score);
  for (const source of new Set(scoresOf(parts).map((one) => one.score))) {
    for (const step of scoreViewOf(source).steps) {
      if (report.isFull(source)) break;
      checkRole(parts, source, step, report);
      checkWriteScope(flow, source, step, report);
    }
  }
  checkUses(parts, report);
  checkUsedSays(parts, report);
  checkCommands(parts, report);
  checkCommandPlaces(parts, report);
  checkBeside(parts, report);
  checkCommandTools(parts, report);
  return view;
}
