import { nameSchema } from "../engine/model/names";
import { quoted, type DiagnosticCode, type ProblemInit, type RelatedPlace } from "./diagnostic";
import { fileKinds, type NamedKind, type SourceKind } from "./file-kind";
import { nearest } from "./nearest";
import { folderOf, joinPath } from "./paths";
import { valuePlace } from "./places";
import { valueAt } from "./schema";
import { parseSource, type SourceDocument } from "./source";

/** A definition file as the host read it, or as an editor holds it. `path` is relative to the WorkDomain. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string | Uint8Array;
}

/** One name that others can refer to. */
export interface IndexEntry {
  readonly kind: NamedKind;
  readonly name: string;
  readonly path: string;
}

/** The definition files of a WorkDomain, parsed, with an index of their names. */
export interface Project {
  readonly sources: ReadonlyMap<string, SourceDocument>;
  readonly entries: readonly IndexEntry[];
  /** Paths by kind and name, in the order of the paths. */
  readonly names: ReadonlyMap<NamedKind, ReadonlyMap<string, readonly string[]>>;
}

export const namedKinds = ["flow", "band", "venue", "score"] as const satisfies readonly NamedKind[];

/** The name that a file gives itself, though other things in it may be wrong. */
export function nameIn(source: SourceDocument): string | undefined {
  const known = fileNames.get(source);
  if (known !== undefined) return known.name;
  const name = valueAt(source.value, ["name"]);
  const found = nameSchema.safeParse(name).success ? (name as string) : undefined;
  fileNames.set(source, { name: found });
  return found;
}

const fileNames = new WeakMap<SourceDocument, { readonly name: string | undefined }>();

/** Reads the files of a project. A SourceDocument that was parsed before is taken as it is. */
export function createProject(files: Iterable<ProjectFile | SourceDocument>): Project {
  const parsed = [...files].map((file) => ("lines" in file ? file : parseSource(file.path, file.text)));
  parsed.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const names = new Map<NamedKind, Map<string, string[]>>(namedKinds.map((kind) => [kind, new Map()]));
  const entries: IndexEntry[] = [];
  for (const source of parsed) {
    const { kind, path } = source;
    const name = nameIn(source);
    if (kind === undefined || kind === "replies" || name === undefined) continue;
    entries.push({ kind, name, path });
    const paths = names.get(kind)?.get(name);
    if (paths === undefined) names.get(kind)?.set(name, [path]);
    else paths.push(path);
  }
  return { sources: new Map(parsed.map((source) => [source.path, source])), entries, names };
}

/**
 * The project with one file new or changed: only that file is read. While no name changes, the index of names is the same
 * object, by which others see that references still lead to the same paths.
 */
export function updateProject(project: Project, file: ProjectFile | SourceDocument): Project {
  const source = "lines" in file ? file : parseSource(file.path, file.text);
  const { path } = source;
  const before = project.sources.get(path);
  if (before === undefined || before.kind !== source.kind || nameIn(before) !== nameIn(source)) {
    return createProject([...[...project.sources.values()].filter((other) => other.path !== path), source]);
  }
  return { ...project, sources: new Map(project.sources).set(path, source) };
}

/** The project without a file. */
export function removeFile(project: Project, path: string): Project {
  return createProject([...project.sources.values()].filter((source) => source.path !== path));
}

/** The place of a file's name, for problems that concern two files. */
export function namePlace(source: SourceDocument, message: string): RelatedPlace {
  return { file: source.path, range: source.lines.rangeOf(valuePlace(source, ["name"])), message };
}

export type Resolved =
  | { readonly source: SourceDocument }
  | {
      readonly code: DiagnosticCode;
      readonly message: string;
      readonly init: ProblemInit & { near?: string };
    };

/** Whether a reference is a path: it has a folder or ends like a file. Else it is a name. */
export function isPathReference(reference: string): boolean {
  return /[/\\]|\.(ya?ml|json)$/i.test(reference);
}

function byPath(project: Project, kind: SourceKind, reference: string, fromPath: string): Resolved {
  const label = fileKinds[kind].label;
  const path = /^([A-Za-z]:|\/)|\\/.test(reference) ? undefined : joinPath(folderOf(fromPath), reference);
  if (path === undefined) {
    const message = `${quoted(reference)} does not lead to a file of the project.`;
    return {
      code: "orket/reference-outside",
      message,
      init: { mend: "Write a path relative to this file, with '/', inside the project." },
    };
  }
  const source = project.sources.get(path);
  if (source === undefined) {
    const known = [...project.sources.values()]
      .filter((other) => other.kind === kind)
      .map((other) => other.path);
    const near = nearest(path, known);
    const mend = near === undefined ? undefined : `Did you mean ${quoted(near)}?`;
    return {
      code: "orket/reference-not-found",
      message: `There is no file ${quoted(path)}.`,
      init: { mend },
    };
  }
  if (source.kind !== kind) {
    const message = `${quoted(path)} is not a ${label}: its name would end in .${kind}.yaml.`;
    return { code: "orket/reference-not-found", message, init: {} };
  }
  return { source };
}

/** The file that a reference means: a name among the files of that kind, or a path relative to the file it stands in. */
export function resolveReference(
  project: Project,
  kind: SourceKind,
  reference: string,
  fromPath: string,
): Resolved {
  if (kind === "replies" || isPathReference(reference)) return byPath(project, kind, reference, fromPath);
  const label = fileKinds[kind].label;
  const known = project.names.get(kind);
  const sources = (known?.get(reference) ?? []).flatMap((path) => project.sources.get(path) ?? []);
  const [first, second] = sources;
  if (first === undefined) {
    const near = nearest(reference, known?.keys() ?? []);
    const all = [...(known?.keys() ?? [])].slice(0, 20).join(", ");
    const message = `There is no ${label} named ${quoted(reference)}.`;
    const mend = near === undefined && all !== "" ? `Known are ${all}.` : undefined;
    return {
      code: "orket/reference-not-found",
      message,
      init: { mend, ...(near === undefined ? {} : { near }) },
    };
  }
  if (second !== undefined) {
    const message = `${sources.length} files are a ${label} named ${quoted(reference)}: ${sources.map(({ path }) => path).join(", ")}.`;
    return {
      code: "orket/reference-ambiguous",
      message,
      init: {
        mend: "Rename all but one, or refer to the file by its path.",
        related: sources.map((source) => namePlace(source, `one ${label} of this name`)),
      },
    };
  }
  return { source: first };
}
