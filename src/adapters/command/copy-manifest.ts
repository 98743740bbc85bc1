import type fs from "node:fs";

/** Numbers that tell one state of a file from another. */
const width = 5;

function stateOf({ ino, size, mtimeMs, ctimeMs, mode }: fs.Stats): readonly number[] {
  return [ino, size, mtimeMs, ctimeMs, mode];
}

/** Whether a file is as it was, without its contents. */
export function isSameState(a: fs.Stats, b: fs.Stats): boolean {
  const other = stateOf(b);
  return stateOf(a).every((value, index) => value === other[index]);
}

/**
 * What a copy holds: each file and link with its state in the project and in the copy when it was copied, and each folder.
 * Numbers in one array, since a project may have 50,000 files and each command reads and compares all of them.
 */
export class CopyManifest {
  /** The index of each place's states in `#states`; a folder has none, and NaN there. */
  readonly #rows = new Map<string, number>();
  #states = new Float64Array(64 * width);
  #used = 0;
  #changed = false;

  /** @throws {Error} these are not the bytes of a manifest. */
  static read(bytes: Uint8Array): CopyManifest {
    // Its own buffer, which begins at a multiple of eight.
    const { buffer } = new Uint8Array(bytes);
    const count = new Float64Array(buffer, 0, 1)[0] ?? 0;
    const states = new Float64Array(buffer, 8, count * 2 * width);
    const names = new TextDecoder().decode(new Uint8Array(buffer, 8 + states.byteLength));
    const places = count === 0 ? [] : names.split("\0");
    if (places.length !== count) throw new Error("The manifest is damaged.");
    const manifest = new CopyManifest();
    manifest.#states = states;
    manifest.#used = states.length;
    for (const [index, place] of places.entries()) manifest.#rows.set(place, index * 2 * width);
    return manifest;
  }

  toBytes(): Uint8Array {
    const states = new Float64Array(1 + this.#rows.size * 2 * width);
    states[0] = this.#rows.size;
    let at = 1;
    for (const row of this.#rows.values()) {
      states.set(this.#states.subarray(row, row + 2 * width), at);
      at += 2 * width;
    }
    return Buffer.concat([new Uint8Array(states.buffer), Buffer.from([...this.#rows.keys()].join("\0"))]);
  }

  /** Whether it differs from what was read. */
  get isChanged(): boolean {
    return this.#changed;
  }

  /** The places that are not among these; a list of its own, so that they may be deleted meanwhile. */
  without(seen: ReadonlySet<string>): readonly string[] {
    const left: string[] = [];
    for (const place of this.#rows.keys()) if (!seen.has(place)) left.push(place);
    return left;
  }

  has(place: string): boolean {
    return this.#rows.has(place);
  }

  isFolder(place: string): boolean {
    const row = this.#rows.get(place);
    return row !== undefined && Number.isNaN(this.#states[row]);
  }

  /** Whether the project's file is as it was when it was copied. */
  isCurrent(place: string, project: fs.Stats): boolean {
    return this.#equals(this.#rows.get(place), project);
  }

  /** Whether the copy of a file is as it was when it was made; of a folder, whether it is one. */
  isUntouched(place: string, copy: fs.Stats): boolean {
    if (copy.isDirectory()) return this.isFolder(place);
    const row = this.#rows.get(place);
    return this.#equals(row === undefined ? undefined : row + width, copy);
  }

  setFolder(place: string): void {
    if (this.isFolder(place)) return;
    this.#write(
      place,
      Array.from({ length: 2 * width }, () => NaN),
    );
  }

  set(place: string, project: fs.Stats, copy: fs.Stats): void {
    this.#write(place, [...stateOf(project), ...stateOf(copy)]);
  }

  delete(place: string): void {
    if (this.#rows.delete(place)) this.#changed = true;
  }

  #equals(at: number | undefined, { ino, size, mtimeMs, ctimeMs, mode }: fs.Stats): boolean {
    if (at === undefined) return false;
    const states = this.#states;
    return (
      states[at] === ino &&
      states[at + 1] === size &&
      states[at + 2] === mtimeMs &&
      states[at + 3] === ctimeMs &&
      states[at + 4] === mode
    );
  }

  #write(place: string, states: readonly number[]): void {
    this.#changed = true;
    let row = this.#rows.get(place);
    if (row === undefined) {
      row = this.#used;
      this.#used += 2 * width;
      this.#rows.set(place, row);
    }
    if (this.#used > this.#states.length) {
      const larger = new Float64Array(this.#used * 2);
      larger.set(this.#states);
      this.#states = larger;
    }
    this.#states.set(states, row);
  }
}
