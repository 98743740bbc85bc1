import { checkCommands } from "./commands";
import { checkNamedPaths } from "./materials";
import { checkParams } from "./params";
import { checkProvider } from "./provider";
import { checkReachable } from "./reachable";
import { checkSteps } from "./steps";
import { checkTask, checkTemplates } from "./templates";
import { quoted } from "../text/diagnostic";
import type { Diagnostic } from "../text/diagnostic";
import { checkInputs } from "../project/inputs";
import { referencePathProblem } from "../project/paths";
import { Report } from "../schema/report";
import { textsAt } from "../schema/read";
import type { SourceDocument } from "../text/source";

function checkReferences(flow: SourceDocument, report: Report): void {
  for (const { text, path } of textsAt(flow, ["references"])) {
    const problem = referencePathProblem(text);
    if (problem === undefined) continue;
    const message = `${quoted(text)} cannot be a reference: ${problem}.`;
    report.at(flow, path, "orket/path-not-allowed", message, {
      hint: "Write a folder relative to the project.",
    });
  }
}

/** What no schema can check about a file, and no other file is needed for: also for a file that nothing refers to yet. */
export function checkAlone(source: SourceDocument): readonly Diagnostic[] {
  const report = new Report();
  if (source.tree === undefined) return [];
  switch (source.kind) {
    case "flow":
      checkReferences(source, report);
      checkInputs(source, report);
      checkTask(source, report);
      checkCommands(source, report);
      break;
    case "venue":
      checkProvider(source, report);
      checkParams(source, report);
      break;
    case "score":
      checkSteps(source, report);
      checkTemplates(source, report);
      checkReachable(source, report);
      break;
    case "band":
      checkNamedPaths(source, report);
      checkTemplates(source, report);
      break;
    default:
  }
  return report.diagnostics;
}
