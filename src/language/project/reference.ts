import { quoted } from "../text/diagnostic";
import type { DiagnosticCode, ProblemInit, RelatedPlace } from "../text/diagnostic";
import type { FileTable } from "./file-table";
import { fileKinds } from "../text/file-kind";
import type { NamedKind, SourceKind } from "../text/file-kind";
import { nearest } from "../text/nearest";
import { folderOf, joinPath } from "./paths";
import { valuePlace } from "../text/places";
import type { SourceDocument } from "../text/source";
import { defined } from "../../engine/model/defined";

/** The table in which a reference is looked up. */
export interface KnownFiles {
  readonly sources: FileTable;
  /** Paths by kind and name, in the order of the paths. */
  readonly names: ReadonlyMap<NamedKind, ReadonlyMap<string, readonly string[]>>;
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

/** Whether a reference is a path: it has a folder or a file extension. Otherwise it is a name. */
export function isPathReference(reference: string): boolean {
  return /[/\\]|\.(ya?ml|json)$/i.test(reference);
}

function byPath(project: KnownFiles, kind: SourceKind, reference: string, fromPath: string): Resolved {
  const label = fileKinds[kind].label;
  const path = /^([A-Za-z]:|\/)|\\/.test(reference) ? undefined : joinPath(folderOf(fromPath), reference);
  if (path === undefined) {
    const message = `${quoted(reference)} does not lead to a file of the project.`;
    return {
      code: "orket/reference-outside",
      message,
      init: { hint: "Write a path relative to this file, with '/', inside the project." },
    };
  }
  const source = project.sources.get(path);
  if (source === undefined) {
    const known = [...project.sources.values()]
      .filter((other) => other.kind === kind)
      .map((other) => other.path);
    const near = nearest(path, known);
    const hint = near === undefined ? undefined : `Did you mean ${quoted(near)}?`;
    return {
      code: "orket/reference-not-found",
      message: `There is no file ${quoted(path)}.`,
      init: { hint },
    };
  }
  if (source.kind !== kind) {
    const message = `${quoted(path)} is not a ${label}: its name would end in .${kind}.yaml.`;
    return { code: "orket/reference-not-found", message, init: {} };
  }
  return { source };
}

/** The file that a reference means: a name among the files of that kind, or a path relative to the referring file. */
export function resolveReference(
  project: KnownFiles,
  kind: SourceKind,
  reference: string,
  fromPath: string,
): Resolved {
  if (kind === "replies" || isPathReference(reference)) return byPath(project, kind, reference, fromPath);
  const label = fileKinds[kind].label;
  const known = project.names.get(kind);
  const paths = known?.get(reference) ?? [];
  const first = project.sources.get(paths[0] ?? "");
  if (first === undefined) {
    const near = nearest(reference, known?.keys() ?? []);
    const all = [...(known?.keys() ?? [])].slice(0, 20).join(", ");
    const message = `There is no ${label} named ${quoted(reference)}.`;
    const hint = near === undefined && all !== "" ? `Known are ${all}.` : undefined;
    return {
      code: "orket/reference-not-found",
      message,
      init: { hint, ...defined({ near }) },
    };
  }
  if (paths.length > 1) {
    const message = `${paths.length} files are a ${label} named ${quoted(reference)}: ${paths.join(", ")}.`;
    const sources = paths.flatMap((path) => project.sources.get(path) ?? []);
    return {
      code: "orket/reference-ambiguous",
      message,
      init: {
        hint: "Rename all but one, or refer to the file by its path.",
        related: sources.map((source) => namePlace(source, `one ${label} of this name`)),
      },
    };
  }
  return { source: first };
}
