import { callSettings } from "./definition";
import type { Definition, PlanNode, StepNode } from "./definition";

/** The steps themselves, in the file's order, each once. */
export function stepsOf(nodes: readonly PlanNode[]): StepNode[] {
  return nodes.flatMap((node) =>
    node.kind === "step" ? [node] : stepsOf(node.kind === "loop" ? node.body : node.branches),
  );
}

/** One step of the plan, with the bounds of the loops around it. */
export interface PlannedStep {
  readonly node: StepNode;
  /** How often it runs at most. */
  readonly maxRuns: number;
  /** Loops and groups around it, outermost first. */
  readonly within: readonly (
    | { readonly kind: "loop"; readonly max: number; readonly until: string | undefined }
    | { readonly kind: "parallel"; readonly branch: number }
  )[];
}

/** The steps as `stepsOf` has them, with what is around them. */
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
    if (node.kind === "step") into.push({ node, maxRuns, within });
    else if (node.kind === "loop") {
      const until = node.until === undefined ? undefined : `${node.until.step} says ${node.until.verdict}`;
      collect(node.body, maxRuns * node.max, [...within, { kind: "loop", max: node.max, until }], into);
    } else {
      node.branches.forEach((branch, number) => {
        collect([branch], maxRuns, [...within, { kind: "parallel", branch: number + 1 }], into);
      });
    }
  }
}

/** How large a run can get, retries of calls left out. */
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
    maxModelCalls += step.maxRuns * step.node.max_turns * step.node.retry_attempts;
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
  const calls = step.maxRuns * step.node.max_turns * step.node.retry_attempts;
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
