import { valueAt } from "./schema";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

/** Whether there is a value at a path. */
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
