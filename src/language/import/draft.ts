import { Document, isMap, isNode, isScalar, isSeq, visit } from "yaml";
import type { Node } from "yaml";
import type { NamedKind } from "../text/file-kind";
import { parseSource } from "../text/source";
import type { ValuePath } from "../text/tree";
import type { ImportPlace, ImportReport } from "./report";
import { oneLine } from "./text";

interface Comment {
  readonly path: ValuePath;
  readonly line: string;
}

/** Most comments in one file; the report has all. */
const maxComments = 200;

/** A definition file under construction. The importer fills in `value`, in the order of the file. */
export class Draft {
  readonly #header: string[] = [];
  readonly #comments: Comment[] = [];
  readonly value: Record<string, unknown>;
  readonly #report: ImportReport;

  constructor(
    readonly kind: NamedKind,
    readonly name: string,
    report: ImportReport,
  ) {
    this.#report = report;
    this.value = { version: 1, name };
  }

  /** A line at the top of the file. */
  say(line: string): void {
    this.#header.push(oneLine(line));
  }

  /** A line above the value at `path`. */
  comment(path: ValuePath, line: string): void {
    const count = this.#comments.length + this.#header.length;
    if (count > maxComments) return;
    if (count === maxComments) this.#header.push("More remarks are in the report of the import.");
    else if (path.length === 0) this.say(line);
    else this.#comments.push({ path, line: oneLine(line) });
  }

  /** Something without a counterpart: in the report, and as a comment above the value at `path`. */
  lost(message: string, place: ImportPlace | undefined, path: ValuePath = []): void {
    this.remark(`Not carried over: ${message}`, place, path);
  }

  /** Something that a user must check: in the report, and as a comment above the value at `path`. */
  remark(message: string, place: ImportPlace | undefined, path: ValuePath = []): void {
    this.#report.warning(message, place);
    this.comment(path, message);
  }

  #discarded = false;

  /** Omits the file: what it would refer to could not be made. */
  discard(): void {
    this.#discarded = true;
  }

  get isFull(): boolean {
    if (this.#discarded) return false;
    const content =
      this.kind === "band" ? this.value.roles : this.kind === "score" ? this.value.steps : [true];
    return typeof content === "object" && content !== null && Object.keys(content).length > 0;
  }

  toText(): string {
    const text = this.#write();
    // A value that would not be read back unchanged must not be written in this form.
    const { value } = parseSource(`check.${this.kind}.yaml`, text);
    if (JSON.stringify(value) === JSON.stringify(this.value)) return text;
    return `${this.#header.map((line) => `# ${line}\n`).join("")}${JSON.stringify(this.value, null, 2)}\n`;
  }

  #write(): string {
    const document = new Document(this.value, { version: "1.2", aliasDuplicateObjects: false });
    const inFlow = new Set(["until", "when", "in", "retry", "limits"]);
    visit(document, {
      Pair: (_key, { key, value }) => {
        if (isMap(value) && isScalar(key) && inFlow.has(String(key.value))) value.flow = true;
      },
      Seq: (_key, node) => {
        if (node.items.every((item) => isScalar(item) && !String(item.value).includes("\n")))
          node.flow = true;
      },
    });
    const root = document.contents;
    if (isMap(root)) {
      for (const { key, value } of root.items) {
        if (isMap(value) && this.kind === "band")
          spread(
            key,
            value.items.map((pair) => pair.key),
          );
        else if (isSeq(value) && !value.flow) spread(key, value.items);
        else if (isScalar(value) && String(value.value).includes("\n") && isNode(key)) key.spaceBefore = true;
      }
    }
    const lines = new Map<Node, string[]>();
    for (const { path, line } of this.#comments) {
      const node = commented(root, path);
      if (node === undefined) this.#header.push(line);
      else lines.set(node, [...(lines.get(node) ?? []), ` ${line}`]);
    }
    for (const [node, own] of lines) node.commentBefore = own.join("\n");
    const body = document.toString({ lineWidth: 0, flowCollectionPadding: false, indentSeq: true });
    return `${this.#header.map((line) => `# ${line}\n`).join("")}${body}`;
  }
}

/** A blank line before a key and before each of its entries except the first. */
function spread(key: unknown, entries: readonly unknown[]): void {
  if (isNode(key)) key.spaceBefore = true;
  entries.forEach((entry, index) => {
    if (index > 0 && isNode(entry)) entry.spaceBefore = true;
  });
}

/** The node above which a comment for the value at a path is written: its key, or the entry of the list. */
function commented(root: unknown, path: ValuePath): Node | undefined {
  let here: unknown = root;
  let found: unknown;
  for (const part of path) {
    if (isMap(here)) {
      const pair = here.items.find(({ key }) => isScalar(key) && key.value === part);
      if (pair === undefined) return undefined;
      found = pair.key;
      here = pair.value;
    } else if (isSeq(here) && typeof part === "number") {
      here = here.items[part];
      found = here;
    } else {
      return undefined;
    }
  }
  return isNode(found) ? found : undefined;
}
