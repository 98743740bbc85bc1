import { editorToolPattern } from "../engine/model/band";
import { quoted, type Diagnostic } from "./diagnostic";
import { nearest } from "./nearest";
import { keysAt, replaceValue, Report, textsAt } from "./report";
import { type SourceDocument } from "./source";

/**
 * Tools of a Band's roles that no extension offers. Only an editor can know: `offered` are the names of its tools, without
 * `vscode:`.
 */
export function checkEditorTools(band: SourceDocument, offered: readonly string[]): readonly Diagnostic[] {
  if (band.kind !== "band") return [];
  const report = new Report();
  const known = offered.map((name) => `vscode:${name}`);
  for (const role of keysAt(band, ["roles"])) {
    for (const { text, path } of textsAt(band, ["roles", role, "tools"])) {
      if (!editorToolPattern.test(text) || known.includes(text)) continue;
      const message = `No extension in this window offers the tool ${quoted(text)} at the moment.`;
      report.at(band, path, "orket/tool-not-here", message, {
        severity: "warning",
        mend: "Install or enable the extension that brings it, or start its MCP server.",
        ...replaceValue(band, path, nearest(text, known)),
      });
    }
  }
  return report.diagnostics;
}
