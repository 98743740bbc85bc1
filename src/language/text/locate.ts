import { isMap, isScalar, isSeq } from "yaml";
import type { Span } from "./lines";
import type { SourceDocument } from "./source";
import { keyText, nodeSpan } from "./tree";
import type { ValuePath } from "./tree";

/** The key or value at an offset. */
export interface Located {
  readonly path: ValuePath;
  readonly on: "key" | "value";
  readonly span: Span;
}

/** The innermost key or scalar at an offset; undefined between items. */
export function locate(source: SourceDocument, offset: number): Located | undefined {
  const inside = ({ start, end }: Span): boolean => offset >= start && offset <= end;
  const walk = (node: unknown, path: ValuePath): Located | undefined => {
    if (isMap(node)) {
      for (const pair of node.items) {
        const key = keyText(pair);
        if (key === undefined) continue;
        const here = [...path, key];
        if (isScalar(pair.key) && inside(nodeSpan(pair.key)))
          return { path: here, on: "key", span: nodeSpan(pair.key) };
        const found = walk(pair.value, here);
        if (found !== undefined) return found;
      }
    } else if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) {
        const found = walk(item, [...path, index]);
        if (found !== undefined) return found;
      }
    } else if (isScalar(node)) {
      const span = nodeSpan(node);
      if (span.end > span.start && inside(span)) return { path, on: "value", span };
    }
    return undefined;
  };
  return walk(source.tree?.root, []);
}
