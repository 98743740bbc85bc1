/** A denial, with the id of the rule that decided. */
export interface FileDenied {
  readonly kind: "denied";
  readonly rule: string;
  readonly message: string;
}
/** No such file or folder, or not of the expected type; a sentence for the model. */
export interface FileMissing {
  readonly kind: "missing";
  readonly message: string;
}
export interface FileRead {
  readonly kind: "file";
  readonly bytes: Uint8Array;
  /** `base`: the file may be executed by its owner. */
  readonly executable?: boolean;
}
/** A part of a text file. `lines` are without their ends. */
export interface LinesRead {
  readonly kind: "lines";
  readonly lines: readonly string[];
  /** Number of the first of them, from 1. */
  readonly start: number;
  /** Lines of the whole file; undefined where it is too large to count them. */
  readonly total: number | undefined;
  /** Size of the whole file. */
  readonly bytes: number;
  /** The range has further lines that did not fit. */
  readonly cut: boolean;
  /** The file is executable. */
  readonly executable: boolean;
}
export interface LineRange {
  /** From 1. */
  readonly start: number;
  /** The last one, inclusive. */
  readonly end: number;
  /** Most characters of text that are returned, line ends included; at least one line is returned. */
  readonly maxLength: number;
}
export interface DirEntry {
  /** Relative to the requested folder, with forward slashes. */
  readonly name: string;
  readonly type: "file" | "dir";
  readonly bytes?: number;
}
export interface DirListed {
  readonly kind: "dir";
  readonly entries: readonly DirEntry[];
  readonly truncated: boolean;
}
export interface ListOptions {
  /** Depth of the listing: 1 for the folder alone. */
  readonly depth?: number;
  /** Only files whose path below the folder matches, and their parent folders. */
  readonly glob?: string;
}
export interface FoundLine {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** It is a context line of a match. */
  readonly context?: true;
}
export interface FilesFound {
  readonly kind: "matches";
  /** By path and line. */
  readonly matches: readonly FoundLine[];
  /** There are more matches than requested, or not everything was searched. */
  readonly truncated: boolean;
  /** Files whose text was searched. */
  readonly searched?: number;
  /** What was not searched, by reason. */
  readonly skipped?: SkippedFiles;
}
export interface SkippedFiles {
  readonly binary: number;
  /** Larger than the search reads, with the largest size that it does read. */
  readonly large: number;
  readonly largestBytes: number;
  /** Files and folders that ignore files name, and folders of packages. */
  readonly ignored: number;
  readonly unreadable: number;
  /** The search ended early: its limit of files or time was reached. */
  readonly stopped: boolean;
}
export interface SearchOptions {
  /** The query is a regular expression in RE2's syntax. */
  readonly regex?: boolean;
  /** Upper and lower case are equal. */
  readonly ignoreCase?: boolean;
  /** Only files whose path below the folder matches one of them. */
  readonly globs?: readonly string[];
  /** Lines shown before and after each match. */
  readonly context?: number;
  /** Report what was searched and what was not. */
  readonly report?: boolean;
  /** Only the first match of each file. */
  readonly filesOnly?: boolean;
  /** Files that ignore files name are searched too. */
  readonly withIgnored?: boolean;
  /** Texts that replace the project's files, by path relative to the project; null: the file is deleted. */
  readonly instead?: ReadonlyMap<string, string | null>;
}

/**
 * The only access to the WorkDomain and the ReferenceSpaces. Every access follows the Flow's policy, decided on the real
 * path when it is opened; no link is followed out of its space. Outcomes are data, never exceptions.
 * The Workspace is not read through it: artifacts come from the session's state.
 */
export interface GuardedFiles {
  /** Reads a whole file; one larger than `maxBytes` is `missing` with the reason. `path` as the model gave it. */
  read(path: string, maxBytes: number): Promise<FileRead | FileDenied | FileMissing>;
  /** Lines of a text file of any size. */
  readLines(path: string, range: LineRange): Promise<LinesRead | FileDenied | FileMissing>;
  list(
    path: string,
    maxEntries: number,
    options?: ListOptions,
  ): Promise<DirListed | FileDenied | FileMissing>;
  /** Searches text files below `path`; skips what may not be read, and reports what else was not searched. */
  search(
    query: string,
    path: string,
    maxMatches: number,
    options?: SearchOptions,
  ): Promise<FilesFound | FileDenied | FileMissing>;
  /**
   * The project's file that an artifact would replace, read for its bytes regardless of the read scope (the model does not
   * see them). `missing`: there is none. `denied`: the place may not be proposed at all.
   */
  base(path: string): Promise<FileRead | FileDenied | FileMissing>;
}
