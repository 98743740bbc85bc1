import { nodesIn } from "./definition";
import type { Definition, GroupPlanNode, PlanNode } from "./definition";

const known = new WeakMap<readonly PlanNode[], ReadonlyMap<string, GroupPlanNode>>();

function collect(nodes: readonly PlanNode[], into: Map<string, GroupPlanNode>): void {
  for (const node of nodes) {
    if (node.kind === "step") continue;
    if (node.id !== undefined) into.set(node.id, node);
    collect(nodesIn(node), into);
  }
}

/** The group with this whole id. */
export function groupOf({ score }: Definition, id: string): GroupPlanNode | undefined {
  let groups = known.get(score.steps);
  if (groups === undefined) {
    const found = new Map<string, GroupPlanNode>();
    collect(score.steps, found);
    known.set(score.steps, (groups = found));
  }
  return groups.get(id);
}
