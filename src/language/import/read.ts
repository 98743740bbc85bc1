import { quoted } from "../text/diagnostic";
import { nearestPlace, valuePlace } from "../text/places";
import type { ProjectFile } from "../project/project";
import { parseSource } from "../text/source";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import type { ImportPlace, ImportReport } from "./report";

/** Problems that do not prevent the rest of a file from being understood. */
const harmless: ReadonlySet<string> = new Set([
  "orket/yaml-tag",
  "orket/duplicate-key",
  "orket/yaml-merge-key",
  "orket/invalid-value",
  "orket/unknown-key",
]);

const quiet: ReadonlySet<string> = new Set(["orket/unknown-file-kind", "orket/empty-file"]);

function kindOfValue(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "keys and values" : "a single value";
}

/** A value of a foreign file with its place. Its type is never assumed. */
export class Value {
  readonly #file: string;
  readonly #source: SourceDocument;
  constructor(
    file: string,
    source: SourceDocument,
    readonly path: ValuePath,
    readonly raw: unknown,
  ) {
    this.#file = file;
    this.#source = source;
  }

  /** The range is computed on request: that walks the tree, and most places are never shown. */
  get place(): ImportPlace {
    const { path } = this;
    const file = this.#file;
    const source = this.#source;
    return {
      file,
      get range() {
        return source.lines.rangeOf(path.length === 0 ? nearestPlace(source, []) : valuePlace(source, path));
      },
    };
  }
  get name(): string {
    const last = this.path.at(-1);
    if (last === undefined) return "The file";
    return typeof last === "string" ? quoted(last) : `Entry ${last + 1}`;
  }

  get isMap(): boolean {
    return typeof this.raw === "object" && this.raw !== null && !Array.isArray(this.raw);
  }
  get isList(): boolean {
    return Array.isArray(this.raw);
  }

  /** The value under a key; undefined when it is absent or has no value. */
  at(key: string): Value | undefined {
    if (!this.isMap || !Object.hasOwn(this.raw as object, key)) return undefined;
    const raw = (this.raw as Record<string, unknown>)[key];
    return raw === null || raw === undefined ? undefined : this.#child(key, raw);
  }

  #child(key: string | number, raw: unknown): Value {
    return new Value(this.#file, this.#source, [...this.path, key], raw);
  }

  get keys(): string[] {
    return this.isMap ? Object.keys(this.raw as object) : [];
  }

  /** The entries of a map, including those without a value. */
  entries(): [string, Value][] {
    if (!this.isMap) return [];
    return Object.entries(this.raw as object).map(([key, raw]) => [key, this.#child(key, raw)]);
  }

  items(): Value[] {
    return Array.isArray(this.raw) ? this.raw.map((raw: unknown, index) => this.#child(index, raw)) : [];
  }

  /** The value as text: numbers and true or false as written. */
  asText(): string | undefined {
    const { raw } = this;
    return typeof raw === "string"
      ? raw
      : typeof raw === "number" || typeof raw === "boolean"
        ? String(raw)
        : undefined;
  }

  /** The text under a key; any other type is reported. */
  text(key: string, report: ImportReport): string | undefined {
    const value = this.at(key);
    const text = value?.asText();
    if (value !== undefined && text === undefined) {
      report.warning(
        `${value.name} must be text, not ${kindOfValue(value.raw)}; it is left out.`,
        value.place,
      );
    }
    return text === undefined || text.trim() === "" ? undefined : text;
  }

  /** The texts of a list under a key, or of a single value; entries that are not text are reported. */
  texts(key: string, report: ImportReport): { text: string; value: Value }[] {
    const value = this.at(key);
    if (value === undefined) return [];
    if (value.isMap) {
      report.warning(`${value.name} must be a list, not keys and values; it is left out.`, value.place);
      return [];
    }
    return (value.isList ? value.items() : [value]).flatMap((item) => {
      const text = item.asText();
      if (text !== undefined) return [{ text: text.trim(), value: item }];
      report.warning(`${item.name} of ${value.name} must be text; it is left out.`, item.place);
      return [];
    });
  }

  /** The number under a key when it is in this range; anything else is reported. */
  number(key: string, report: ImportReport, range: NumberRange): number | undefined {
    const value = this.at(key);
    if (value === undefined) return undefined;
    const raw = typeof value.raw === "string" && value.raw.trim() !== "" ? Number(value.raw) : value.raw;
    const fits =
      typeof raw === "number" &&
      raw >= (range.min ?? -Infinity) &&
      raw <= (range.max ?? Infinity) &&
      (range.whole !== true || Number.isSafeInteger(raw));
    if (fits) return raw;
    const what = range.whole === true ? "a whole number" : "a number";
    const from = range.min === undefined ? "" : ` from ${range.min}`;
    const to = range.max === undefined ? "" : ` to ${range.max}`;
    report.warning(`${value.name} must be ${what}${from}${to}; it is left out.`, value.place);
    return undefined;
  }
}

export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  readonly whole?: true;
}

/**
 * Reads a foreign YAML or JSON file; undefined when it cannot be read, with the reason in the report.
 * @param as a name whose extension gives the format, where the file's own does not.
 */
export function readForeign(file: ProjectFile, report: ImportReport, as = file.path): Value | undefined {
  const source = parseSource(as, file.text);
  let broken = source.tree === undefined;
  for (const { code, message, range, hint } of source.problems) {
    if (quiet.has(code)) continue;
    const fatal = !harmless.has(code);
    broken ||= fatal;
    const text = hint === undefined ? message : `${message} ${hint}`;
    report.add(fatal ? "error" : "warning", text, { file: file.path, range });
  }
  if (source.tree === undefined && source.problems.every(({ code }) => quiet.has(code))) {
    report.error("The file is empty.", {
      file: file.path,
      range: source.lines.rangeOf({ start: 0, end: 0 }),
    });
  }
  return broken ? undefined : new Value(file.path, source, [], source.value);
}

/** The text of a file that is not YAML; undefined when it cannot be read. */
export function foreignText(file: ProjectFile): string | undefined {
  // Uses the limits and the decoding of the only reader.
  const { problems, text } = parseSource("text.json", file.text);
  return problems.some(({ code }) => code === "orket/file-too-large" || code === "orket/encoding")
    ? undefined
    : text;
}
