import type { Range } from "vscode-languageserver-types";

/** A place in an input file, or in a file that was written. Lines and columns from 0. */
export interface ImportPlace {
  readonly file: string;
  readonly range: Range;
}

/** `info`: carried over in another form; `warning`: not carried over; `error`: could not be read, or cannot run. */
export type ImportLevel = "info" | "warning" | "error";

export interface ImportEntry {
  readonly level: ImportLevel;
  /** A sentence. */
  readonly message: string;
  readonly place?: ImportPlace;
}

/** Most entries that are listed; further ones are counted. */
const maxEntries = 1000;

/** Collects the messages of an import. */
export class ImportReport {
  readonly #listed: ImportEntry[] = [];
  #beyond = 0;

  add(level: ImportLevel, message: string, place?: ImportPlace): void {
    if (this.#listed.length >= maxEntries && level !== "error") {
      this.#beyond++;
      return;
    }
    this.#listed.push({
      level,
      message,
      ...(place === undefined ? {} : { place: { file: place.file, range: place.range } }),
    });
  }
  info(message: string, place?: ImportPlace): void {
    this.add("info", message, place);
  }
  warning(message: string, place?: ImportPlace): void {
    this.add("warning", message, place);
  }
  error(message: string, place?: ImportPlace): void {
    this.add("error", message, place);
  }

  get entries(): readonly ImportEntry[] {
    if (this.#beyond === 0) return this.#listed;
    const message = `${this.#beyond} more remarks are not listed.`;
    return [...this.#listed, { level: "warning", message }];
  }
}
