import type {
  DocumentHighlight,
  DocumentLink,
  DocumentSymbol,
  FoldingRange,
  Location,
  LocationLink,
  SemanticTokens,
  SymbolKind,
  WorkspaceSymbol,
} from "vscode-languageserver-types";
import { scoreItemKindOf } from "../../engine/model/score";
import { parseTemplate } from "../../engine/model/template";
import { fieldAt, linkFields } from "../schema/fields";
import type { Entity } from "../schema/fields";
import { fileKinds } from "../text/file-kind";
import { LineIndex } from "../text/lines";
import type { Span } from "../text/lines";
import { locate } from "../text/locate";
import { fileEntity, namesIn, occurrenceAt } from "../project/occurrences";
import { entriesOf } from "../project/materials";
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
import { foldKinds, highlightKinds, locationLinkOf, locationOf, symbolKinds } from "./lsp";
import type { UriOf, WithData } from "./lsp";
import type { HelpRequest, Place } from "./model";
import { materialFiles } from "./materials";
import { definitionsOf, placeOf, placesOf } from "./symbols";

const fileStart = { start: 0, end: 0 };

/** Where the item at an offset is defined; the file itself for a path. */
export function definition(request: HelpRequest, uriOf: UriOf): LocationLink[] {
  const { project, source, offset } = request;
  const located = locate(source, offset);
  const named = located?.on === "value" ? materialFiles(project, source, located.path) : [];
  if (named.length > 0) return named.map((file) => startOf(uriOf(file)));
  return definitionPlaces(request).flatMap((place) => locationLinkOf(project, place, uriOf) ?? []);
}

/** The beginning of a file that is no definition file. */
function startOf(targetUri: string): LocationLink {
  const start = { line: 0, character: 0 };
  const range = { start, end: start };
  return { targetUri, targetRange: range, targetSelectionRange: range };
}

function definitionPlaces({ project, source, offset }: HelpRequest): Place[] {
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

/** Every place where the item at an offset is named, in all files. */
export function references(
  { project, source, offset }: HelpRequest,
  uriOf: UriOf,
  options: { readonly definitions: boolean } = { definitions: true },
): Location[] {
  const occurrence = occurrenceAt(source, offset);
  if (occurrence === undefined) return [];
  return placesOf(project, source, occurrence)
    .found.filter((found) => options.definitions || found.occurrence.role !== "definition")
    .flatMap((found) => locationOf(project, placeOf(found), uriOf) ?? []);
}

/** The same name within the file. */
export function highlights(request: HelpRequest): DocumentHighlight[] {
  const { project, source, offset } = request;
  const occurrence = occurrenceAt(source, offset);
  if (occurrence === undefined) return [];
  return placesOf(project, source, occurrence)
    .found.filter((found) => found.source.path === source.path)
    .map(({ occurrence: one }) => ({
      range: source.lines.rangeOf(one.span),
      kind: one.role === "definition" ? highlightKinds.Write : highlightKinds.Read,
    }));
}

type SymbolName = keyof typeof symbolKinds;

function symbol(
  source: SourceDocument,
  path: ValuePath,
  {
    kind,
    ...init
  }: Pick<DocumentSymbol, "name"> &
    Partial<Pick<DocumentSymbol, "detail" | "children">> & { readonly kind: SymbolName },
): DocumentSymbol[] {
  const found = source.tree === undefined ? undefined : nodesAt(source.tree, path);
  if (found === undefined) return [];
  const key = found.key === undefined ? undefined : nodeSpan(found.key);
  const value = found.value === undefined ? key : nodeSpan(found.value);
  const whole = { start: (key ?? value)?.start ?? 0, end: Math.max(value?.end ?? 0, key?.end ?? 0) };
  const lineEnd = source.lines.lineEnd(whole.start);
  const span = key ?? { start: whole.start, end: Math.min(whole.end, lineEnd) };
  return [
    {
      detail: "",
      children: [],
      ...init,
      // An editor rejects a symbol without a name.
      name: init.name === "" ? "?" : init.name,
      kind: symbolKinds[kind],
      range: source.lines.rangeOf(whole),
      selectionRange: source.lines.rangeOf(span),
    },
  ];
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
      return symbol(source, here, { kind: "Function", name: id ?? "step", detail });
    }
    const max = valueAt(source.value, [...here, kind, "max"]);
    const children = scoreItems(source, [...here, kind, "steps"]);
    const given = textAt(source, [...here, kind, "id"]);
    const what = given === undefined ? kind : `${kind} ${given}`;
    const unit = kind === "each" ? "items" : "times";
    const bounded = (kind === "loop" || kind === "each") && typeof max === "number";
    const name = bounded ? `${what}, at most ${max} ${unit}` : what;
    return symbol(source, here, { kind: kind === "sequence" ? "Namespace" : "Array", name, children });
  });
}

/** The outline of a file: the names it defines, within its sections. */
export function documentSymbols(source: SourceDocument): DocumentSymbol[] {
  const { kind, value } = source;
  if (kind === undefined || typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.keys(value).flatMap((key) => {
    const path = [key];
    if (key === "name")
      return symbol(source, path, {
        kind: "File",
        name: textAt(source, path) ?? key,
        detail: fileKinds[kind].label,
      });
    if (kind === "score" && key === "steps")
      return symbol(source, path, { kind: "Namespace", name: key, children: scoreItems(source, path) });
    const children = namesIn(source).occurrences.flatMap((one): DocumentSymbol[] => {
      if (one.path[0] !== key || one.role !== "definition" || one.path.length < 2) return [];
      const owner = one.on === "key" ? one.path : one.path.slice(0, -1);
      const isNamed = one.entity === "role" || one.entity === "input" || one.entity === "node";
      return symbol(source, owner, {
        kind: (isNamed ? entityKinds[one.entity] : undefined) ?? "Namespace",
        name: one.name,
        detail: textAt(source, [...owner, "description"]) ?? "",
      });
    });
    const nested = valueAt(value, path);
    const isSection = typeof nested === "object" && nested !== null;
    return isSection ? symbol(source, path, { kind: "Namespace", name: key, children }) : [];
  });
}

const entityKinds: Readonly<Partial<Record<Entity, SymbolName>>> = {
  flow: "File",
  band: "File",
  venue: "File",
  score: "File",
  role: "Class",
  step: "Function",
  input: "Variable",
  command: "Method",
  node: "Object",
};

/** Names in the whole project that contain the query's letters in order. */
export function workspaceSymbols(
  project: Project,
  query: string,
  uriOf: UriOf,
  limit = 500,
): (WorkspaceSymbol & { location: Location; kind: SymbolKind })[] {
  const letters = [...query.toLowerCase()];
  const fits = (name: string): boolean => {
    let at = 0;
    const lower = name.toLowerCase();
    return letters.every((letter) => (at = lower.indexOf(letter, at) + 1) > 0);
  };
  const found: ReturnType<typeof workspaceSymbols> = [];
  for (const source of project.sources.values()) {
    for (const occurrence of namesIn(source).occurrences) {
      const { entity, name, role } = occurrence;
      const kind = entityKinds[entity];
      if (role !== "definition" || kind === undefined || !fits(name)) continue;
      const isFile = fileEntity(entity) !== undefined;
      const container = isFile ? source.path : (nameIn(source) ?? source.path);
      const location = { uri: uriOf(source.path), range: source.lines.rangeOf(occurrence.span) };
      found.push({ name, kind: symbolKinds[kind], containerName: container, location });
      if (found.length >= limit) return found;
    }
  }
  return found;
}

/** A link with its target: an editor opens a file, and shows a folder in its own way. */
export type DefinitionLink = WithData<DocumentLink, { readonly kind: "file" | "folder" }> & {
  readonly target: string;
};

interface PlacedLink {
  readonly span: Span;
  /** Relative to the project. */
  readonly target: string;
  readonly kind: "file" | "folder";
}

/** Paths and names that refer to a file or folder. */
export function documentLinks(project: Project, source: SourceDocument, uriOf: UriOf): DefinitionLink[] {
  return linksOf(project, source).map(({ span, target, kind }) => ({
    range: source.lines.rangeOf(span),
    target: uriOf(target),
    tooltip: kind === "file" ? `Open ${target}` : `Show ${target} in the Explorer`,
    data: { kind },
  }));
}

function linksOf(project: Project, source: SourceDocument): PlacedLink[] {
  const links: PlacedLink[] = [];
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
  if (source.kind === "band") {
    const named = [...entriesOf(source, "instructions"), ...entriesOf(source, "skills")];
    for (const { path } of named) {
      const node = source.tree === undefined ? undefined : nodesAt(source.tree, path)?.value;
      const [target] = materialFiles(project, source, path);
      if (node !== undefined && target !== undefined)
        links.push({ span: nodeSpan(node), target, kind: "file" });
    }
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

/** What can be folded: keys and entries over several lines, and consecutive comments. */
export function foldingRanges(source: SourceDocument): FoldingRange[] {
  const ranges: FoldingRange[] = [];
  const lines = source.text.split(/\r\n|\n|\r/);
  const open: { indent: number; line: number; last: number }[] = [];
  let comment: { start: number; end: number } | undefined;
  const endComment = (): void => {
    if (comment !== undefined && comment.end > comment.start) {
      ranges.push({ startLine: comment.start, endLine: comment.end, kind: foldKinds.Comment });
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
    // The dash of an entry counts as indentation of the entry's content.
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

/** Types that every color theme defines; a name has the same color where it is defined and where it is used. */
export const semanticTokenTypes = ["parameter", "type"] as const;

interface Token {
  readonly span: Span;
  readonly type: (typeof semanticTokenTypes)[number];
}

/** What a grammar cannot know: placeholders in templates, definitions of names and references to them. */
export function semanticTokens(source: SourceDocument): SemanticTokens {
  const tokens: Token[] = [];
  const { occurrences, templates } = namesIn(source);
  for (const one of occurrences) {
    if (one.placeholder === true || one.span.end <= one.span.start) continue;
    tokens.push({ span: one.span, type: "type" });
  }
  for (const template of templates) {
    for (const segment of template.segments) {
      if (segment.kind !== "placeholder") continue;
      const span = template.map()?.spanToSource(segment);
      if (span !== undefined) tokens.push({ span, type: "parameter" });
    }
  }
  return encodeTokens(source.lines, tokens);
}

/** Placeholders in a template that is a document of its own. */
export function templateTokens(text: string): SemanticTokens {
  const tokens = parseTemplate(text).segments.flatMap((segment): Token[] =>
    segment.kind === "placeholder" ? [{ span: segment, type: "parameter" }] : [],
  );
  return encodeTokens(new LineIndex(text), tokens);
}

/** The protocol's encoding: five numbers per token, with its line and character relative to the previous token. */
function encodeTokens(lines: LineIndex, tokens: readonly Token[]): SemanticTokens {
  const data: number[] = [];
  let before = { line: 0, character: 0 };
  for (const { span, type } of [...tokens].sort((a, b) => a.span.start - b.span.start)) {
    const { start, end } = lines.rangeOf(span);
    // The protocol has no multi-line tokens.
    if (start.line !== end.line) continue;
    const line = start.line - before.line;
    const character = line === 0 ? start.character - before.character : start.character;
    data.push(line, character, end.character - start.character, semanticTokenTypes.indexOf(type), 0);
    before = start;
  }
  return { data };
}
