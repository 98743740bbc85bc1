import { commandToolPrefix } from "../../engine/model/tools";
import { isMap, isScalar, isSeq } from "yaml";
import type { Scalar } from "yaml";
import { parseTemplate } from "../../engine/model/template";
import type { Placeholder, TemplateSegment } from "../../engine/model/template";
import { entityOwner, fieldAt, itemPathOf } from "../schema/fields";
import type { Entity } from "../schema/fields";
import { textAt } from "../schema/read";
import { pathId, scoreViewOf } from "../schema/score-view";
import type { NamedKind } from "../text/file-kind";
import type { Span } from "../text/lines";
import { ofVersion } from "../text/memo";
import { isPathReference } from "./reference";
import { mapScalarNode } from "../text/scalar-map";
import type { ScalarMap } from "../text/scalar-map";
import type { SourceDocument } from "../text/source";
import { keyText, nodeSpan } from "../text/tree";
import type { ValuePath } from "../text/tree";
import { defined } from "../../engine/model/defined";

/** A name in a file: its definition, or a reference to it. */
export interface Occurrence {
  readonly entity: Entity;
  readonly name: string;
  readonly role: "definition" | "reference";
  /** The name without quotes. */
  readonly span: Span;
  readonly path: ValuePath;
  readonly on: "key" | "value";
  readonly scope?: string;
  /** Inside a template. */
  readonly placeholder?: boolean;
  /** The file is referred to by its path. */
  readonly byPath?: boolean;
  readonly quoted: boolean;
}

/** A prompt, an instruction, or another text with placeholders. */
export interface TemplateValue {
  readonly path: ValuePath;
  readonly text: string;
  readonly span: Span;
  readonly segments: readonly TemplateSegment[];
  readonly map: () => ScalarMap | undefined;
}

export interface Names {
  readonly occurrences: readonly Occurrence[];
  readonly templates: readonly TemplateValue[];
}

/** The text of a scalar in the file, without its quotes. */
function innerSpan(node: Scalar): Span {
  const { start, end } = nodeSpan(node);
  const quoted = node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE";
  return quoted && end - start >= 2 ? { start: start + 1, end: end - 1 } : { start, end };
}

const placeholderEntities: Readonly<Partial<Record<Placeholder["kind"], Entity>>> = {
  input: "input",
  note: "note",
  summary: "step",
  verdict: "step",
  result: "step",
  artifact: "artifact",
};

/** The name in a placeholder. */
function placeholderName(placeholder: Placeholder): string | undefined {
  switch (placeholder.kind) {
    case "input":
      return placeholder.name;
    case "note":
      return placeholder.key;
    case "summary":
    case "verdict":
    case "result":
      return placeholder.step;
    case "artifact":
      return placeholder.path;
    case "task":
    case "role":
    case "step":
    case "item":
      return undefined;
  }
}

/** The place of the name in a placeholder's text. */
function nameInPlaceholder(text: string, placeholder: Placeholder): Span | undefined {
  const name = placeholderName(placeholder);
  if (name === undefined) return undefined;
  const at = text.indexOf(name, text.search(/[.[]/));
  return at < 0 ? undefined : { start: at, end: at + name.length };
}

function withinFields(scope: string | undefined, fields: readonly string[]): string | undefined {
  return scope === undefined ? undefined : [scope, ...fields].join(".");
}

/** The scope of an item's fields where the `each` around it is not in the same file. */
export const itemOfSteps = "{{item}}";

/** The list that an item at a place in a Score is from: its step and field, or its input. */
export function itemScope(source: SourceDocument, path: ValuePath): string | undefined {
  if (source.kind !== "score") return itemOfSteps;
  const entry = pathId(itemPathOf(path));
  const step = scoreViewOf(source).steps.find((one) => pathId(one.path) === entry);
  const each = step?.around.findLast(({ kind }) => kind === "each");
  if (each === undefined) return undefined;
  const text = (key: string): string | undefined => textAt(source, [...each.path, "each", "in", key]);
  const input = text("input");
  if (input !== undefined) return `inputs.${input}`;
  const [from, field] = [text("step"), text("field")];
  return from === undefined || field === undefined ? undefined : `${from}.${field}`;
}

class NameReader {
  readonly occurrences: Occurrence[] = [];
  readonly templates: TemplateValue[] = [];
  readonly #source: SourceDocument;

  constructor(source: SourceDocument) {
    this.#source = source;
  }

  walk(node: unknown, path: ValuePath): void {
    if (isMap(node)) {
      for (const pair of node.items) {
        const key = keyText(pair);
        if (key === undefined) continue;
        const here = [...path, key];
        if (isScalar(pair.key)) this.#name(pair.key, key, here, "key");
        this.walk(pair.value, here);
      }
    } else if (isSeq(node)) {
      node.items.forEach((item, index) => this.walk(item, [...path, index]));
    } else if (isScalar(node)) {
      const { value } = node;
      if (typeof value === "string" && value !== "") this.#name(node, value, path, "value");
    }
  }

  #name(node: Scalar, text: string, path: ValuePath, on: "key" | "value"): void {
    const source = this.#source;
    const field = source.kind === undefined ? undefined : fieldAt(source.kind, path, on);
    if (field === undefined) return;
    const { meaning } = field;
    if (meaning.is === "template") return this.#template(node, text, path);
    if (meaning.is === "tool" && text.startsWith(commandToolPrefix)) {
      const { start, end } = innerSpan(node);
      const span = { start: start + commandToolPrefix.length, end };
      const name = text.slice(commandToolPrefix.length);
      this.occurrences.push({ entity: "command", name, role: "reference", span, path, on, quoted: true });
    }
    if (meaning.is !== "definition" && meaning.is !== "reference") return;
    const scope = field.scope?.(source, path);
    const byPath =
      meaning.is === "reference" && entityOwner[meaning.entity] === "project" && isPathReference(text);
    const span = innerSpan(node);
    // A field within a field is two names, the second within the first.
    const parts = meaning.entity === "field" && on === "value" ? text.split(".") : [text];
    let { start } = span;
    for (const [index, name] of parts.entries()) {
      this.occurrences.push({
        entity: meaning.entity,
        name,
        role: meaning.is,
        span: parts.length === 1 ? span : { start, end: start + name.length },
        path,
        on,
        quoted: node.type !== "PLAIN" || parts.length > 1,
        ...defined({ scope: withinFields(scope, parts.slice(0, index)) }),
        ...(byPath ? { byPath } : {}),
      });
      start += name.length + 1;
    }
  }

  #template(node: Scalar, text: string, path: ValuePath): void {
    const { segments } = parseTemplate(text);
    let map: ScalarMap | undefined;
    let mapped = false;
    const lazyMap = (): ScalarMap | undefined => {
      if (!mapped) map = mapScalarNode(this.#source, node);
      mapped = true;
      return map;
    };
    this.templates.push({ path, text, span: nodeSpan(node), segments, map: lazyMap });
    for (const segment of segments) {
      if (segment.kind !== "placeholder") continue;
      const { placeholder } = segment;
      const written = text.slice(segment.start, segment.end);
      const add = (entity: Entity, name: string, inside: Span, scope?: string): void => {
        const span = lazyMap()?.spanToSource({
          start: segment.start + inside.start,
          end: segment.start + inside.end,
        });
        if (span === undefined) return;
        this.occurrences.push({
          entity,
          name,
          role: "reference",
          span,
          path,
          on: "value",
          placeholder: true,
          quoted: true,
          ...defined({ scope }),
        });
      };
      const entity = placeholderEntities[placeholder.kind];
      const name = placeholderName(placeholder);
      const inside = nameInPlaceholder(written, placeholder);
      if (entity !== undefined && name !== undefined && inside !== undefined) add(entity, name, inside);
      if ((placeholder.kind !== "result" && placeholder.kind !== "item") || placeholder.field === "")
        continue;
      const before = placeholder.kind === "item" ? "item." : ".result.";
      const scope = placeholder.kind === "item" ? itemScope(this.#source, path) : placeholder.step;
      let start = written.indexOf(before, inside?.end ?? 0) + before.length;
      const fields = placeholder.field.split(".");
      for (const [index, field] of fields.entries()) {
        add(
          "field",
          field,
          { start, end: start + field.length },
          withinFields(scope, fields.slice(0, index)),
        );
        start += field.length + 1;
      }
    }
  }
}

/** Every name and template of a file, in its order; read once for each version of the file. */
export const namesIn = ofVersion((source: SourceDocument): Names => {
  const reader = new NameReader(source);
  reader.walk(source.tree?.root, []);
  return { occurrences: reader.occurrences, templates: reader.templates };
});

function holds(span: Span, offset: number): boolean {
  return offset >= span.start && offset <= span.end;
}

/** The name at an offset; also directly after it. */
export function occurrenceAt(source: SourceDocument, offset: number): Occurrence | undefined {
  return namesIn(source).occurrences.find(({ span }) => holds(span, offset));
}

/** The kind of file that an entity names; undefined for something within a file. */
export function fileEntity(entity: Entity): NamedKind | undefined {
  return entityOwner[entity] === "project" ? (entity as NamedKind) : undefined;
}
