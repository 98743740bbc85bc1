import { placeholderText } from "../../engine/model/template";
import { builtinTools, commandToolPrefix, toolTable } from "../../engine/model/tools";
import { contextAt } from "../text/context";
import type { EditContext } from "../text/context";
import { fieldAt } from "../schema/fields";
import type { Entity } from "../schema/fields";
import type { SourceKind } from "../text/file-kind";
import { partsFor } from "../project/links";
import { namesIn, fileEntity } from "../project/occurrences";
import { folderOf } from "../project/paths";
import type { Project } from "../project/project";
import { valueAt } from "../schema/schema";
import type { Schema } from "../schema/schema";
import {
  alternatives,
  choicesOf,
  elementOf,
  missingKeys,
  schemasAt,
  shapeKind,
  unwrapAll,
} from "../schema/schema-walk";
import type { KeyInfo } from "../schema/schema-walk";
import { textAt } from "../schema/read";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import { completionOf } from "./completion-item";
import type { DefinitionCompletion, Offer } from "./completion-item";
import { instructionOffers, skillFolders } from "./materials";
import { entityLabels, writeWord } from "./model";
import type { HelpRequest } from "./model";
import { openPlaceholder, placeholdersAt } from "./placeholders";
import { snippetsFor } from "./snippets";
import { commandNames, comparedValues, fieldNames, inputNames, stepNames, verdictNames } from "./score-names";
import type { NameOffer } from "./score-names";
import { besideText } from "./symbols";
import { defined } from "../../engine/model/defined";

type Draft = Pick<Offer, "label" | "kind"> & Partial<Offer>;

function escapeSnippet(text: string): string {
  return text.replace(/[\\$}]/g, "\\$&");
}

/** What a reference to an item of a Score or a Flow can name at a place. */
const namesOfScore: Readonly<
  Partial<Record<Entity, (project: Project, source: SourceDocument, path: ValuePath) => NameOffer[]>>
> = {
  step: stepNames,
  verdict: verdictNames,
  field: fieldNames,
  input: inputNames,
  command: commandNames,
};

class Completer {
  readonly items: Offer[] = [];

  constructor(
    readonly request: HelpRequest,
    readonly kind: SourceKind,
    readonly context: EditContext,
  ) {}

  get #json(): boolean {
    return this.request.source.format === "json";
  }

  add(draft: Draft): void {
    const { span } = this.context;
    const sort = draft.sort ?? String(this.items.length).padStart(4, "0");
    this.items.push({ span, insert: draft.label, snippet: false, ...draft, sort });
  }

  /** A word as a value, within existing quotes. */
  word(word: string, draft: Omit<Draft, "label">): void {
    const { quote } = this.context;
    const written = quote === "" ? writeWord(word, this.request.source.format) : word;
    this.add({ ...draft, label: word, insert: written, filter: draft.filter ?? word });
  }

  keys(path: ValuePath, schemas: readonly Schema[]): void {
    const { present } = this.context;
    for (const key of missingKeys(schemas, present)) this.#key(key, path);
    for (const schema of schemas.flatMap(alternatives)) {
      if (shapeKind(schema) !== "record") continue;
      const field = fieldAt(this.kind, [...path, "*"], "key");
      const element = elementOf(schema);
      if (field?.meaning.is === "reference") {
        const open =
          element === undefined || this.context.colon ? "" : this.#opening(element, [...path, "*"]);
        this.#names(field.meaning.entity, path, (name) =>
          present.includes(name) ? undefined : { insert: this.#keyText(name) + open, snippet: true },
        );
      }
      if (element !== undefined) this.#snippets(element, "");
    }
    if (path.length === 0 && present.length === 0) this.#skeleton(schemas);
  }

  #keyText(name: string): string {
    const written = this.#json && this.context.quote === "" ? JSON.stringify(name) : name;
    return this.context.colon ? written : `${written}${this.context.quote}:`;
  }

  #key({ name, schema, required }: KeyInfo, path: ValuePath): void {
    const { description, preset } = unwrapAll(schema);
    const closesQuote = this.context.quote !== "";
    const insert = this.context.colon
      ? name
      : `${escapeSnippet(this.#json && !closesQuote ? JSON.stringify(name) : name)}${closesQuote ? this.context.quote : ""}:${this.#opening(schema, [...path, name])}`;
    const text = this.request.source.text;
    const { end } = this.context.span;
    const quoted = closesQuote && !this.context.colon && text[end] === this.context.quote;
    this.add({
      label: name,
      kind: "key",
      insert,
      snippet: !this.context.colon,
      span: quoted ? { ...this.context.span, end: end + 1 } : this.context.span,
      filter: name,
      detail: required ? `${typeText(schema)}, required` : typeText(schema),
      documentation: [description ?? "", preset === undefined ? "" : `Default: \`${JSON.stringify(preset)}\``]
        .filter((part) => part !== "")
        .join("\n\n"),
      sort: `${required ? "0" : "1"}${String(this.items.length).padStart(3, "0")}`,
    });
  }

  /** The text after a key's colon, so that its value can be typed. */
  #opening(schema: Schema, path: ValuePath): string {
    const shape = shapeKind(schema);
    if (this.#json) {
      if (shape === "scalar") return choicesOf(schema).length > 0 || !isText(schema) ? " $0" : ' "$0"';
      return shape === "map" || shape === "record" ? " {$0}" : " [$0]";
    }
    if (this.context.inline) {
      return shape === "scalar" ? " $0" : shape === "map" || shape === "record" ? " { $0 }" : " [$0]";
    }
    if (shape === "map" || shape === "record") return "\n  $0";
    if (shape === "maps") return "\n  - $0";
    if (shape === "list") return " [$0]";
    const meaning = fieldAt(this.kind, path, "value")?.meaning.is;
    if (meaning === "template" || meaning === "task") return " |\n  $0";
    const only = choicesOf(schema);
    return only.length === 1 ? ` ${String(only[0])}` : " $0";
  }

  /** All required keys, for an empty file. */
  #skeleton(schemas: readonly Schema[]): void {
    const required = missingKeys(schemas, []).filter((key) => key.required);
    if (this.#json || required.length === 0) return;
    let stop = 1;
    const lines = required.map(({ name, schema }) => {
      const opening = this.#opening(schema, [name]);
      return `${name}:${opening.replace("$0", () => `$${stop++}`)}`;
    });
    this.add({
      label: "all required keys",
      kind: "snippet",
      insert: `${lines.join("\n")}\n`,
      snippet: true,
      filter: required[0]?.name ?? "",
      sort: "2",
    });
  }

  #snippets(schema: Schema, before: string): void {
    if (this.#json) return;
    for (const { name, lines, inline, detail } of snippetsFor(schema)) {
      if (this.context.inline && inline === undefined) continue;
      const body = this.context.inline
        ? (inline ?? "")
        : lines.map((line, index) => (index > 0 && before !== "" ? `  ${line}` : line)).join("\n");
      this.add({
        label: name,
        kind: "snippet",
        detail,
        insert: before + body,
        snippet: true,
        filter: name,
        sort: `3${name}`,
      });
    }
  }

  /** New entries of a list, each after its own dash where there is none yet. */
  entries(path: ValuePath, schemas: readonly Schema[], dash: string): void {
    for (const schema of schemas.flatMap(alternatives)) {
      const element =
        shapeKind(schema) === "maps" || shapeKind(schema) === "list" ? elementOf(schema) : undefined;
      if (element === undefined) continue;
      const own = [...path, 0];
      if (shapeKind(schema) === "list") this.values(own, [element], dash);
      else {
        this.#snippets(element, dash);
        for (const key of dash === "" ? missingKeys([element], this.context.present) : [])
          this.#key(key, own);
        for (const key of dash === "" ? [] : missingKeys([element], [])) {
          this.add({
            label: key.name,
            kind: "key",
            insert: `${dash}${key.name}:${this.#opening(key.schema, [...own, key.name]).replaceAll("\n", "\n  ")}`,
            snippet: true,
            detail: typeText(key.schema),
            documentation: unwrapAll(key.schema).description ?? "",
            sort: `1${String(this.items.length).padStart(3, "0")}`,
          });
        }
      }
    }
  }

  values(path: ValuePath, schemas: readonly Schema[], before = ""): void {
    const meaning = fieldAt(this.kind, path, "value")?.meaning;
    const first = this.items.length;
    if (meaning !== undefined) this.#meant(path, meaning);
    // What a condition compares with depends on its subject, or can be anything.
    if (meaning?.is !== "tool" && meaning?.is !== "compared") {
      for (const schema of schemas) {
        for (const choice of choicesOf(schema)) {
          const insert = typeof choice === "string" ? undefined : String(choice);
          const { preset } = unwrapAll(schema);
          const detail = preset === choice ? "default" : undefined;
          const draft = { kind: "value" as const, ...defined({ detail }) };
          if (insert === undefined || this.context.quote !== "") this.word(String(choice), draft);
          else this.add({ ...draft, label: insert });
        }
        const { preset } = unwrapAll(schema);
        if (typeof preset === "number") this.add({ label: String(preset), kind: "value", detail: "default" });
        // Values that are on a line of their own.
        if (!this.context.inline || this.context.typed === "") this.#inlineEntry(schema);
      }
    }
    if (before === "") return;
    for (let index = first; index < this.items.length; index++) {
      const item = this.items[index];
      if (item !== undefined) this.items[index] = { ...item, insert: before + item.insert };
    }
  }

  #inlineEntry(schema: Schema): void {
    if (this.context.expects !== "value" || !this.context.inline) return;
    for (const { name, inline, detail } of snippetsFor(schema)) {
      if (inline === undefined || this.#json) continue;
      this.add({ label: name, kind: "snippet", detail, insert: inline, snippet: true, sort: `3${name}` });
    }
  }

  #meant(path: ValuePath, meaning: NonNullable<ReturnType<typeof fieldAt>>["meaning"]): void {
    const { context: given = {}, project, source } = this.request;
    switch (meaning.is) {
      case "reference":
        return this.#names(meaning.entity, path);
      case "file":
        for (const other of project.sources.values())
          if (other.kind === meaning.kind) this.word(relativePath(source.path, other.path), { kind: "path" });
        return;
      case "folder":
        for (const file of given.files ?? [])
          if (file.endsWith("/")) this.word(file.slice(0, -1), { kind: "path", detail: "folder" });
        return;
      case "instructions":
        for (const { word, detail } of instructionOffers(source.path, given))
          this.word(word, { kind: "path", detail });
        return;
      case "skill":
        for (const folder of skillFolders(given)) this.word(folder, { kind: "path", detail: "skill" });
        return;
      case "tool":
        for (const tool of source.kind === "flow" ? [] : builtinTools)
          this.word(tool, { kind: "tool", documentation: toolTable[tool].description });
        for (const { name, detail } of commandNames(project, source))
          this.word(`${commandToolPrefix}${name}`, { kind: "tool", detail });
        for (const tool of given.editorTools ?? [])
          this.word(`vscode:${tool}`, { kind: "tool", detail: "of another extension" });
        return;
      case "compared":
        for (const value of comparedValues(project, source, path)) {
          if (typeof value === "string") this.word(value, { kind: "value" });
          else this.add({ label: String(value), kind: "value" });
        }
        return;
      case "model":
        for (const model of given.models ?? []) this.word(model, { kind: "model" });
        return;
      case "secret":
        for (const name of given.secrets ?? [])
          this.word(`secret:${name}`, { kind: "value", detail: "stored" });
        this.add({ label: "secret:NAME", kind: "snippet", insert: "secret:${1:name}", snippet: true });
        this.add({ label: "env:NAME", kind: "snippet", insert: "env:${1:NAME}", snippet: true });
        return;
      case "definition":
      case "template":
      case "task":
        return;
    }
  }

  /** The names that a reference can have here. */
  #names(
    entity: Entity,
    path: ValuePath,
    shape?: (name: string) => Pick<Offer, "insert" | "snippet"> | undefined,
  ): void {
    const { project, source } = this.request;
    const seen = new Set<string>();
    const offer = (name: string, detail: string, documentation?: string, sort = "1"): void => {
      if (seen.has(name)) return;
      seen.add(name);
      const shaped = shape?.(name);
      if (shape !== undefined && shaped === undefined) return;
      const draft = {
        kind: entity,
        detail,
        ...defined({ documentation }),
        sort: `${sort}${name}`,
      };
      if (shaped === undefined) this.word(name, draft);
      else this.add({ ...draft, ...shaped, label: name, filter: name });
    };
    const kind = fileEntity(entity);
    if (kind !== undefined) {
      for (const [name, paths] of project.names.get(kind) ?? []) {
        const file = project.sources.get(paths[0] ?? "");
        offer(name, paths.join(", "), textAt(file, ["description"]));
      }
      return;
    }
    const own = namesOfScore[entity];
    if (own !== undefined) {
      for (const { name, detail, sort } of own(project, source, path)) offer(name, detail, undefined, sort);
      return;
    }
    let owners = partsFor(project, source, entity === "role" ? "band" : "flow");
    // A file that no Flow refers to yet may be meant for any.
    if (owners.length === 0) owners = [...project.sources.values()];
    for (const owner of owners) {
      for (const one of namesIn(owner).occurrences) {
        if (one.entity !== entity || one.role !== "definition") continue;
        offer(one.name, besideText(owner, one, "description") ?? `${entityLabels[entity]} of ${owner.path}`);
      }
    }
  }
}

function isText(schema: Schema): boolean {
  return typeText(schema) === "text";
}

/** The type of a value, in a word or two. */
export function typeText(schema: Schema): string {
  const names = alternatives(schema).map((one) => {
    const choices = choicesOf(one);
    if (choices.length > 0) return choices.map(String).join(" | ");
    const shape = shapeKind(one);
    if (shape === "map" || shape === "record") return "keys and values";
    if (shape === "maps" || shape === "list") return "list";
    const { type } = (one as unknown as { _zod: { def: { type: string } } })._zod.def;
    return type === "string" ? "text" : type === "number" || type === "int" ? "number" : "value";
  });
  return [...new Set(names)].join(" | ");
}

/** `path` as written in the file at `from`. */
function relativePath(from: string, path: string): string {
  const here = folderOf(from)
    .split("/")
    .filter((part) => part !== "");
  const there = path.split("/");
  while (here.length > 0 && there.length > 1 && here[0] === there[0]) {
    here.shift();
    there.shift();
  }
  return [...here.map(() => ".."), ...there].join("/");
}

/** Placeholders for what is being typed in a template, at places of the template's text. */
export function completePlaceholder(
  { project, source }: Pick<HelpRequest, "project" | "source">,
  path: ValuePath,
  text: string,
  offset: number,
): Offer[] {
  const open = openPlaceholder(text, offset);
  if (open === undefined) return [];
  return placeholdersAt(project, source, path).map(({ placeholder, detail }, index) => {
    const written = placeholderText(placeholder);
    return {
      label: written.slice(2, -2),
      kind: "placeholder",
      detail,
      span: { start: open.start, end: open.end },
      insert: written,
      snippet: false,
      filter: `{{${written.slice(2)}`,
      sort: String(index).padStart(4, "0"),
    };
  });
}

/** What can be typed at an offset. Never throws, even in damaged text. */
export function complete(request: HelpRequest): DefinitionCompletion[] {
  const { source, offset } = request;
  return offersAt(request).map((offer) => completionOf(offer, source.lines, offset));
}

function offersAt(request: HelpRequest): Offer[] {
  const { source, offset } = request;
  const { kind, text } = source;
  if (kind === undefined || text.length > 1024 * 1024) return [];
  const context = contextAt(text, Math.max(0, Math.min(offset, text.length)));
  const path = context.path;
  const meaning = fieldAt(kind, path, "value")?.meaning.is;
  if (meaning === "template" && context.expects !== "item") {
    const items = completePlaceholder(request, path, text, offset);
    if (source.format !== "json" && context.quote !== '"') return items;
    return items.map((item) => ({ ...item, insert: JSON.stringify(item.insert).slice(1, -1) }));
  }
  if (context.expects === "text") return [];
  const completer = new Completer(request, kind, context);
  const schemas = schemasAt(kind, path);
  const shapes = new Set(schemas.flatMap(alternatives).map(shapeKind));
  const isList = shapes.has("maps") || shapes.has("list");
  if (context.expects === "item" || (context.expects === "key" && isList)) {
    completer.entries(path, schemas, "- ");
  } else if (context.expects === "key" && (shapes.has("map") || shapes.has("record"))) {
    completer.keys(path, schemas);
    if (!context.inline && typeof path.at(-1) === "number" && context.present.length === 0)
      completer.entries(
        path.slice(0, -1),
        schemasAt(kind, path.slice(0, -1)).filter((schema) => shapeKind(schema) === "maps"),
        "",
      );
  } else completer.values(path, schemas);
  if (context.list !== undefined) completer.entries(context.list, schemasAt(kind, context.list), "- ");
  const seen = new Set<string>();
  // An editor indents the lines of a snippet like the line it is in; after a dash they must be indented further.
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  const extra = context.indent - (/^ */.exec(text.slice(lineStart, offset))?.[0].length ?? 0);
  const items = completer.items.map((item) =>
    extra > 0 && item.snippet
      ? { ...item, insert: item.insert.replaceAll("\n", `\n${" ".repeat(extra)}`) }
      : item,
  );
  return items.filter(({ label, kind: type }) => {
    const id = `${type === "snippet" ? "s" : "i"} ${label}`;
    return !seen.has(id) && seen.add(id);
  });
}

/** Whether the backend's models are needed at an offset, and of which endpoint, so that the host only requests them then. */
export function wantsModels(request: HelpRequest): { provider?: string; endpoint?: string } | undefined {
  const { source, offset } = request;
  if (source.kind === undefined) return undefined;
  const context = contextAt(source.text, offset);
  if (context.expects !== "value" || fieldAt(source.kind, context.path, "value")?.meaning.is !== "model")
    return undefined;
  const around = context.path.slice(0, -1);
  const own = (key: string): string | undefined => {
    const near = valueAt(source.value, [...around, key]);
    return typeof near === "string" ? near : textAt(source, [key]);
  };
  const provider = own("provider");
  const endpoint = own("endpoint");
  return { ...defined({ provider, endpoint }) };
}
