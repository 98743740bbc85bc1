import type { PlanNode } from "../../engine/model/definition";

/**
 * The Score with the `reads` of every agent step written out. A step that names none reads the nearest step or group before
 * it that ran: in its own sequence, and in a loop also in the previous round; otherwise what comes before the group around it.
 * @param before what comes before these nodes, the nearest first.
 */
export function withReads(
  nodes: readonly PlanNode[],
  before: readonly string[] = [],
  isLoop = false,
): PlanNode[] {
  return nodes.map((node, index) => {
    const earlier = nodes.slice(0, index).reverse();
    const roundBefore = isLoop ? nodes.slice(index + 1).reverse() : [];
    const nearest = [...[...earlier, ...roundBefore].flatMap(({ id }) => id ?? []), ...before];
    switch (node.kind) {
      case "step":
        return node.does !== undefined || node.reads !== undefined ? node : { ...node, reads: { nearest } };
      case "parallel":
        return {
          ...node,
          branches: node.branches.map((branch) => withReads([branch], nearest)[0] ?? branch),
        };
      case "loop":
        return { ...node, body: withReads(node.body, nearest, true) };
      case "each":
      case "sequence":
      case "use":
        return { ...node, body: withReads(node.body, nearest) };
    }
  });
}
