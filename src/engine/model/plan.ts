import { conditionText } from "./condition";
import { callSettings, nodesIn } from "./definition";
import type { Definition, EachNode, LoopNode, PlanNode, StepNode, UseNode } from "./definition";
import { defined } from "./defined";

/** The steps themselves, in the file's order, each once. */
export function stepsOf(nodes: readonly PlanNode[]): StepNode[] {
  return nodes.flatMap((node) => (node.kind === "step" ? [node] : stepsOf(nodesIn(node))));
}

/** The steps of each Score that was asked for one, by id. */
const byId = new WeakMap<readonly PlanNode[], ReadonlyMap<string, StepNode>>();

function stepsById(nodes: readonly PlanNode[]): ReadonlyMap<string, StepNode> {
  let known = byId.get(nodes);
  if (known === undefined) {
    known = new Map(stepsOf(nodes).map((node) => [node.id, node]));
    byId.set(nodes, known);
  }
  return known;
}

/** The step with this whole id; costs the same in a Score of 10 steps and of 10,000. */
export function stepOf(nodes: readonly PlanNode[], id: string): StepNode | undefined {
  return stepsById(nodes).get(id);
}

/** How many steps the Score has, each counted once. */
export function countSteps(nodes: readonly PlanNode[]): number {
  return stepsById(nodes).size;
}

/** The `use` with this whole id. */
export function useOf(nodes: readonly PlanNode[], id: string): UseNode | undefined {
  for (const node of nodes) {
    if (node.kind === "step") continue;
    const found = node.kind === "use" && node.id === id ? node : useOf(nodesIn(node), id);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** One step of the plan, with the bounds of the loops around it. */
export interface PlannedStep {
  readonly node: StepNode;
  /** How often it runs at most. */
  readonly maxRuns: number;
  /** Loops and groups around it, outermost first. */
  readonly within: readonly (
    | {
        readonly kind: "loop";
        readonly id?: string;
        readonly max: number;
        readonly until: string | undefined;
      }
    | { readonly kind: "each"; readonly id: string; readonly max: number; readonly in: string }
    | { readonly kind: "parallel"; readonly branch: number }
    | { readonly kind: "sequence"; readonly id: string }
    | { readonly kind: "use"; readonly id: string; readonly score: string }
  )[];
}

/** The steps as in `stepsOf`, with the loops and groups around them. */
export function plannedSteps(nodes: readonly PlanNode[]): PlannedStep[] {
  const steps: PlannedStep[] = [];
  collect(nodes, 1, [], steps);
  return steps;
}

function collect(
  nodes: readonly PlanNode[],
  maxRuns: number,
  within: PlannedStep["within"],
  into: PlannedStep[],
): void {
  for (const node of nodes) {
    switch (node.kind) {
      case "step":
        into.push({ node, maxRuns, within });
        break;
      case "loop": {
        const until = untilText(node);
        const around = {
          kind: "loop" as const,
          ...defined({ id: node.id }),
          max: node.max,
          until,
        };
        collect(node.body, maxRuns * node.max, [...within, around], into);
        break;
      }
      case "each": {
        const around = { kind: "each" as const, id: node.id, max: node.max, in: itemsText(node) };
        collect(node.body, maxRuns * node.max, [...within, around], into);
        break;
      }
      case "parallel":
        node.branches.forEach((branch, number) => {
          collect([branch], maxRuns, [...within, { kind: "parallel", branch: number + 1 }], into);
        });
        break;
      case "sequence":
        collect(node.body, maxRuns, [...within, { kind: "sequence", id: node.id }], into);
        break;
      case "use":
        collect(node.body, maxRuns, [...within, { kind: "use", id: node.id, score: node.score }], into);
        break;
    }
  }
}

/** When a loop ends early, in words. */
export function untilText({ until }: LoopNode): string | undefined {
  if (until === undefined) return undefined;
  return Array.isArray(until)
    ? until.map(conditionText).join(" and ")
    : `${until.step} says ${until.verdict}`;
}

/** Where the items of an `each` come from, in words. */
export function itemsText({ in: from }: EachNode): string {
  if ("glob" in from) return `the files ${from.glob}`;
  return "input" in from ? `the input ${from.input}` : `${from.step}.${from.field}`;
}

/** Maximum number of model calls of all runs of a step; commands and people make none. */
function callsOf({ node, maxRuns }: PlannedStep): number {
  return node.does === undefined ? maxRuns * node.max_turns * node.retry_attempts : 0;
}

/** How large a run can get, without retries of calls. */
export function planSize(definition: Definition): {
  steps: number;
  max_steps: number;
  max_model_calls: number;
} {
  const steps = plannedSteps(definition.score.steps);
  let maxSteps = 0;
  let maxModelCalls = 0;
  for (const step of steps) {
    maxSteps += step.maxRuns;
    maxModelCalls += callsOf(step);
  }
  return { steps: steps.length, max_steps: maxSteps, max_model_calls: maxModelCalls };
}

/**
 * The most that one step can use, in tokens and US dollars: every turn and attempt with a full context window, since
 * prompt and reply share the window. `usd` is undefined without prices.
 */
export function worstCase(
  definition: Definition,
  step: PlannedStep,
): { calls: number; tokens: number; usd: number | undefined } {
  const settings = callSettings(definition, step.node.role);
  const calls = callsOf(step);
  const output = Math.min(settings.max_output_tokens, settings.context_tokens);
  const input = settings.context_tokens - output;
  const { pricing } = settings;
  const usd =
    pricing === undefined
      ? undefined
      : (calls * (input * pricing.input_per_million_usd + output * pricing.output_per_million_usd)) /
        1_000_000;
  return { calls, tokens: calls * (input + output), usd };
}
