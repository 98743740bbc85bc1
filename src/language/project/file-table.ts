import type { SourceDocument } from "../text/source";

/** Files by their paths, in the order of the paths. Immutable; another version of a file makes another table. */
export class FileTable {
  readonly #places: ReadonlyMap<string, number>;
  readonly #files: readonly SourceDocument[];
  private constructor(places: ReadonlyMap<string, number>, files: readonly SourceDocument[]) {
    this.#places = places;
    this.#files = files;
  }

  /** Of two files with the same path the later one counts. */
  static of(files: Iterable<SourceDocument>): FileTable {
    const newest = new Map([...files].map((file) => [file.path, file]));
    const sorted = [...newest.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    return new FileTable(new Map(sorted.map(({ path }, place) => [path, place])), sorted);
  }

  get(path: string): SourceDocument | undefined {
    const place = this.#places.get(path);
    return place === undefined ? undefined : this.#files[place];
  }

  has(path: string): boolean {
    return this.#places.has(path);
  }

  keys(): Iterable<string> {
    return this.#places.keys();
  }

  values(): Iterable<SourceDocument> {
    return this.#files;
  }

  /** With another version of a file in the table. */
  with(file: SourceDocument): FileTable {
    return new FileTable(
      this.#places,
      this.#files.map((one) => (one.path === file.path ? file : one)),
    );
  }

  /** The files whose version differs from that in an earlier table of the same paths. */
  changedSince(before: FileTable): SourceDocument[] {
    return this.#files.filter((file, place) => before.#files[place] !== file);
  }
}
