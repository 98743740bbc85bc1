import { visit } from "yaml";
import type { Document, YAMLError } from "yaml";
import { composeYaml } from "./compose";
import { utf8Length } from "../../engine/model/utf8";
import { makeDiagnostic, maxDiagnosticsPerFile } from "./diagnostic";
import type { Diagnostic, DiagnosticCode, ProblemInit } from "./diagnostic";
import { fileKindOf } from "./file-kind";
import type { SourceKind } from "./file-kind";
import { findJsonProblem } from "./json-syntax";
import { LineIndex } from "./lines";
import type { Span } from "./lines";
import { sourceLimits } from "./limits";
import { findHiddenSlip, findSlip } from "./slips";
import type { Slip } from "./slips";
import { readTree } from "./tree";
import type { Tree } from "./tree";
import { decodeUtf8 } from "./utf8";

/** A definition file as text, tree and plain data, with its syntax errors. */
export interface SourceDocument {
  /** Relative to the WorkDomain, forward slashes. */
  readonly path: string;
  /** The kind of the file, by its name. */
  readonly kind: SourceKind | undefined;
  readonly format: "yaml" | "json";
  /** Without a byte order mark; all offsets refer to it. */
  readonly text: string;
  readonly lines: LineIndex;
  /** The YAML tree; absent when the file was refused before it was parsed. */
  readonly document: Document.Parsed | undefined;
  readonly tree: Tree | undefined;
  /** The content as plain data; undefined when there is none that can be trusted. */
  readonly value: unknown;
  /** What is wrong with the syntax; `diagnose` adds what is wrong with the content. */
  readonly problems: readonly Diagnostic[];
}

const yamlCodes: Readonly<Record<string, DiagnosticCode>> = {
  TAB_AS_INDENT: "orket/yaml-tab",
  MULTIPLE_DOCS: "orket/yaml-multiple-documents",
  RESOURCE_EXHAUSTION: "orket/too-complex",
  TAG_RESOLVE_FAILED: "orket/yaml-tag",
};

const yamlMessages: Readonly<Record<string, readonly [message: string, hint?: string]>> = {
  TAB_AS_INDENT: ["A tab is used as indentation.", "Indent with spaces."],
  MULTIPLE_DOCS: [
    "A second document begins here; a definition file is one document.",
    "Put it into a file of its own.",
  ],
  RESOURCE_EXHAUSTION: ["The file is nested too deeply to be read."],
  TAG_RESOLVE_FAILED: ["This tag has no meaning in a definition file.", "Remove the tag."],
  BLOCK_AS_IMPLICIT_KEY: [
    "A key with a value is not allowed here.",
    "Check the indentation, or put text that holds ': ' into quotes.",
  ],
  MULTILINE_IMPLICIT_KEY: ["A key must be on one line.", "Is a ':' missing, or is the indentation wrong?"],
  MISSING_CHAR: ["Something is not closed, or a ':' is missing."],
  BAD_INDENT: ["The indentation does not fit here."],
  NON_STRING_KEY: ["A key must be text."],
};

function describeYamlError({ code, message }: YAMLError): readonly [string, string?] {
  const known = yamlMessages[code];
  if (known !== undefined && code !== "MISSING_CHAR" && code !== "BAD_INDENT") return known;
  // The parser's own messages name characters and places, never the file's text; aliases and tags are handled above.
  const line = message.split("\n", 1)[0] ?? "";
  return [line.length > 160 ? (known?.[0] ?? "This is not valid YAML.") : `${line.replace(/[.:]$/, "")}.`];
}

/** The open quote at an error at `offset`: the last one that begins before it and extends to it. */
function openQuote(document: Document.Parsed, offset: number): number | undefined {
  let found: number | undefined;
  visit(document, {
    Scalar: (_key, node) => {
      const quoted = node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE";
      const range = node.range;
      if (quoted && range != null && range[0] < offset && range[2] >= offset - 1) found = range[0];
    },
  });
  return found;
}

const structural: ReadonlySet<DiagnosticCode> = new Set([
  "orket/yaml-syntax",
  "orket/yaml-tab",
  "orket/yaml-space",
  "orket/yaml-tag",
  "orket/yaml-alias",
  "orket/json-syntax",
]);

/** Whether a file's syntax is damaged, so that its tree is only a guess: what it seems to lack may only be hidden. */
export function isDamaged({ problems }: { readonly problems: readonly Diagnostic[] }): boolean {
  return problems.some(({ code }) => structural.has(code));
}

class Reader {
  readonly problems: Diagnostic[] = [];
  readonly lines: LineIndex;
  readonly kind: SourceKind | undefined;
  readonly format: "yaml" | "json";

  constructor(
    readonly path: string,
    readonly text: string,
  ) {
    this.lines = new LineIndex(text);
    const kind = fileKindOf(path);
    this.kind = kind?.kind;
    this.format = kind?.format ?? (/\.json$/i.test(path) ? "json" : "yaml");
  }

  report(code: DiagnosticCode, span: Span, message: string, init?: ProblemInit): void {
    if (this.problems.length < maxDiagnosticsPerFile) {
      this.problems.push(makeDiagnostic(this, code, span, message, init));
    } else if (this.problems.length === maxDiagnosticsPerFile) {
      this.problems.push(
        makeDiagnostic(this, "orket/too-many-problems", span, "The problems that follow are not listed."),
      );
    }
  }

  source(document?: Document.Parsed, tree?: Tree): SourceDocument {
    const { path, kind, format, text, lines, problems } = this;
    return { path, kind, format, text, lines, document, tree, value: tree?.value, problems };
  }

  /** The text that the YAML parser reads: a tab between JSON's tokens is a space to it, at the same offset. */
  #yamlText(): string {
    if (this.format === "yaml") return this.text;
    const problem = findJsonProblem(this.text);
    if (problem !== undefined) {
      this.report("orket/json-syntax", problem, problem.message);
      return this.text;
    }
    return this.text.replaceAll("\t", " ");
  }

  read(): SourceDocument {
    if (this.kind === undefined) {
      this.report(
        "orket/unknown-file-kind",
        { start: 0, end: 0 },
        "The file's name does not say what it is.",
        {
          hint: "Name it NAME.flow.yaml, .band.yaml, .venue.yaml, .score.yaml or .replies.yaml.",
        },
      );
    }
    const document = composeYaml(this.#yamlText());
    if ("beyond" in document) {
      const { beyond } = document;
      this.report(
        "orket/too-complex",
        { start: beyond, end: beyond },
        "The file has too many parts, or is nested too deeply, to be read.",
      );
      return this.source();
    }
    this.#reportYamlErrors(document);
    if (document.contents === null || this.text.trim() === "") {
      if (this.problems.length === 0) {
        this.report("orket/empty-file", { start: 0, end: 0 }, "The file is empty.", {
          hint: "A definition begins with 'version: 1' and a 'name'.",
        });
      }
      return this.source(document);
    }
    // After a slip the tree is a guess: its other problems are only consequences.
    const damaged = isDamaged(this);
    const tree = readTree(document, (code, span, message, init) => {
      if (!damaged || code === "orket/too-complex") this.report(code, span, message, init);
    });
    return this.source(document, tree);
  }

  #reportSlip({ code, span, message, fix, replace }: Slip): void {
    const change = replace === undefined ? undefined : { title: fix.replace(/\.$/, ""), ...replace };
    this.report(code, span, message, { hint: fix, replace: change });
  }

  /** One slip is one message: the parser's errors in the lines after it are only consequences. */
  #reportYamlErrors(document: Document.Parsed): void {
    // One error is enough for a file that is not JSON: the YAML parser's errors would only confuse.
    if (this.problems.some(({ code }) => code === "orket/json-syntax")) return;
    // Unknown tags are found again, and reported, where the tree is read.
    const warnings = document.warnings.filter(({ code }) => code !== "TAG_RESOLVE_FAILED");
    const all = [...document.errors, ...warnings].sort((a, b) => a.pos[0] - b.pos[0]);
    const error = all.find(({ code }) => code === "RESOURCE_EXHAUSTION") ?? all[0];
    if (error === undefined) {
      const hidden = this.format === "yaml" ? findHiddenSlip(this.text, this.lines) : undefined;
      if (hidden !== undefined) this.#reportSlip(hidden);
      return;
    }
    const [start, end] = error.pos;
    const plain =
      error.code !== "MULTIPLE_DOCS" && error.code !== "RESOURCE_EXHAUSTION" && this.format === "yaml";
    const quote = error.code === "MISSING_CHAR" ? openQuote(document, start) : undefined;
    const slip = plain ? findSlip(this.text, this.lines, quote ?? start) : undefined;
    if (slip !== undefined && (slip.isLastResort !== true || quote === undefined)) {
      this.#reportSlip(slip);
      return;
    }
    if (quote !== undefined) {
      const fix = { hint: `Close it with ${this.text[quote] ?? ""} where the text ends.` };
      this.report(
        "orket/yaml-syntax",
        { start: quote, end: quote + 1 },
        "The quote that opens here is not closed.",
        fix,
      );
      return;
    }
    const [message, hint] = describeYamlError(error);
    const span = { start, end: Math.max(start, Math.min(end, this.lines.lineEnd(start))) };
    this.report(yamlCodes[error.code] ?? "orket/yaml-syntax", span, message, { hint });
  }
}

/**
 * Reads a definition file. Never throws and does a bounded amount of work, whatever the content: errors are in
 * `problems`. `path` is relative to the WorkDomain, with forward slashes; `content` is the text or the file's bytes.
 */
export function parseSource(path: string, content: string | Uint8Array): SourceDocument {
  if (isTooLarge(content)) {
    const reader = new Reader(path, "");
    reader.report(
      "orket/file-too-large",
      { start: 0, end: 0 },
      "The file is larger than 1 MB and is not read.",
    );
    return reader.source();
  }
  const decoded = typeof content === "string" ? { text: content } : decodeUtf8(content);
  if (!("text" in decoded)) {
    const reader = new Reader(path, "");
    const message = `The file is not UTF-8 text (byte ${decoded.badByte + 1} does not belong).`;
    reader.report("orket/encoding", { start: 0, end: 0 }, message, { hint: "Save it as UTF-8." });
    return reader.source();
  }
  return new Reader(path, decoded.text.replace(/^\ufeff/, "")).read();
}

/** A text with more characters than allowed bytes is not counted. */
function isTooLarge(content: string | Uint8Array): boolean {
  const { bytes } = sourceLimits;
  return content.length > bytes || (typeof content === "string" && utf8Length(content) > bytes);
}
