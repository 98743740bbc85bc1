/** A denial, with the id of the rule that decided. */
export interface FileDenied {
  readonly kind: "denied";
  readonly rule: string;
  readonly message: string;
}
/** No such file or folder, or not of the wanted kind; a sentence for the model. */
export interface FileMissing {
  readonly kind: "missing";
  readonly message: string;
}
export interface FileRead {
  readonly kind: "file";
  readonly bytes: Uint8Array;
}
export interface DirEntry {
  readonly name: string;
  readonly type: "file" | "dir";
  readonly bytes?: number;
}
export interface DirListed {
  readonly kind: "dir";
  readonly entries: readonly DirEntry[];
  readonly truncated: boolean;
}
export interface FilesFound {
  readonly kind: "matches";
  readonly matches: readonly { readonly path: string; readonly line: number; readonly text: string }[];
  readonly truncated: boolean;
}

/**
 * The one door to the WorkDomain and the ReferenceSpaces. Every access follows the Flow's policy, decided on the real
 * path at the moment of opening; nothing is followed out of its space. Outcomes are data, never exceptions.
 * The Workspace is not read through it: artifacts come from the session's state.
 */
export interface GuardedFiles {
  /** Reads a whole file; larger than `maxBytes` is `missing` with the reason. `path` as the model gave it. */
  read(path: string, maxBytes: number): Promise<FileRead | FileDenied | FileMissing>;
  list(path: string, maxEntries: number): Promise<DirListed | FileDenied | FileMissing>;
  /** Searches text files for a plain string, below `path`; skips what may not be read. */
  search(query: string, path: string, maxMatches: number): Promise<FilesFound | FileDenied | FileMissing>;
  /**
   * The project's file that an artifact would replace, read for its bytes whatever the read scope is (the model does not
   * see them). `missing`: there is none. `denied`: the place may not be proposed at all.
   */
  base(path: string): Promise<FileRead | FileDenied | FileMissing>;
}
