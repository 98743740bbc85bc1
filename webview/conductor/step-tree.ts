import type { StepScreen } from "../../src/protocol/conductor";

export interface StepTreeGroup {
  readonly kind: "group";
  readonly key: string;
  readonly label: string;
  readonly nodes: readonly StepTreeNode[];
}
export type StepTreeNode = { readonly kind: "step"; readonly step: StepScreen } | StepTreeGroup;

interface Growing {
  readonly kind: "group";
  readonly key: string;
  readonly label: string;
  readonly nodes: (Growing | { readonly kind: "step"; readonly step: StepScreen })[];
  readonly groups: Map<string, Growing>;
}

const grow = (key: string, label: string): Growing => ({
  kind: "group",
  key,
  label,
  nodes: [],
  groups: new Map(),
});

/** The steps in order, each inside its groups; a group takes the place of its first step. */
export function treeOf(steps: readonly StepScreen[]): readonly StepTreeNode[] {
  const root = grow("", "");
  for (const step of steps) {
    let at = root;
    for (const { key, label } of step.groups ?? []) {
      let group = at.groups.get(key);
      if (group === undefined) {
        group = grow(key, label);
        at.groups.set(key, group);
        at.nodes.push(group);
      }
      at = group;
    }
    at.nodes.push({ kind: "step", step });
  }
  return root.nodes;
}

/** All steps of a group, in order. */
export function stepsIn({ nodes }: StepTreeGroup): readonly StepScreen[] {
  return nodes.flatMap((node) => (node.kind === "step" ? [node.step] : stepsIn(node)));
}
