import path from "node:path";
import { config } from "zod";
import { readMaterials } from "../app/project/materials";
import { readProjectFiles } from "../app/project/project-files";
import { nodeEnvironment } from "../adapters/journal/environment";
import { OrketError } from "../engine/error/orket-error";
import type { Definition } from "../engine/model/definition";
import {
  createProject,
  fileKindOf,
  fileKinds,
  formatDiagnostic,
  resolveFlow,
  wantedMaterials,
  withMaterials,
} from "../language";
import type { Project, ResolveOptions } from "../language";
import { nearest } from "../language/text/nearest";
import type { CommandContext } from "./command";
import type { Io } from "./io";
import { safeLine, safeText } from "./text/safe";

/**
 * The definition files of the project.
 * @throws {OrketError} usage when there is no such folder.
 */
export async function loadProject({ io, workDomain }: CommandContext): Promise<Project> {
  // Each schema reads one or two values here: compiling a function for it takes longer.
  config({ jitless: true });
  const isFolder = await nodeEnvironment.fs.stat(workDomain).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new OrketError("usage", `${safeLine(workDomain)} is not a folder.`);
  const { files, unreadable, truncated } = await readProjectFiles(
    workDomain,
    (place) => fileKindOf(place) !== undefined,
  );
  for (const { path: place, reason } of unreadable) {
    io.stderr.line(`orket: ${safeLine(place)} cannot be read (${reason}) and is left out.`);
  }
  if (truncated)
    io.stderr.line("orket: the project is too large; not all of its definition files were read.");
  const project = createProject(files);
  return withMaterials(project, await readMaterials(workDomain, wantedMaterials(project)));
}

/** Where the project is, and the base of the user's paths. */
type Where = Pick<CommandContext, "workDomain" | "base">;

/** A path as the user wrote it, relative to the WorkDomain with forward slashes; undefined when it leads out. */
export function projectPath({ workDomain, base }: Where, written: string): string | undefined {
  const relative = path.relative(workDomain, path.resolve(base, written)).split(path.sep).join("/");
  return relative === ".." || relative.startsWith("../") || path.isAbsolute(relative) ? undefined : relative;
}

/**
 * The file of the Flow that `written` names: a path, or a Flow's name.
 * @throws {OrketError} usage when there is none, or more than one.
 */
export function findFlow(project: Project, where: Where, written: string): string {
  const place = projectPath(where, written);
  const there = place === undefined ? undefined : project.sources.get(place);
  if (there?.kind === "flow") return there.path;
  if (there?.kind !== undefined) {
    throw new OrketError("usage", `${there.path} is a ${fileKinds[there.kind].label}, not a Flow.`);
  }
  const named = project.names.get("flow");
  const paths = named?.get(written) ?? [];
  if (paths.length === 1 && paths[0] !== undefined) return paths[0];
  const word = `'${safeLine(written)}'`;
  if (paths.length > 1) {
    throw new OrketError("usage", `${paths.length} Flows are named ${word}: ${paths.join(", ")}.`, {
      hint: "Give the path of the one you mean.",
    });
  }
  const names = [...(named?.keys() ?? [])];
  const near = nearest(written, names);
  throw new OrketError("usage", `There is no Flow ${word}.`, { hint: hintFor(near, names) });
}

function hintFor(near: string | undefined, names: readonly string[]): string {
  if (near !== undefined) return `Did you mean ${near}?`;
  if (names.length > 0) return `There are: ${names.join(", ")}.`;
  return "The project has no Flow yet; `orket init` writes a sample.";
}

/**
 * The definition that a run reads. All its errors are printed to stderr first.
 * @throws {OrketError} definition_invalid; usage when only the caller's input is wrong.
 */
export function resolveOrReport(project: Project, flow: string, options: ResolveOptions, io: Io): Definition {
  const { definition, diagnostics } = resolveFlow(project, flow, options);
  const problems =
    definition === undefined ? diagnostics : diagnostics.filter(({ origin }) => origin !== "options");
  const errors = problems.filter(({ severity }) => severity === "error");
  if (definition === undefined && errors.every(({ origin }) => origin === "options")) {
    const [first, ...more] = errors;
    for (const { message, hint } of more)
      io.stderr.line(`orket: ${safeText(`${message} ${hint ?? ""}`).trim()}`);
    throw new OrketError("usage", first?.message ?? "The Flow cannot run.", {
      hint: optionHint(first?.code, first?.hint),
    });
  }
  for (const diagnostic of problems) io.stderr.line(safeText(formatDiagnostic(diagnostic)));
  if (definition !== undefined) return definition;
  const count = errors.length === 1 ? "one error" : `${errors.length} errors`;
  throw new OrketError("definition_invalid", `The Flow cannot run: ${count}, see above.`, {
    hint: "`orket validate` checks all files of the project.",
  });
}

function optionHint(code: string | undefined, hint: string | undefined): string {
  if (code === "orket/task-missing") return "Give one with --task TEXT, or add 'task:' to the Flow.";
  if (code === "orket/input-missing" || code === "orket/input-value")
    return "Give it with --input NAME=VALUE.";
  return hint ?? "";
}
