import { commandOfTool, commandToolPrefix } from "../../engine/model/tools";
import { parseTemplate, placeholderText } from "../../engine/model/template";
import type { FlowParts } from "../project/flow-parts";
import { keysAt, textAt, textsAt } from "../schema/read";
import { replaceValue } from "../schema/report";
import type { Report } from "../schema/report";
import { scoreViewOf } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import { quoted } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import { scoresOf } from "./use";

/** A placeholder of the command that only has a value for a step of its own; undefined where there is none. */
function boundToStep(flow: SourceDocument, command: string): string | undefined {
  const path = ["commands", command];
  const texts = [
    ...textsAt(flow, [...path, "argv"]).map(({ text }) => text),
    textAt(flow, [...path, "stdin"]) ?? "",
    ...keysAt(flow, [...path, "env"]).map((name) => textAt(flow, [...path, "env", name]) ?? ""),
  ];
  for (const text of texts) {
    for (const segment of parseTemplate(text).segments) {
      if (segment.kind === "text") continue;
      const { placeholder } = segment;
      if (placeholder.kind !== "input" && placeholder.kind !== "task") return placeholderText(placeholder);
    }
  }
  return undefined;
}

/** Commands among the tools of the roles to which the Flow's steps are given, checked against the Flow's table. */
export function checkCommandTools(parts: FlowParts, report: Report): void {
  const { flow, band } = parts;
  if (band?.tree === undefined) return;
  const known = keysAt(flow, ["commands"]);
  const roles = new Set(
    scoresOf(parts).flatMap(({ score }) => scoreViewOf(score).steps.map(({ role }) => role)),
  );
  for (const role of keysAt(band, ["roles"])) {
    if (!roles.has(role)) continue;
    for (const { text, path } of textsAt(band, ["roles", role, "tools"])) {
      const command = commandOfTool(text);
      if (command === undefined) continue;
      if (report.isFull(band)) return;
      if (!known.includes(command)) {
        const near = nearest(command, known);
        report.at(
          band,
          path,
          "orket/unknown-command",
          `The Flow ${flow.path} has no command ${quoted(command)}.`,
          {
            hint:
              known.length === 0
                ? "Add it to the Flow's 'commands'."
                : `Its commands are ${known.slice(0, 20).join(", ")}.`,
            ...replaceValue(band, path, near === undefined ? near : `${commandToolPrefix}${near}`),
          },
        );
        continue;
      }
      const bound = boundToStep(flow, command);
      const why =
        textAt(flow, ["commands", command, "effects"]) === "outside"
          ? "has effects outside"
          : bound === undefined
            ? undefined
            : `uses ${bound}, which only a step can fill`;
      if (why === undefined) continue;
      report.at(
        band,
        path,
        "orket/command-tool",
        `The command ${quoted(command)} ${why}: no role can have it as a tool.`,
        { hint: `Run it by a step of its own: run: ${command}.` },
      );
    }
  }
}
