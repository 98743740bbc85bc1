import { quoted } from "../text/diagnostic";
import type { Diagnostic } from "../text/diagnostic";
import { Report } from "../schema/report";
import { keysAt, textAt } from "../schema/read";
import type { SourceDocument } from "../text/source";

/**
 * Commands of a Flow whose program is missing. Depends on the machine: `isThere` answers for a name on the PATH, or a
 * path within the project.
 */
export function absentPrograms(
  flow: SourceDocument,
  isThere: (program: string) => boolean,
): readonly Diagnostic[] {
  const report = new Report();
  for (const name of keysAt(flow, ["commands"])) {
    const path = ["commands", name, "argv", 0];
    const program = textAt(flow, path);
    if (program === undefined || program === "" || program.includes("{{")) continue;
    const isPath = /[\\/]/.test(program);
    // The programs of an image are not those of this machine.
    const inContainer = textAt(flow, ["commands", name, "isolation"]) === "container";
    if ((inContainer && (!isPath || program.startsWith("/"))) || isThere(program)) continue;
    const where = isPath ? "no file of the project that can be executed" : "not on the PATH";
    report.at(flow, path, "orket/program-not-found", `${quoted(program)} is ${where}.`, {
      severity: "warning",
      hint: "Install it, or write the path of a program. A session may also make it before the command runs.",
    });
  }
  return report.diagnostics;
}
