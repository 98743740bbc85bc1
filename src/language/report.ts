import {
  makeDiagnostic,
  maxDiagnosticsPerFile,
  type Diagnostic,
  type DiagnosticCode,
  type ProblemInit,
} from "./diagnostic";
import { type Span } from "./lines";
import { nearestPlace, valuePlace, valueSpan } from "./places";
import { valueAt } from "./schema";
import { type SourceDocument } from "./source";
import { type ValuePath } from "./tree";

/** The files of one Flow, as far as they were found. */
export interface FlowParts {
  readonly flow: SourceDocument;
  readonly band: SourceDocument | undefined;
  readonly venue: SourceDocument | undefined;
  readonly score: SourceDocument | undefined;
  readonly replies: SourceDocument | undefined;
}

/** Collects the problems of several files. */
export class Report {
  readonly diagnostics: Diagnostic[] = [];
  private readonly counts = new Map<string, number>();

  /** Whether no more problems of this file are listed, so that looking for them can stop. */
  isFull(source: SourceDocument): boolean {
    return (this.counts.get(source.path) ?? 0) > maxDiagnosticsPerFile;
  }

  /** A problem of the value at `path`; where nothing stands, of the nearest value around it. */
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
    const count = (this.counts.get(source.path) ?? 0) + 1;
    this.counts.set(source.path, count);
    this.diagnostics.push(
      count <= maxDiagnosticsPerFile
        ? makeDiagnostic(source, code, span, message, init)
        : makeDiagnostic(source, "orket/too-many-problems", span, "The problems that follow are not listed."),
    );
  }
}

/** Whether anything stands at a path. */
export function isGiven(source: SourceDocument | undefined, path: ValuePath): boolean {
  return valueAt(source?.value, path) !== undefined;
}

/** The text at a path, when it is text. */
export function textAt(source: SourceDocument | undefined, path: ValuePath): string | undefined {
  const value = valueAt(source?.value, path);
  return typeof value === "string" ? value : undefined;
}

/** The entries of a list that are text, each with its path. */
export function textsAt(source: SourceDocument, path: ValuePath): { text: string; path: ValuePath }[] {
  const value = valueAt(source.value, path);
  if (!Array.isArray(value)) return [];
  return value.flatMap((text: unknown, index) =>
    typeof text === "string" ? [{ text, path: [...path, index] }] : [],
  );
}

/** The keys of a map, in the file's order. */
export function keysAt(source: SourceDocument | undefined, path: ValuePath): string[] {
  const value = valueAt(source?.value, path);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}

/** A replacement of the whole value at a path, where it is one piece of text. */
export function replaceValue(source: SourceDocument, path: ValuePath, word: string | undefined): ProblemInit {
  if (word === undefined) return {};
  const span = valueSpan(source, path);
  const written = source.format === "json" ? JSON.stringify(word) : word;
  return {
    mend: `Did you mean '${word}'?`,
    ...(span === undefined ? {} : { replace: { title: `Replace with '${word}'`, span, with: written } }),
  };
}
