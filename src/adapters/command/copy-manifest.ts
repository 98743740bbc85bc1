import type { Listing } from "./file-state";
import { emptyListing, entriesOf, isFolderMode, listingOf, stateWidth } from "./file-state";
import type { FileState } from "./file-state";

/** What a copy holds of one folder: its entries in the project when they were copied, and in the copy since. */
export interface FolderRecord {
  readonly project: Listing;
  readonly copy: Listing;
}

export const emptyRecord: FolderRecord = { project: emptyListing, copy: emptyListing };

/** The state of an entry that must be copied again: no file has it. */
const outdated: FileState = [NaN, NaN, NaN, NaN, NaN];

type Row = readonly [place: string, project: string, projectCount: number, copy: string, copyCount: number];

const numberBytes = 8;

/** The place of the folder around, `""` for the project itself. */
function folderOf(place: string): string {
  return place.slice(0, Math.max(0, place.lastIndexOf("/")));
}

/**
 * The folders of a copy by their places, `""` for the top. One record for each folder, since a project may have 50,000
 * files and each command compares all of them: what did not change is compared as it was read.
 */
export class CopyManifest {
  readonly #folders = new Map<string, FolderRecord>();
  #changed = false;

  /** @throws {Error} these are not the bytes of a manifest. */
  static read(bytes: Uint8Array): CopyManifest {
    // Its own buffer, which begins at a multiple of eight.
    const { buffer } = new Uint8Array(bytes);
    const textBytes = new Float64Array(buffer, 0, 1)[0] ?? 0;
    const text = new TextDecoder().decode(new Uint8Array(buffer, numberBytes, textBytes));
    const states = new Float64Array(buffer, numberBytes + Math.ceil(textBytes / numberBytes) * numberBytes);
    const manifest = new CopyManifest();
    let at = 0;
    const listing = (names: string, count: number): Listing => {
      const from = at;
      at += count * stateWidth;
      return { names, states: states.slice(from, at) };
    };
    for (const [place, project, projectCount, copy, copyCount] of JSON.parse(text) as readonly Row[])
      manifest.#folders.set(place, {
        project: listing(project, projectCount),
        copy: listing(copy, copyCount),
      });
    if (at !== states.length) throw new Error("The manifest is damaged.");
    return manifest;
  }

  toBytes(): Uint8Array {
    const rows: Row[] = [];
    const parts: Uint8Array[] = [];
    const add = ({ states }: Listing): number => {
      parts.push(new Uint8Array(states.buffer, states.byteOffset, states.byteLength));
      return states.length / stateWidth;
    };
    for (const [place, { project, copy }] of this.#folders)
      rows.push([place, project.names, add(project), copy.names, add(copy)]);
    const text = Buffer.from(JSON.stringify(rows));
    const padding = Buffer.alloc(Math.ceil(text.length / numberBytes) * numberBytes - text.length);
    const length = new Uint8Array(new Float64Array([text.length]).buffer);
    return Buffer.concat([length, text, padding, ...parts]);
  }

  /** Whether it differs from what was read. */
  get isChanged(): boolean {
    return this.#changed;
  }

  get folders(): ReadonlyMap<string, FolderRecord> {
    return this.#folders;
  }

  get(place: string): FolderRecord | undefined {
    return this.#folders.get(place);
  }

  set(place: string, record: FolderRecord): void {
    this.#changed = true;
    this.#folders.set(place, record);
  }

  /** Removes the folders that are not among these. */
  keep(seen: ReadonlySet<string>): void {
    for (const place of this.#folders.keys())
      if (!seen.has(place)) this.#changed = this.#folders.delete(place) || this.#changed;
  }

  /** The copy no longer has these places as they were: they are copied again next time, with everything in them. */
  forget(places: readonly string[]): void {
    const byFolder = new Map<string, string[]>();
    for (const place of places) {
      const folder = folderOf(place);
      const name = folder === "" ? place : place.slice(folder.length + 1);
      const names = byFolder.get(folder);
      if (names === undefined) byFolder.set(folder, [name]);
      else names.push(name);
    }
    const gone: string[] = [];
    for (const [folder, names] of byFolder) {
      const record = this.#folders.get(folder);
      if (record === undefined) continue;
      const project = entriesOf(record.project);
      const copy = entriesOf(record.copy);
      for (const name of names) {
        const state = copy.get(name);
        if (state !== undefined && isFolderMode(state[4]))
          gone.push(folder === "" ? name : `${folder}/${name}`);
        copy.delete(name);
        if (project.has(name)) project.set(name, outdated);
      }
      this.set(folder, { project: listingOf(project), copy: listingOf(copy) });
    }
    if (gone.length === 0) return;
    const top = new Set(gone);
    for (const place of [...this.#folders.keys()]) if (isBelow(place, top)) this.#folders.delete(place);
  }
}

/** Whether the place is one of these or lies below one. */
function isBelow(place: string, tops: ReadonlySet<string>): boolean {
  for (let at = place; at !== ""; at = folderOf(at)) if (tops.has(at)) return true;
  return false;
}
