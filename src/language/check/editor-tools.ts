import { editorToolPattern } from "../../engine/model/band";
import { quoted } from "../text/diagnostic";
import type { Diagnostic } from "../text/diagnostic";
import { ofVersions } from "../text/memo";
import { nearest } from "../text/nearest";
import { replaceValue, Report } from "../schema/report";
import { keysAt, textsAt } from "../schema/read";
import type { SourceDocument } from "../text/source";

function absentTools(band: SourceDocument, offered: readonly string[]): readonly Diagnostic[] {
  const report = new Report();
  const known = offered.map((name) => `vscode:${name}`);
  for (const role of keysAt(band, ["roles"])) {
    for (const { text, path } of textsAt(band, ["roles", role, "tools"])) {
      if (!editorToolPattern.test(text) || known.includes(text)) continue;
      const message = `No extension in this window offers the tool ${quoted(text)} at the moment.`;
      report.at(band, path, "orket/tool-not-here", message, {
        severity: "warning",
        hint: "Install or enable the extension that brings it, or start its MCP server.",
        ...replaceValue(band, path, nearest(text, known)),
      });
    }
  }
  return report.diagnostics;
}

/**
 * The diagnostics of a Band, followed by the tools of its roles that no extension offers. Only an editor can know:
 * `offered` are the names of its tools, without `vscode:`. Returns the same list as before while none of this has changed.
 */
export const withAbsentTools = ofVersions(
  (
    band: SourceDocument,
    found: readonly Diagnostic[],
    ...offered: readonly string[]
  ): readonly Diagnostic[] => {
    const absent = absentTools(band, offered);
    return absent.length === 0 ? found : [...found, ...absent];
  },
);
