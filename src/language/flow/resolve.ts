import type { Definition } from "../../engine/model/definition";
import type { InputValue } from "../../engine/model/flow";
import { diagnose } from "../check/file";
import { hasError, makeDiagnostic, sortDiagnostics } from "../text/diagnostic";
import type { Diagnostic } from "../text/diagnostic";
import { fileKinds } from "../text/file-kind";
import { filesOf, findingsOf } from "./check-flow";
import { findParts } from "../project/flow-parts";
import { takeInputs } from "../project/inputs";
import { LineIndex } from "../text/lines";
import { checkOwnName } from "../check/own-name";
import { nearestPlace } from "../text/places";
import type { Project } from "../project/project";
import { Report } from "../schema/report";
import { textAt } from "../schema/read";
import type { SourceDocument } from "../text/source";

/** What a run specifies besides the files. */
export interface ResolveOptions {
  /** Replaces the Flow's task. */
  readonly task?: string;
  /** Values of inputs; text is read by the input's type. */
  readonly inputs?: Readonly<Record<string, InputValue>>;
  /** Replaces the Flow's Venue: a name, or a path relative to the Flow. */
  readonly venue?: string;
  /** Whether a task and all inputs without a default are required. Default: true. */
  readonly forRun?: boolean;
  /** Whether hints are included: things that are not wrong but may not be intended. */
  readonly hints?: boolean;
}

export interface ResolveResult {
  /** Present when no diagnostic is an error. */
  readonly definition?: Definition;
  /** For all files, in the order of files and places. */
  readonly diagnostics: readonly Diagnostic[];
  /** The files that the Flow led to, the Flow first. */
  readonly files: readonly string[];
}

function checkTaskGiven(flow: SourceDocument, options: ResolveOptions, report: Report): void {
  const task = options.task ?? textAt(flow, ["task"]);
  if (options.forRun === false || (task !== undefined && task.trim() !== "")) return;
  report.span(flow, nearestPlace(flow, []), "orket/task-missing", "There is no task.", {
    origin: "options",
    hint: "Give one, or add 'task:' to the Flow.",
  });
}

function notFound(project: Project, path: string): ResolveResult {
  const place = { path, lines: new LineIndex("") };
  const source = project.sources.get(path);
  const message =
    source === undefined
      ? "There is no such file."
      : `This is a ${fileKinds[source.kind ?? "flow"].label}, not a Flow.`;
  const diagnostic = makeDiagnostic(place, "orket/file-not-found", { start: 0, end: 0 }, message, {
    origin: "options",
  });
  return { diagnostics: [diagnostic], files: [] };
}

/**
 * Resolves a Flow with its Band, Venue and Score: returns everything that is wrong with any of them and, when nothing
 * is, the definition that a run reads.
 */
export function resolveFlow(project: Project, flowPath: string, options: ResolveOptions = {}): ResolveResult {
  const flow = project.sources.get(flowPath);
  if (flow?.kind !== "flow") return notFound(project, flowPath);
  const report = new Report();
  const parts = findParts(project, flow, report, options.venue);
  const sources = filesOf(parts);
  const found = findingsOf(parts);
  checkOwnName(project, flow, report);
  checkTaskGiven(flow, options, report);
  const inputs = takeInputs(flow, options.inputs ?? {}, options.forRun !== false, report);
  const all = [...sources.flatMap((source) => diagnose(source)), ...found.diagnostics, ...report.diagnostics];
  const diagnostics = sortDiagnostics(
    options.hints === true ? all : all.filter(({ severity }) => severity !== "hint"),
  );
  const files = sources.map(({ path }) => path);
  if (found.definition === undefined || hasError(diagnostics)) return { diagnostics, files };
  const { definition } = found;
  const task = options.task ?? definition.flow.task;
  return {
    definition: {
      ...definition,
      flow: { ...definition.flow, task, inputs: { ...definition.flow.inputs, ...inputs } },
    },
    diagnostics,
    files,
  };
}
