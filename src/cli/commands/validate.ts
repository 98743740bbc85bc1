import { programFinder } from "../../app/command/programs";
import { OrketError } from "../../engine/error/orket-error";
import {
  absentPrograms,
  diagnoseProject,
  editorOnly,
  fileKindOf,
  formatDiagnostic,
  hasError,
} from "../../language";
import type { Diagnostic, Project } from "../../language";
import { jsonOption } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import { loadProject, projectPath } from "../project";
import { plural } from "../text/format";
import { safeLine, safeText } from "../text/safe";
import { defined } from "../../engine/model/defined";

/** Whether a file is one of the requested ones. @throws {OrketError} usage for a path that names none. */
function wantedFiles(
  project: Project,
  where: CommandContext,
  paths: readonly string[],
): (file: string) => boolean {
  const files = [...project.sources.keys()];
  const places = paths.map((written) => {
    const place = projectPath(where, written);
    const isFolder = place === "" || files.some((file) => file.startsWith(`${place ?? ""}/`));
    if (place !== undefined && (isFolder || project.sources.has(place))) return place;
    const why =
      place === undefined
        ? "is outside the project"
        : fileKindOf(place) === undefined
          ? "is no definition file, nor a folder that holds one"
          : "does not exist";
    throw new OrketError("usage", `${safeLine(written)} ${why}.`);
  });
  if (places.length === 0) return () => true;
  return (file) => places.some((place) => place === "" || file === place || file.startsWith(`${place}/`));
}

function asJson({ file, range, severity, code, message, hint }: Diagnostic) {
  const { start, end } = range;
  return {
    file,
    line: start.line + 1,
    column: start.character + 1,
    endLine: end.line + 1,
    endColumn: end.character + 1,
    severity,
    code,
    message,
    ...defined({ mend: hint }),
  };
}

async function validate(context: CommandContext): Promise<ExitCode> {
  const { io, given, workDomain } = context;
  const project = await loadProject(context);
  const wanted = wantedFiles(project, context, given.positionals);
  const isThere = programFinder(workDomain, io.env);
  const flows = [...project.sources.values()].filter(({ kind }) => kind === "flow");
  const programs = flows.flatMap((flow) => absentPrograms(flow, isThere));
  const elsewhere = flows.flatMap((flow) => editorOnly(project, flow));
  const diagnostics = [...diagnoseProject(project), ...programs, ...elsewhere].filter(({ file }) =>
    wanted(file),
  );
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  if (given.flag("json")) io.stdout.line(JSON.stringify(diagnostics.map(asJson), null, 2));
  else {
    for (const diagnostic of diagnostics) io.stdout.line(safeText(formatDiagnostic(diagnostic)));
    const files = [...project.sources.keys()].filter(wanted).length;
    const warnings = diagnostics.length - errors;
    io.stderr.line(
      files === 0
        ? "The project has no definition files; `orket init` writes a sample."
        : `${plural(files, "file")}: ${plural(errors, "error")}, ${plural(warnings, "warning")}.`,
    );
  }
  return hasError(diagnostics) ? exitCodes.invalidDefinition : exitCodes.done;
}

export const validateCommand: Command = {
  name: "validate",
  summary: "Check the definition files.",
  details: [
    "Prints each problem as FILE:LINE:COLUMN: SEVERITY CODE MESSAGE, lines and columns from 1. The exit code is 3 when there is an error; warnings alone are 0.",
  ],
  args: [
    {
      name: "PATH",
      optional: true,
      multiple: true,
      summary: "Files or folders of the project; without any, the whole project.",
    },
  ],
  options: [jsonOption],
  examples: [
    { line: "orket validate", does: "check every Flow, Band, Venue and Score of the project" },
    { line: "orket validate flows --json", does: "those in one folder, for a script" },
  ],
  run: validate,
};
