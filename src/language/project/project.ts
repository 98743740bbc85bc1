import { nameSchema } from "../../engine/model/names";
import { FileTable } from "./file-table";
import type { NamedKind } from "../text/file-kind";
import { readLinks, referencesIn } from "./links";
import type { Links } from "./links";
import { noMaterials } from "./materials";
import type { Materials } from "./materials";
import { ofVersion } from "../text/memo";
import type { KnownFiles } from "./reference";
import { valueAt } from "../schema/schema";
import { isDamaged, parseSource } from "../text/source";
import type { SourceDocument } from "../text/source";

/** A definition file as read by the host, or as held by an editor. `path` is relative to the WorkDomain. */
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

/** The definition files of a WorkDomain, parsed, in the order of their paths, with their names and references. */
export interface Project extends KnownFiles {
  readonly entries: readonly IndexEntry[];
  readonly links: Links;
  /** What its Bands name beside the definition files. */
  readonly materials: Materials;
}

export const namedKinds = ["flow", "band", "venue", "score"] as const satisfies readonly NamedKind[];

/**
 * The name that a file gives itself, even if other things in it are wrong. If the line has a slip, the name is its most
 * likely meaning, so that the slip is not reported again wherever the file is named.
 */
export const nameIn = ofVersion((source: SourceDocument): string | undefined => {
  const name = valueAt(source.value, ["name"]);
  const read = nameSchema.safeParse(name).success ? (name as string) : undefined;
  if (read !== undefined && !isDamaged(source)) return read;
  const written = /^[^\S\n]{0,4}[^\w\s]{0,3}name[^\w\n{]{1,4}([A-Za-z0-9][\w.-]*)/m.exec(source.text)?.[1];
  if (written !== undefined && nameSchema.safeParse(written).success) return written;
  const file = source.path.slice(source.path.lastIndexOf("/") + 1).replace(/\.[a-z]+\.[a-z]+$/i, "");
  return isDamaged(source) && nameSchema.safeParse(file).success ? file : read;
});

/** Reads the files of a project. A SourceDocument that was parsed before is used unchanged. */
export function createProject(
  files: Iterable<ProjectFile | SourceDocument>,
  materials: Materials = noMaterials,
): Project {
  const sources = FileTable.of(
    [...files].map((file) => ("lines" in file ? file : parseSource(file.path, file.text))),
  );
  const names = new Map<NamedKind, Map<string, string[]>>(namedKinds.map((kind) => [kind, new Map()]));
  const entries: IndexEntry[] = [];
  for (const source of sources.values()) {
    const { kind, path } = source;
    const name = nameIn(source);
    if (kind === undefined || kind === "replies" || name === undefined) continue;
    entries.push({ kind, name, path });
    const paths = names.get(kind)?.get(name);
    if (paths === undefined) names.get(kind)?.set(name, [path]);
    else paths.push(path);
  }
  const known = { sources, names };
  return { ...known, entries, links: readLinks(known), materials };
}

/** The project with one file new or changed: only that file, its name and its references are read. */
export function updateProject(project: Project, file: ProjectFile | SourceDocument): Project {
  const source = "lines" in file ? file : parseSource(file.path, file.text);
  const { path } = source;
  const before = project.sources.get(path);
  if (before === undefined || before.kind !== source.kind || nameIn(before) !== nameIn(source)) {
    return createProject([...project.sources.values(), source], project.materials);
  }
  const known = { sources: project.sources.with(source), names: project.names };
  const same = referencesIn(before).join("\n") === referencesIn(source).join("\n");
  const links = same ? project.links : readLinks(known);
  return { ...project, ...known, links };
}

/** The project without a file. */
export function removeFile(project: Project, path: string): Project {
  const others = [...project.sources.values()].filter((source) => source.path !== path);
  return createProject(others, project.materials);
}

/** The project with what its Bands name, as read now. */
export function withMaterials(project: Project, materials: Materials): Project {
  return { ...project, materials };
}
