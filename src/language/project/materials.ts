import type { FileTable } from "./file-table";
import { folderOf, joinPath } from "./paths";
import { keysAt, textsAt } from "../schema/read";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

/** A text with LF as line end, and the size and SHA-256 of the file's bytes. */
export interface MaterialText {
  readonly kind: "text";
  readonly text: string;
  readonly bytes: number;
  readonly sha256: string;
}
/** A file that is not text. */
export interface MaterialBytes {
  readonly kind: "bytes";
  readonly bytes: number;
  readonly sha256: string;
}
/** There is no such file or folder. */
export interface MaterialMissing {
  readonly kind: "missing";
}
/** It is there and is not read; a sentence with the reason. */
export interface MaterialRefused {
  readonly kind: "refused";
  readonly why: string;
}
export interface MaterialFolder {
  readonly kind: "folder";
  /** By path below the folder, in order. */
  readonly files: ReadonlyMap<string, MaterialText | MaterialBytes>;
  /** Paths of the files that are too large to be read. */
  readonly leftOut: readonly string[];
}

export type Material = MaterialText | MaterialBytes | MaterialMissing | MaterialRefused;
export type FolderMaterial = MaterialFolder | MaterialMissing | MaterialRefused;

/**
 * What the Bands of a project name beside the definition files, as the disk had it: instruction files and skill folders,
 * by their path. The host reads them, since this layer has no disk; a path that is not listed counts as missing.
 */
export interface Materials {
  readonly files: ReadonlyMap<string, Material>;
  readonly folders: ReadonlyMap<string, FolderMaterial>;
}

export const noMaterials: Materials = { files: new Map(), folders: new Map() };

/** What the host reads: paths relative to the project, each once. */
export interface WantedMaterials {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** The globs of the Flows' policies: files that usually hold secrets are read only where one of them lists them. */
  readonly allow: readonly string[];
}

/** An entry of a role's list, with its path in the Band. */
export interface NamedEntry {
  readonly role: string;
  readonly text: string;
  readonly path: ValuePath;
}

/** The entries of all roles under a key. */
export function entriesOf(band: SourceDocument, key: "instructions" | "skills"): NamedEntry[] {
  return keysAt(band, ["roles"]).flatMap((role) =>
    textsAt(band, ["roles", role, key]).map((entry) => ({ ...entry, role })),
  );
}

/**
 * The paths that an entry under `instructions` can mean, nearest first: the path itself, or the files of a name in the
 * Band's folder and those above it. Empty where it leads out of the project.
 */
export function instructionPaths(band: string, entry: string): string[] {
  if (entry.includes("/")) {
    const path = joinPath("", entry);
    return path === undefined || path === "" ? [] : [path];
  }
  const paths: string[] = [];
  for (let folder = folderOf(band); folder !== ""; folder = folderOf(folder))
    paths.push(`${folder}/${entry}`);
  return [...paths, entry];
}

/** The folder that an entry under `skills` means; undefined where it leads out of the project. */
export function skillFolder(entry: string): string | undefined {
  const folder = joinPath("", entry);
  return folder === "" ? undefined : folder;
}

/** Everything that the Bands of a project name. */
export function wantedMaterials({ sources }: { readonly sources: FileTable }): WantedMaterials {
  const files = new Set<string>();
  const folders = new Set<string>();
  const allow = new Set<string>();
  for (const source of sources.values()) {
    if (source.kind === "flow") for (const { text } of textsAt(source, ["policy", "allow"])) allow.add(text);
    if (source.kind !== "band") continue;
    for (const { text } of entriesOf(source, "instructions"))
      for (const path of instructionPaths(source.path, text)) files.add(path);
    for (const { text } of entriesOf(source, "skills")) {
      const folder = skillFolder(text);
      if (folder !== undefined) folders.add(folder);
    }
  }
  return { files: [...files].sort(), folders: [...folders].sort(), allow: [...allow].sort() };
}
