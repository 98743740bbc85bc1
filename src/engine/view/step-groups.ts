import type { PlanNode } from "../model/definition";
import { plannedSteps } from "../model/plan";
import type { PlannedStep } from "../model/plan";

/** One element of the Score around a step: a loop or one of its rounds, an item, a branch, a used Score. */
export interface StepGroup {
  readonly kind: "loop" | "round" | "each" | "item" | "parallel" | "branch" | "sequence" | "use";
  /** Unique within the containing group. */
  readonly key: string;
  /** For display: `rounds, up to 4`, `round 2 of 4`. */
  readonly label: string;
}

/** The groups around each step of the Score, outermost first, by the step's id and the key of its run. */
export function stepGroups(nodes: readonly PlanNode[]): (id: string, key: string) => readonly StepGroup[] {
  const around = new Map(plannedSteps(nodes).map(({ node, within }) => [node.id, within]));
  return (id, key) => groupsIn(around.get(id) ?? [], key);
}

function groupsIn(within: PlannedStep["within"], key: string): StepGroup[] {
  const rounds = (/#([\d.]+)$/.exec(key)?.[1] ?? "").split(".").filter((text) => text !== "");
  const items = [...key.matchAll(/\[(\d+)\]\./g)].map(([, number = ""]) => number);
  let [loop, each] = [0, 0];
  return within.flatMap((group): StepGroup[] => {
    switch (group.kind) {
      case "loop": {
        const round = rounds[loop++];
        const name = group.id ?? "loop";
        const whole: StepGroup = {
          kind: "loop",
          key: `loop ${name}`,
          label: `${name}, up to ${group.max} rounds`,
        };
        if (round === undefined) return [whole];
        return [whole, { kind: "round", key: `round ${round}`, label: `Round ${round} of ${group.max}` }];
      }
      case "each": {
        const item = items[each++];
        const whole: StepGroup = {
          kind: "each",
          key: `each ${group.id}`,
          label: `${group.id}, for each of ${group.in}, up to ${group.max}`,
        };
        return item === undefined
          ? [whole]
          : [whole, { kind: "item", key: `item ${item}`, label: `Item ${item}` }];
      }
      case "parallel":
        return [
          { kind: "parallel", key: "parallel", label: "Side by side" },
          { kind: "branch", key: `branch ${group.branch}`, label: `Branch ${group.branch}` },
        ];
      case "sequence":
        return [{ kind: "sequence", key: `sequence ${group.id}`, label: group.id }];
      case "use":
        return [{ kind: "use", key: `use ${group.id}`, label: `${group.id}, the Score ${group.score}` }];
    }
  });
}
