import type { Stats } from "node:fs";

/** What tells one state of a file from another: `[ino, size, mtimeMs, ctimeMs, mode]`. */
export type FileState = readonly [ino: number, size: number, mtimeMs: number, ctimeMs: number, mode: number];

/** Numbers of a state. */
export const stateWidth = 5;

export const stateOf = ({ ino, size, mtimeMs, ctimeMs, mode }: Stats): FileState => [
  ino,
  size,
  mtimeMs,
  ctimeMs,
  mode,
];

/** Bits of a mode: `S_IFMT` and its values (inode(7)), the same on every system that Node runs on. */
const kindBits = 0o170000;
const folderKind = 0o040000;
const fileKind = 0o100000;

export const isFolderMode = (mode: number): boolean => (mode & kindBits) === folderKind;
export const isFileMode = (mode: number): boolean => (mode & kindBits) === fileKind;

/** Whether a file is as it was, without its contents. Any change of a file changes its `ctime`, which nobody can set. */
export const isSameState = (a: FileState, b: FileState): boolean =>
  a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3] && a[4] === b[4];

/** Clocks of file systems tick at least this often, in milliseconds: Linux 100 times a second, FAT every two seconds. */
const fineTickMs = 20;
const coarseTickMs = 2000;

/**
 * Whether a later change of the file is sure to give it another `ctime` than the one that was read at `nowMs`. One that
 * was changed at this moment can be changed again within the same tick of the clock.
 */
export function isSettled(ctimeMs: number, nowMs: number): boolean {
  return nowMs - ctimeMs > (ctimeMs % 1000 === 0 ? coarseTickMs : fineTickMs);
}

/** The entries of one folder: their names in one order, and their states in the same. */
export interface Listing {
  /** Joined by `/`, which no name contains: one text is read and compared faster than thousands. */
  readonly names: string;
  /** `stateWidth` numbers for each name. */
  readonly states: Float64Array;
}

export const emptyListing: Listing = { names: "", states: new Float64Array(0) };

export const namesOf = ({ names }: Listing): readonly string[] => (names === "" ? [] : names.split("/"));

/** The state of the entry with this index. */
export function stateAt({ states }: Listing, index: number): FileState {
  const at = index * stateWidth;
  return [
    states[at] ?? NaN,
    states[at + 1] ?? NaN,
    states[at + 2] ?? NaN,
    states[at + 3] ?? NaN,
    states[at + 4] ?? NaN,
  ];
}

export function listingOf(entries: ReadonlyMap<string, FileState>): Listing {
  const states = new Float64Array(entries.size * stateWidth);
  let at = 0;
  for (const state of entries.values()) {
    states.set(state, at);
    at += stateWidth;
  }
  return { names: [...entries.keys()].join("/"), states };
}

export function entriesOf(listing: Listing): Map<string, FileState> {
  return new Map(namesOf(listing).map((name, index) => [name, stateAt(listing, index)]));
}
