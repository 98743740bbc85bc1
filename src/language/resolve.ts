import {
  definitionFormat,
  definitionSchema,
  type Definition,
  type PlanNode,
} from "../engine/model/definition";
import { type FlowFile, flowFileSchema, type InputValue } from "../engine/model/flow";
import { bandFileSchema } from "../engine/model/band";
import { scoreFileSchema, type ScoreItemFile } from "../engine/model/score";
import { repliesFileSchema, venueFileSchema, type VenueFile } from "../engine/model/venue";
import { checkPlaceholders } from "./check-placeholders";
import { checkScore } from "./check-score";
import { checkDisabledRoles, checkVenue, defaultOllamaEndpoint, defaultOpenaiEndpoint } from "./check-venue";
import { diagnose } from "./diagnose";
import { hasError, makeDiagnostic, quoted, sortDiagnostics, type Diagnostic } from "./diagnostic";
import { fileKinds, type SourceKind } from "./file-kind";
import { checkInputs, takeInputs } from "./inputs";
import { LineIndex } from "./lines";
import { referencePathProblem } from "./paths";
import { nearestPlace, valuePlace } from "./places";
import { limitHints, limitWarnings } from "./check-limits";
import { checkUnused } from "./check-unused";
import { nameIn, resolveReference, type Project } from "./project";
import { replaceValue, Report, textAt, textsAt, type FlowParts } from "./report";
import { pathId, type ScoreView } from "./score-view";
import { type SourceDocument } from "./source";
import { type ValuePath } from "./tree";

/** What a run gives besides the files. */
export interface ResolveOptions {
  /** Instead of the Flow's task. */
  readonly task?: string;
  /** Values of inputs; text is read by the input's type. */
  readonly inputs?: Readonly<Record<string, InputValue>>;
  /** Instead of the Flow's Venue: a name, or a path relative to the Flow. */
  readonly venue?: string;
  /** Whether a task and all inputs without a default have to be there. True unless said otherwise. */
  readonly forRun?: boolean;
  /** Whether hints are given too: what is not wrong and may still be meant otherwise. */
  readonly hints?: boolean;
}

export interface ResolveResult {
  /** Present when no diagnostic is an error. */
  readonly definition?: Definition;
  /** Of all files, in the order of files and places. */
  readonly diagnostics: readonly Diagnostic[];
  /** The files that the Flow led to, the Flow first. */
  readonly files: readonly string[];
}

function refer(
  project: Project,
  from: SourceDocument,
  kind: SourceKind,
  path: ValuePath,
  report: Report,
  override?: string,
): SourceDocument | undefined {
  const reference = override ?? textAt(from, path);
  if (reference === undefined || reference === "") return undefined;
  const resolved = resolveReference(project, kind, reference, from.path);
  if ("source" in resolved) return resolved.source;
  const { near, ...init } = resolved.init;
  const mended = { ...init, ...(override === undefined ? replaceValue(from, path, near) : {}) };
  if (override !== undefined && near !== undefined) mended.mend = `Did you mean ${quoted(near)}?`;
  report.at(from, path, resolved.code, resolved.message, {
    ...mended,
    ...(override === undefined ? {} : { origin: "options" as const }),
  });
  return undefined;
}

/** Finds the files that a Flow names; those that cannot be found are reported and absent. */
function findParts(
  project: Project,
  flow: SourceDocument,
  options: ResolveOptions,
  report: Report,
): FlowParts {
  const venue = refer(project, flow, "venue", ["venue"], report, options.venue);
  const scripted = textAt(venue, ["provider"]) === "scripted";
  return {
    flow,
    band: refer(project, flow, "band", ["band"], report),
    venue,
    score: refer(project, flow, "score", ["score"], report),
    replies:
      venue === undefined || !scripted ? undefined : refer(project, venue, "replies", ["replies"], report),
  };
}

function checkReferences(flow: SourceDocument, report: Report): void {
  for (const { text, path } of textsAt(flow, ["references"])) {
    const problem = referencePathProblem(text);
    if (problem === undefined) continue;
    const message = `${quoted(text)} cannot be a reference: ${problem}.`;
    report.at(flow, path, "orket/path-not-allowed", message, {
      mend: "Write a folder relative to the project.",
    });
  }
}

function checkTaskGiven(flow: SourceDocument, options: ResolveOptions, report: Report): void {
  const task = options.task ?? textAt(flow, ["task"]);
  if (options.forRun === false || (task !== undefined && task.trim() !== "")) return;
  report.span(flow, nearestPlace(flow, []), "orket/task-missing", "There is no task.", {
    origin: "options",
    mend: "Give one, or add 'task:' to the Flow.",
  });
}

function checkOwnName(project: Project, source: SourceDocument, report: Report): void {
  const { kind } = source;
  const name = nameIn(source);
  if (kind === undefined || kind === "replies" || name === undefined) return;
  const paths = project.names.get(kind)?.get(name) ?? [];
  if (paths.length < 2) return;
  const others = paths.filter((path) => path !== source.path);
  const label = fileKinds[kind].label;
  const related = others.flatMap((path) => {
    const other = project.sources.get(path);
    if (other === undefined) return [];
    const range = other.lines.rangeOf(valuePlace(other, ["name"]));
    return [{ file: path, range, message: `another ${label} of this name` }];
  });
  const message = `Another ${label} is named ${quoted(name)} too: ${others.join(", ")}.`;
  report.at(source, ["name"], "orket/duplicate-name", message, { related, mend: "Rename one of them." });
}

function planNodes(
  items: readonly ScoreItemFile[],
  path: ValuePath,
  view: ScoreView,
  approval: FlowFile["approval"],
): PlanNode[] {
  return items.map((item, index): PlanNode => {
    const here = [...path, index];
    if ("loop" in item) {
      const { max, until, steps } = item.loop;
      const body = planNodes(steps, [...here, "loop", "steps"], view, approval);
      return { kind: "loop", max, ...(until === undefined ? {} : { until }), body };
    }
    if ("parallel" in item) {
      return {
        kind: "parallel",
        branches: planNodes(item.parallel.steps, [...here, "parallel", "steps"], view, approval),
      };
    }
    return {
      kind: "step",
      id: view.idAt.get(pathId(here)) ?? "",
      role: item.role,
      ...(item.note === undefined ? {} : { note: item.note }),
      instruction: item.instruction ?? "",
      produces: [...new Set(item.produces)],
      ...(item.verdict === undefined ? {} : { verdict: item.verdict }),
      approval: item.approval ?? approval,
      max_turns: item.max_turns,
      retry_attempts: item.retry.attempts,
    };
  });
}

function withDefaults(venue: VenueFile): VenueFile {
  switch (venue.provider) {
    case "ollama":
      return { ...venue, endpoint: venue.endpoint ?? defaultOllamaEndpoint };
    case "openai":
      return { ...venue, endpoint: venue.endpoint ?? defaultOpenaiEndpoint };
    case "mesh":
      return { ...venue, routing: venue.routing ?? "least_busy", same_model: venue.same_model ?? "required" };
    default:
      return venue;
  }
}

function build(
  parts: FlowParts,
  view: ScoreView,
  inputs: Record<string, InputValue>,
  task: string | undefined,
): Definition {
  const flow = flowFileSchema.parse(parts.flow.value);
  const band = bandFileSchema.parse(parts.band?.value);
  const { replies: _file, ...venue } = withDefaults(venueFileSchema.parse(parts.venue?.value));
  const score = scoreFileSchema.parse(parts.score?.value);
  const replies = parts.replies === undefined ? undefined : repliesFileSchema.parse(parts.replies.value);
  return definitionSchema.parse({
    format: definitionFormat,
    flow: {
      name: flow.name,
      ...(flow.description === undefined ? {} : { description: flow.description }),
      source: parts.flow.path,
      task: task ?? flow.task ?? "",
      inputs,
      references: flow.references,
      policy: flow.policy,
      approval: flow.approval,
      limits: flow.limits,
      conductor: flow.conductor,
    },
    band: { name: band.name, source: parts.band?.path, roles: band.roles },
    venue: { ...venue, source: parts.venue?.path, ...(replies === undefined ? {} : { replies }) },
    score: {
      name: score.name,
      source: parts.score?.path,
      steps: planNodes(score.steps, ["steps"], view, flow.approval),
    },
  });
}

/** Without a missing model whose key stands there misspelled: that is reported as an unknown key. */
function withoutMisspelled(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const misspelled = new Set(
    diagnostics.flatMap(({ code, suggestion, file }) =>
      code === "orket/unknown-key" && suggestion !== undefined
        ? [`${file} ${suggestion.replacement.replaceAll('"', "")}`]
        : [],
    ),
  );
  const named = {
    "orket/missing-model": "model",
    "orket/missing-nodes": "nodes",
    "orket/missing-replies": "replies",
  } as const;
  return diagnostics.filter(
    ({ code, file }) => !(code in named && misspelled.has(`${file} ${named[code as keyof typeof named]}`)),
  );
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
 * Resolves a Flow with its Band, Venue and Score: everything that is wrong with any of them at once, and, when nothing
 * is, the definition that a run reads.
 */
export function resolveFlow(project: Project, flowPath: string, options: ResolveOptions = {}): ResolveResult {
  const flow = project.sources.get(flowPath);
  if (flow?.kind !== "flow") return notFound(project, flowPath);
  const report = new Report();
  const parts = findParts(project, flow, options, report);
  const sources = [parts.flow, parts.band, parts.venue, parts.score, parts.replies].filter(
    (part) => part !== undefined,
  );
  for (const source of sources) report.diagnostics.push(...diagnoseCached(source));
  checkOwnName(project, flow, report);
  checkReferences(flow, report);
  checkTaskGiven(flow, options, report);
  checkInputs(flow, report);
  checkDisabledRoles(parts, report);
  const view = checkScore(parts, report);
  checkVenue(parts, view, report);
  checkPlaceholders(parts, view, report);
  const inputs = takeInputs(flow, options.inputs ?? {}, options.forRun !== false, report);
  const diagnostics = sortDiagnostics(withoutMisspelled(report.diagnostics));
  const files = sources.map(({ path }) => path);
  if (hasError(diagnostics) || view === undefined) return { diagnostics, files };
  const definition = build(parts, view, inputs, options.task);
  const found = [
    ...limitWarnings(flow, definition),
    ...(options.hints === true ? limitHints(flow, definition) : []),
  ];
  return {
    definition,
    diagnostics: found.length === 0 ? diagnostics : sortDiagnostics([...diagnostics, ...found]),
    files,
  };
}

interface Resolution {
  /** While the index of names is the same, references lead to the same paths. */
  readonly names: Project["names"];
  readonly parts: FlowParts;
  /** What the references came to, since a name can mean another file without any file of the Flow having changed. */
  readonly references: string;
  readonly others: readonly string[];
  readonly result: ResolveResult;
}
const resolutions = new WeakMap<SourceDocument, Resolution>();

/**
 * A Flow as editing help sees it: without a run's options, with hints. Worked out again only when one of its files is
 * another version, or a name in it means something else.
 */
export function resolveCached(project: Project, flowPath: string): ResolveResult {
  const flow = project.sources.get(flowPath);
  if (flow?.kind !== "flow") return notFound(project, flowPath);
  const known = resolutions.get(flow);
  if (known?.names === project.names && isCurrent(project, known.parts)) return known.result;
  const report = new Report();
  const parts = findParts(project, flow, {}, report);
  const references = report.diagnostics.length === 0 ? "" : JSON.stringify(report.diagnostics);
  const others = project.names.get("flow")?.get(nameIn(flow) ?? "") ?? [];
  const same =
    known !== undefined &&
    known.references === references &&
    known.others.length === others.length &&
    known.others.every((path, index) => path === others[index]) &&
    (Object.keys(parts) as (keyof FlowParts)[]).every((part) => known.parts[part] === parts[part]);
  const result = same ? known.result : resolveFlow(project, flowPath, { forRun: false, hints: true });
  resolutions.set(flow, { names: project.names, parts, references, others, result });
  return result;
}

function isCurrent(project: Project, parts: FlowParts): boolean {
  return [parts.flow, parts.band, parts.venue, parts.score, parts.replies].every(
    (part) => part === undefined || project.sources.get(part.path) === part,
  );
}

const own = new WeakMap<SourceDocument, readonly Diagnostic[]>();

/** The same as `diagnose`, once for each version of a file. */
function diagnoseCached(source: SourceDocument): readonly Diagnostic[] {
  let found = own.get(source);
  if (found === undefined) own.set(source, (found = diagnose(source)));
  return found;
}

export interface DiagnoseOptions {
  /** Whether hints are listed too. */
  readonly hints?: boolean;
}

/**
 * Everything that is wrong with the files of a project: each by itself, names that stand twice, and each Flow. What did
 * not change since the last time is not looked at again, so that this can be asked after each keystroke.
 */
export function diagnoseProject(project: Project, { hints = false }: DiagnoseOptions = {}): Diagnostic[] {
  const report = new Report();
  const found: Diagnostic[] = [];
  for (const source of project.sources.values()) {
    found.push(...diagnoseCached(source));
    checkOwnName(project, source, report);
    if (source.kind === "flow") found.push(...resolveCached(project, source.path).diagnostics);
  }
  if (hints) found.push(...checkUnused(project));
  found.push(...report.diagnostics);
  return sortDiagnostics(hints ? found : found.filter(({ severity }) => severity !== "hint"));
}
