import { utf8Length } from "../../engine/model/utf8";
import { fileKindOf } from "../text/file-kind";
import { createProject } from "../project/project";
import type { ProjectFile } from "../project/project";
import { diagnoseProject } from "../flow/check-project";
import { importAgents } from "./agent-md";
import { importCrew } from "./crewai";
import { detectImport, importKinds } from "./detect";
import type { ImportSet } from "./detect";
import { sourceLimits } from "../text/limits";
import { parseSource } from "../text/source";
import { importPromptFlow } from "./prompt-flow";
import { importPythonOrket } from "./python-orket";
import { ImportReport } from "./report";
import type { ImportEntry } from "./report";
import { importRooModes } from "./roo-modes";
import { Target } from "./target";
import type { ImportOptions, WrittenFile } from "./target";
import { importArchon } from "./workflow/archon";
import { importConductor } from "./workflow/conductor";
import { importSpecKit } from "./workflow/spec-kit";

export { detectImport, importKinds, mayImport, neighboursOf } from "./detect";
export type { ImportEntry } from "./report";
export type { ImportOptions, WrittenFile } from "./target";

export interface ImportResult {
  /** New files; none of them is in the project yet. */
  readonly files: readonly WrittenFile[];
  /** Everything that was changed, left out or could not be read, in the order of the input files. */
  readonly report: readonly ImportEntry[];
}

/** CrewAI's tasks rather than its agents. */
function isTasks({ path, text }: ProjectFile): boolean {
  if (/(agents|tasks)\.ya?ml$/i.test(path)) return /tasks\.ya?ml$/i.test(path);
  return typeof text === "string" && /^\s+expected_output\s*:/m.test(text);
}

function importSet({ kind, name, files }: ImportSet, target: Target): void {
  const [first] = files;
  if (first === undefined) return;
  switch (kind) {
    case "python-orket":
      return importPythonOrket(files, target);
    case "roo-modes":
      return importRooModes(first, target);
    case "prompt-flow":
      return importPromptFlow(first, new Map(files.map((file) => [file.path, file])), target);
    case "agent-md":
      return importAgents(name, files, target);
    case "conductor":
      return importConductor(first, target);
    case "archon":
      return importArchon(first, files, target);
    case "spec-kit":
      return importSpecKit(first, target);
    case "crewai": {
      const tasks = files.find(isTasks);
      return importCrew(
        name,
        files.find((file) => file !== tasks),
        tasks,
        target,
      );
    }
  }
}

/** What Orket itself could not read: reported before anything is written, since half of an import is useless. */
function beyondLimits(files: readonly WrittenFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const { problems } = parseSource(path, text);
    const found = problems.find(
      ({ code }) => code === "orket/file-too-large" || code === "orket/too-complex",
    );
    if (found === undefined) return [];
    const size = (utf8Length(text) / sourceLimits.bytes).toFixed(1);
    const why =
      found.code === "orket/file-too-large"
        ? `${path} would have ${size} MB, and Orket reads definition files of up to 1 MB`
        : `${path} would have more parts than Orket reads`;
    return [
      `${why}: nothing is written. Import fewer files at once, for example those of one folder or one team.`,
    ];
  });
}

/** Problems of the generated files, as a reader of the files would see them. */
function check(files: readonly WrittenFile[], options: ImportOptions, report: ImportReport): void {
  const own = new Set(files.map(({ path }) => path));
  const project = createProject(
    [...(options.project?.sources.values() ?? []), ...files],
    options.project?.materials,
  );
  for (const { severity, message, hint, file, range } of diagnoseProject(project)) {
    if (!own.has(file)) continue;
    report.add(severity === "hint" ? "info" : severity, hint === undefined ? message : `${message} ${hint}`, {
      file,
      range,
    });
  }
}

/**
 * Makes Orket's files from those of other tools. Pure: nothing is written. Never throws, whatever the files contain:
 * what cannot be read or carried over is in the report, at its place.
 */
export function importFiles(files: readonly ProjectFile[], options: ImportOptions = {}): ImportResult {
  const report = new ImportReport();
  const target = new Target(options, report);
  const { sets, unknown } = detectImport(files);
  for (const path of unknown) {
    const why =
      fileKindOf(path) === undefined ? "is nothing that can be imported" : "is a file of Orket already";
    report.warning(`${path} ${why}; it is left out.`);
  }
  if (sets.length === 0) {
    report.error(`There is nothing to import; known are ${Object.values(importKinds).join(", ")}.`);
  }
  for (const set of sets) importSet(set, target);
  const written = target.files();
  const beyond = beyondLimits(written);
  if (beyond.length > 0) {
    for (const message of beyond) report.error(message);
    return { files: [], report: report.entries };
  }
  check(written, options, report);
  return { files: written, report: report.entries };
}
