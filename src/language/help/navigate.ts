import { scoreItemKindOf } from "../../engine/model/score";
import { fieldAt, linkFields } from "../schema/fields";
import { fileKinds } from "../text/file-kind";
import type { SourceKind } from "../text/file-kind";
import type { Span } from "../text/lines";
import { locate } from "../text/locate";
import { fileEntity, namesIn, occurrenceAt } from "../project/occurrences";
import { nameIn } from "../project/project";
import type { Project } from "../project/project";
import { resolveReference } from "../project/reference";
import { joinPath } from "../project/paths";
import { textAt, textsAt } from "../schema/read";
import { isGroupKind, pathId, scoreViewOf } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import { nodesAt, nodeSpan } from "../text/tree";
import type { ValuePath } from "../text/tree";
import { valueAt } from "../schema/schema";
import type { HelpRequest, Place } from "./model";
import { definitionsOf, placeOf, placesOf } from "./symbols";

const fileStart = { start: 0, end: 0 };

/** Where what stands at an offset is given; the file itself for a path. */
export function definition({ project, source, offset }: HelpRequest): Place[] {
  const occurrence = occurrenceAt(source, offset);
  if (occurrence !== undefined) return definitionsOf(project, source, occurrence).map(placeOf);
  const located = locate(source, offset);
  const target = located?.on === "value" ? fileAt(project, source, located.path) : undefined;
  return target === undefined ? [] : [{ file: target, span: fileStart, whole: fileStart }];
}

function fileAt(project: Project, source: SourceDocument, path: ValuePath): string | undefined {
  const meaning = source.kind === undefined ? undefined : fieldAt(source.kind, path, "value")?.meaning;
  const text = textAt(source, path);
  if (meaning?.is !== "file" || text === undefined) return undefined;
  const resolved = resolveReference(project, meaning.kind, text, source.path);
  return "source" in resolved ? resolved.source.path : undefined;
}

/** Every place where what stands at an offset is named, in all files. */
export function references(
  { project, source, offset }: HelpRequest,
  options: { readonly definitions: boolean } = { definitions: true },
): Place[] {
  const occurrence = occurrenceAt(source, offset);
  if (occurrence === undefined) return [];
  return placesOf(project, source, occurrence)
    .found.filter((found) => options.definitions || found.occurrence.role !== "definition")
    .map((found) => ({ ...placeOf(found), whole: found.occurrence.span }));
}

export interface Highlight {
  readonly span: Span;
  readonly kind: "read" | "write";
}

/** The same name within the file. */
export function highlights(request: HelpRequest): Highlight[] {
  const { project, source, offset } = request;
  const occurrence = occurrenceAt(source, offset);
  if (occurrence === undefined) return [];
  return placesOf(project, source, occurrence)
    .found.filter((found) => found.source.path === source.path)
    .map(({ occurrence: one }) => ({ span: one.span, kind: one.role === "definition" ? "write" : "read" }));
}

export interface DocumentSymbol {
  readonly name: string;
  readonly detail: string;
  readonly kind: "file" | "role" | "step" | "loop" | "parallel" | "input" | "node" | "section";
  readonly span: Span;
  readonly whole: Span;
  readonly children: readonly DocumentSymbol[];
}

function symbol(
  source: SourceDocument,
  path: ValuePath,
  init: Pick<DocumentSymbol, "name" | "kind"> & Partial<DocumentSymbol>,
): DocumentSymbol[] {
  const found = source.tree === undefined ? undefined : nodesAt(source.tree, path);
  if (found === undefined) return [];
  const key = found.key === undefined ? undefined : nodeSpan(found.key);
  const value = found.value === undefined ? key : nodeSpan(found.value);
  const whole = { start: (key ?? value)?.start ?? 0, end: Math.max(value?.end ?? 0, key?.end ?? 0) };
  const lineEnd = source.lines.lineEnd(whole.start);
  const span = init.span ?? key ?? { start: whole.start, end: Math.min(whole.end, lineEnd) };
  return [{ detail: "", children: [], ...init, whole, span }];
}

function scoreItems(source: SourceDocument, path: ValuePath): DocumentSymbol[] {
  const items = valueAt(source.value, path);
  if (!Array.isArray(items)) return [];
  const view = scoreViewOf(source);
  return items.flatMap((item: unknown, index) => {
    const here = [...path, index];
    if (typeof item !== "object" || item === null) return [];
    const kind = scoreItemKindOf(item);
    const id = view.idAt.get(pathId(here));
    if (!isGroupKind(kind)) {
      const performer = textAt(source, [...here, kind]);
      const detail = kind === "role" || kind === "run" || kind === "use" ? (performer ?? "") : kind;
      return symbol(source, here, { kind: "step", name: id ?? "step", detail });
    }
    const max = valueAt(source.value, [...here, kind, "max"]);
    const children = scoreItems(source, [...here, kind, "steps"]);
    const given = textAt(source, [...here, kind, "id"]);
    const what = given === undefined ? kind : `${kind} ${given}`;
    const unit = kind === "each" ? "items" : "times";
    const bounded = (kind === "loop" || kind === "each") && typeof max === "number";
    const name = bounded ? `${what}, at most ${max} ${unit}` : what;
    const shown = kind === "loop" || kind === "each" ? "loop" : "parallel";
    return symbol(source, here, { kind: kind === "sequence" ? "section" : shown, name, children });
  });
}

/** The outline of a file: what it names, within its sections. */
export function documentSymbols(source: SourceDocument): DocumentSymbol[] {
  const { kind, value } = source;
  if (kind === undefined || typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.keys(value).flatMap((key) => {
    const path = [key];
    if (key === "name")
      return symbol(source, path, {
        kind: "file",
        name: textAt(source, path) ?? key,
        detail: fileKinds[kind].label,
      });
    if (kind === "score" && key === "steps")
      return symbol(source, path, { kind: "section", name: key, children: scoreItems(source, path) });
    const children = namesIn(source).occurrences.flatMap((one): DocumentSymbol[] => {
      if (one.path[0] !== key || one.role !== "definition" || one.path.length < 2) return [];
      const owner = one.on === "key" ? one.path : one.path.slice(0, -1);
      const type =
        one.entity === "role" || one.entity === "input" || one.entity === "node" ? one.entity : "section";
      return symbol(source, owner, {
        kind: type,
        name: one.name,
        detail: textAt(source, [...owner, "description"]) ?? "",
      });
    });
    const nested = valueAt(value, path);
    const isSection = typeof nested === "object" && nested !== null;
    return isSection ? symbol(source, path, { kind: "section", name: key, children }) : [];
  });
}

export interface WorkspaceSymbol {
  readonly name: string;
  readonly kind: SourceKind | "role" | "step" | "input" | "command" | "node";
  readonly container: string;
  readonly place: Place;
}

/** Names of the whole project that hold the query's letters in their order. */
export function workspaceSymbols(project: Project, query: string, limit = 500): WorkspaceSymbol[] {
  const letters = [...query.toLowerCase()];
  const fits = (name: string): boolean => {
    let at = 0;
    const lower = name.toLowerCase();
    return letters.every((letter) => (at = lower.indexOf(letter, at) + 1) > 0);
  };
  const found: WorkspaceSymbol[] = [];
  for (const source of project.sources.values()) {
    for (const occurrence of namesIn(source).occurrences) {
      const { entity, name, role } = occurrence;
      if (
        role !== "definition" ||
        entity === "verdict" ||
        entity === "field" ||
        entity === "artifact" ||
        entity === "note"
      )
        continue;
      if (!fits(name)) continue;
      const isFile = fileEntity(entity) !== undefined;
      const container = isFile ? source.path : (nameIn(source) ?? source.path);
      found.push({ name, kind: entity, container, place: placeOf({ source, occurrence }) });
      if (found.length >= limit) return found;
    }
  }
  return found;
}

export interface DocumentLink {
  readonly span: Span;
  /** Relative to the project. */
  readonly target: string;
  readonly kind: "file" | "folder";
}

/** Paths and names that lead to a file or folder. */
export function documentLinks(project: Project, source: SourceDocument): DocumentLink[] {
  const links: DocumentLink[] = [];
  if (source.kind === undefined) return links;
  for (const one of namesIn(source).occurrences) {
    const kind = fileEntity(one.entity);
    if (kind === undefined || one.role === "definition") continue;
    const resolved = resolveReference(project, kind, one.name, source.path);
    if ("source" in resolved) links.push({ span: one.span, target: resolved.source.path, kind: "file" });
  }
  for (const { path } of linkFields[source.kind]) {
    const target = fileAt(project, source, path);
    const node = source.tree === undefined ? undefined : nodesAt(source.tree, path)?.value;
    if (target !== undefined && node !== undefined)
      links.push({ span: nodeSpan(node), target, kind: "file" });
  }
  if (source.kind === "flow") {
    for (const { text, path } of textsAt(source, ["references"])) {
      const node = source.tree === undefined ? undefined : nodesAt(source.tree, path)?.value;
      const target = joinPath("", text);
      if (node !== undefined && target !== undefined)
        links.push({ span: nodeSpan(node), target, kind: "folder" });
    }
  }
  return links.sort((a, b) => a.span.start - b.span.start);
}

export interface FoldingRange {
  /** Lines from 0, both within the fold. */
  readonly startLine: number;
  readonly endLine: number;
  readonly kind?: "comment";
}

/** What can be folded: keys and entries over several lines, and rows of comments. */
export function foldingRanges(source: SourceDocument): FoldingRange[] {
  const ranges: FoldingRange[] = [];
  const lines = source.text.split(/\r\n|\n|\r/);
  const open: { indent: number; line: number; last: number }[] = [];
  let comment: { start: number; end: number } | undefined;
  const endComment = (): void => {
    if (comment !== undefined && comment.end > comment.start) {
      ranges.push({ startLine: comment.start, endLine: comment.end, kind: "comment" });
    }
    comment = undefined;
  };
  lines.forEach((line, number) => {
    if (line.trim() === "") return;
    if (/^\s*#/.test(line)) {
      comment =
        comment?.end === number - 1
          ? { start: comment.start, end: number }
          : (endComment(), { start: number, end: number });
      return;
    }
    endComment();
    // The dash of an entry counts as indentation of what the entry holds.
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    for (let top = open.at(-1); top !== undefined && top.indent >= indent; top = open.at(-1)) {
      open.pop();
      if (top.last > top.line) ranges.push({ startLine: top.line, endLine: top.last });
    }
    for (const entry of open) entry.last = number;
    open.push({ indent, line: number, last: number });
  });
  endComment();
  for (const { line, last } of open) if (last > line) ranges.push({ startLine: line, endLine: last });
  return ranges.sort((a, b) => a.startLine - b.startLine || b.endLine - a.endLine);
}

export interface SemanticToken {
  readonly span: Span;
  readonly type: "orketPlaceholder" | "orketReference" | "orketDefinition" | "orketTool";
}

/** What a grammar cannot know: placeholders in templates, names that are given and names that refer. */
export function semanticTokens(source: SourceDocument): SemanticToken[] {
  const tokens: SemanticToken[] = [];
  const { occurrences, templates } = namesIn(source);
  for (const one of occurrences) {
    if (one.placeholder === true || one.span.end <= one.span.start) continue;
    tokens.push({ span: one.span, type: one.role === "definition" ? "orketDefinition" : "orketReference" });
  }
  for (const template of templates) {
    for (const segment of template.segments) {
      if (segment.kind !== "placeholder") continue;
      const span = template.map()?.spanToSource(segment);
      if (span !== undefined) tokens.push({ span, type: "orketPlaceholder" });
    }
  }
  return tokens.sort((a, b) => a.span.start - b.span.start);
}
