import { makeDiagnostic, maxDiagnosticsPerFile } from "../text/diagnostic";
import type { Diagnostic, DiagnosticCode, ProblemInit } from "../text/diagnostic";
import type { Span } from "../text/lines";
import { nearestPlace, valuePlace, valueSpan } from "../text/places";
import { valueAt } from "./schema";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

/** Collects the problems of several files. */
export class Report {
  readonly diagnostics: Diagnostic[] = [];
  readonly #counts = new Map<string, number>();

  /** Whether no more problems of this file are listed, so that the search for them can stop. */
  isFull(source: SourceDocument): boolean {
    return (this.#counts.get(source.path) ?? 0) > maxDiagnosticsPerFile;
  }

  /** A problem of the value at `path`; if there is none, of the nearest value around it. */
  at(
    source: SourceDocument,
    path: ValuePath,
    code: DiagnosticCode,
    message: string,
    init?: ProblemInit,
  ): void {
    const present = valueAt(source.value, path) !== undefined;
    this.span(source, present ? valuePlace(source, path) : nearestPlace(source, path), code, message, init);
  }

  span(source: SourceDocument, span: Span, code: DiagnosticCode, message: string, init?: ProblemInit): void {
    if (this.isFull(source)) return;
    const count = (this.#counts.get(source.path) ?? 0) + 1;
    this.#counts.set(source.path, count);
    this.diagnostics.push(
      count <= maxDiagnosticsPerFile
        ? makeDiagnostic(source, code, span, message, init)
        : makeDiagnostic(source, "orket/too-many-problems", span, "The problems that follow are not listed."),
    );
  }
}

/** A replacement of the whole value at a path, where it is one piece of text. */
export function replaceValue(source: SourceDocument, path: ValuePath, word: string | undefined): ProblemInit {
  if (word === undefined) return {};
  const span = valueSpan(source, path);
  const written = source.format === "json" ? JSON.stringify(word) : word;
  return {
    hint: `Did you mean '${word}'?`,
    ...(span === undefined ? {} : { replace: { title: `Replace with '${word}'`, span, with: written } }),
  };
}
