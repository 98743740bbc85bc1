import { isAlias, isMap, isNode, isScalar, isSeq } from "yaml";
import type { Alias, Document, Node, Pair, YAMLMap } from "yaml";
import { didYouMean, quoted } from "./diagnostic";
import type { DiagnosticCode, ProblemInit } from "./diagnostic";
import type { Span } from "./lines";
import { nearest } from "./nearest";
import { sourceLimits } from "./limits";

/** The place of a value: keys and indices from the top. */
export type ValuePath = readonly (string | number)[];

/** The plain data of a document, and which node each alias stands for. */
export interface Tree {
  readonly value: unknown;
  readonly root: Node;
  readonly aliases: ReadonlyMap<Alias, Node>;
}

type Report = (code: DiagnosticCode, span: Span, message: string, init?: ProblemInit) => void;
interface Plain {
  readonly value: unknown;
  /** Number of values in it, including those of aliases. */
  readonly size: number;
}

const plainTags = new Set(
  ["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`),
);
const nothing: Plain = { value: null, size: 1 };

/** The extent of a node in the text, without trailing whitespace and comments. */
export function nodeSpan(node: Node): Span {
  const [start, end] = node.range ?? [0, 0, 0];
  return { start, end };
}

/** The text of a key; undefined for a node that cannot be one. */
export function keyText(pair: Pair): string | undefined {
  const { key } = pair;
  if (!isScalar(key)) return undefined;
  if (typeof key.value === "string") return key.value;
  return typeof key.value === "symbol" ? key.source : undefined;
}

class TreeReader {
  readonly #anchors = new Map<string, Node>();
  readonly #done = new Map<Node, Plain>();
  readonly aliases = new Map<Alias, Node>();
  #total = 0;
  /** Set when the content must not be used: it is larger or deeper than what the file shows. */
  refused = false;
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  #refuse(node: Node, message: string): Plain {
    if (!this.refused) this.#report("orket/too-complex", nodeSpan(node), message);
    this.refused = true;
    return nothing;
  }

  plain(node: unknown, depth: number, inList = false): Plain {
    if (!isNode(node) || this.refused) return nothing;
    if (depth > sourceLimits.depth) {
      return this.#refuse(node, `The content is nested more than ${sourceLimits.depth} levels deep.`);
    }
    if (++this.#total > sourceLimits.nodes) {
      return this.#refuse(node, `The file has more than ${sourceLimits.nodes} values.`);
    }
    if (isAlias(node)) return this.#alias(node);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (node.tag !== undefined && !plainTags.has(node.tag) && node.tag !== "!") this.#foreignTag(node);
    const made = isMap(node)
      ? this.#map(node, depth, inList)
      : isSeq(node)
        ? this.#sequence(node.items, depth)
        : { value: this.#scalar(node), size: 1 };
    if (made.size > sourceLimits.nodes) {
      return this.#refuse(
        node,
        `With its aliases written out, the content has more than ${sourceLimits.nodes} values.`,
      );
    }
    this.#done.set(node, made);
    return made;
  }

  #foreignTag(node: Node): void {
    this.#report("orket/yaml-tag", nodeSpan(node), "This tag has no meaning in a definition file.", {
      hint: "Remove the tag.",
    });
  }

  #alias(node: Alias): Plain {
    const target = this.#anchors.get(node.source);
    if (target === undefined) {
      const near = nearest(node.source, this.#anchors.keys());
      const init = didYouMean(near === undefined ? undefined : `*${near}`);
      this.#report(
        "orket/yaml-alias",
        nodeSpan(node),
        `No anchor ${quoted(`&${node.source}`)} stands before this alias.`,
        init,
      );
      return nothing;
    }
    const made = this.#done.get(target);
    if (made === undefined) {
      this.#report(
        "orket/yaml-alias",
        nodeSpan(node),
        `The alias ${quoted(`*${node.source}`)} stands inside of what it refers to.`,
      );
      return nothing;
    }
    this.aliases.set(node, target);
    return made;
  }

  #sequence(items: readonly unknown[], depth: number): Plain {
    let size = 1;
    const value = items.map((item) => {
      const made = this.plain(item, depth + 1, true);
      size += made.size;
      return made.value;
    });
    return { value, size };
  }

  #map(node: YAMLMap, depth: number, inList: boolean): Plain {
    const first = node.items[0] === undefined ? undefined : keyText(node.items[0]);
    let restarted = false;
    let size = 1;
    const value: Record<string, unknown> = {};
    const seen = new Set<string>();
    for (const pair of node.items) {
      const key = keyText(pair);
      if (key === undefined) {
        const span = isNode(pair.key) ? nodeSpan(pair.key) : nodeSpan(node);
        this.#report("orket/yaml-syntax", span, "A key must be text.");
        this.plain(pair.value, depth + 1);
        continue;
      }
      const keyNode = pair.key as Node;
      if (keyNode.anchor !== undefined) this.#anchors.set(keyNode.anchor, keyNode);
      this.#done.set(keyNode, { value: key, size: 1 });
      const made = this.plain(pair.value, depth + 1);
      size += made.size;
      if (key === "<<") {
        this.#report("orket/yaml-merge-key", nodeSpan(keyNode), "Merge keys ('<<') are not read.", {
          hint: "Write the keys out, or use an alias for a whole value.",
        });
      } else if (seen.has(key)) {
        // A map that begins again with its first key: one '-' is missing, and every key after it is duplicated.
        const anew = inList && key === first;
        if (!restarted) {
          this.#report("orket/duplicate-key", nodeSpan(keyNode), `The key ${quoted(key)} is given twice.`, {
            hint: anew
              ? "Remove or rename one of the two, or begin a new entry of the list with '-'."
              : "Remove or rename one of the two.",
          });
        }
        restarted ||= anew;
      } else if (key === "__proto__") {
        this.#report("orket/unknown-key", nodeSpan(keyNode), "The key '__proto__' is not allowed.");
      } else {
        value[key] = made.value;
      }
      seen.add(key);
    }
    return { value, size };
  }

  #scalar(node: Node): unknown {
    const value: unknown = isScalar(node) ? node.value : null;
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number") {
      if (Number.isFinite(value)) return value;
      this.#report("orket/invalid-value", nodeSpan(node), "A number must be finite.");
      return null;
    }
    // A date or binary, from a %YAML directive or a tag.
    if (node.tag === undefined) this.#foreignTag(node);
    return null;
  }
}

/** Plain data from the tree, in one pass that visits each node once. */
export function readTree(document: Document.Parsed, report: Report): Tree | undefined {
  const root = document.contents as Node | null;
  if (root === null) return undefined;
  const reader = new TreeReader(report);
  const { value } = reader.plain(root, 0);
  return reader.refused ? undefined : { value, root, aliases: reader.aliases };
}

export interface FoundNode {
  /** The key's node, where the value is in a map. */
  readonly key: Node | undefined;
  /** The value's node; absent for a key without a value. */
  readonly value: Node | undefined;
}

function behindAlias(tree: Tree, node: unknown): Node | undefined {
  if (isAlias(node)) return tree.aliases.get(node);
  return isNode(node) ? node : undefined;
}

/** The nodes at a path; undefined where there are none. Follows aliases on the way, not at the end. */
export function nodesAt(tree: Tree, path: ValuePath): FoundNode | undefined {
  let found: FoundNode = { key: undefined, value: tree.root };
  for (const part of path) {
    const container = behindAlias(tree, found.value);
    if (isMap(container)) {
      const pair: Pair | undefined = container.items.find((item) => keyText(item) === String(part));
      if (pair === undefined) return undefined;
      found = { key: pair.key as Node, value: isNode(pair.value) ? pair.value : undefined };
    } else if (isSeq(container) && typeof part === "number" && part < container.items.length) {
      const item = container.items[part];
      found = { key: undefined, value: isNode(item) ? item : undefined };
    } else {
      return undefined;
    }
  }
  return found;
}
