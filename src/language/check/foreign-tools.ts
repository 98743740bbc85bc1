import { factsOfText } from "../../engine/model/providers";
import { isEditorTool, isForeign } from "../../engine/model/tools";
import { findParts } from "../project/flow-parts";
import type { FlowParts } from "../project/flow-parts";
import type { Project } from "../project/project";
import { replaceValue, Report } from "../schema/report";
import { isGiven, keysAt, textAt, textsAt } from "../schema/read";
import { scoreViewOf } from "../schema/score-view";
import { quoted } from "../text/diagnostic";
import type { Diagnostic } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import { isDamaged } from "../text/source";
import type { SourceDocument } from "../text/source";
import { toolsOf } from "./role-tools";

/** Foreign tools that the policy lists and that no role of the Band may call. */
export function checkForeignTools({ flow, band }: FlowParts, report: Report): void {
  if (band?.tree === undefined || isDamaged(band)) return;
  const listed = textsAt(flow, ["policy", "foreign_tools"]).filter(({ text }) => isForeign(text));
  if (listed.length === 0) return;
  const given = new Set(
    keysAt(band, ["roles"]).flatMap((role) => toolsOf(band, role)?.filter(isForeign) ?? []),
  );
  for (const { text, path } of listed) {
    if (given.has(text)) continue;
    const message = `No role of ${band.path} may call ${quoted(text)}.`;
    report.at(flow, path, "orket/foreign-tool-unused", message, {
      severity: "warning",
      hint: "Add it to the tools of a role, or take it out here.",
      ...replaceValue(flow, path, nearest(text, [...given])),
    });
  }
}

/** The roles to which a step is given, with those of their tools that are meant. */
function rolesWith(
  { band, score, uses }: FlowParts,
  isMeant: (tool: string) => boolean,
): { readonly role: string; readonly tools: readonly string[] }[] {
  const steps = [score, ...uses].flatMap((one) => (one === undefined ? [] : scoreViewOf(one).steps));
  return [...new Set(steps.flatMap(({ role }) => role ?? []))].flatMap((role) => {
    const tools = (toolsOf(band, role) ?? []).filter(isMeant);
    return tools.length === 0 ? [] : [{ role, tools }];
  });
}

/**
 * Why a Flow runs only in VS Code (its Venue is the editor, or a role has tools of other extensions), and which of its tools
 * only VS Code has. For the command line.
 */
export function editorOnly(project: Project, flow: SourceDocument): readonly Diagnostic[] {
  const report = new Report();
  const parts = findParts(project, flow, new Report());
  if (factsOfText(textAt(parts.venue, ["provider"]))?.answeredBy === "editor" && isGiven(flow, ["venue"]))
    report.at(
      flow,
      ["venue"],
      "orket/editor-only",
      "The Venue's models are those of VS Code: this Flow runs only there.",
      {
        severity: "warning",
        hint: "Run it from VS Code, or with another Venue: `orket run FLOW --venue NAME`.",
      },
    );
  for (const { role, tools } of rolesWith(parts, isForeign)) {
    const message = `The role ${quoted(role)} may call ${tools.join(", ")}, which only VS Code has: this Flow runs only there.`;
    report.at(flow, ["band"], "orket/editor-only", message, {
      severity: "warning",
      hint: "Run it from VS Code, or take these tools out of the role.",
    });
  }
  for (const { role, tools } of rolesWith(parts, isEditorTool)) {
    const message = `The role ${quoted(role)} has ${tools.join(", ")} only in VS Code: a run on the command line goes without.`;
    report.at(flow, ["band"], "orket/editor-tool", message, {
      severity: "warning",
      hint: "Run it from VS Code, or give the role search_files too.",
    });
  }
  return report.diagnostics;
}
