import type { Stats } from "node:fs";
import type { BlobRef } from "../../engine/event/content";
import type { OverlayFile } from "../../engine/port/commands";

/** How a view treats an entry of the project. Heavy folders hold third-party files, whose names are not judged. */
export type Look = "hidden" | "heavy" | "shown";

/** What tells kinds of entries apart: of a directory's list, or of the entry itself. */
export type EntryKind = Pick<Stats, "isFile" | "isDirectory" | "isSymbolicLink">;

/** How a view treats an entry, by its path relative to the project; `inside`: how it treats the folder around it. */
export type LookAt = (place: string, entry: EntryKind, inside: Look) => Look;

/** What a view consists of. */
export interface ViewParts {
  /** The project's folder, its real path. */
  readonly project: string;
  /** Globs of files that usually hold secrets and are shown nevertheless, from the policy. */
  readonly allow: readonly string[];
  /** Where views are kept, a real path: a project that contains it, such as a home folder, is copied without it. */
  readonly views: string;
  /** Texts that the view shows instead of the project's own, by path. */
  readonly replaced: Readonly<Record<string, string>>;
  readonly overlay: readonly OverlayFile[];
  readonly read: (content: BlobRef) => Promise<Uint8Array>;
}

/** A file that a command created, changed or deleted in its view. `file` is where its bytes are, null when it was deleted. */
export interface ViewChange {
  readonly path: string;
  readonly file: string | null;
  /** Of the file as it was left; 0 when it was deleted. */
  readonly bytes: number;
  readonly executable: boolean;
  /** A regular file; links and everything else never become artifacts. */
  readonly regular: boolean;
}

/** A file laid over the project that begins with `#!` is a program. */
export function isProgram(bytes: Uint8Array): boolean {
  return bytes[0] === 0x23 && bytes[1] === 0x21;
}
