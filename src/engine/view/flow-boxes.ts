import { callSettings, nodesIn } from "../model/definition";
import type { Definition, PlanNode, StepNode } from "../model/definition";
import { defined } from "../model/defined";
import { grouped } from "../model/grouped";
import { itemsText, untilText } from "../model/plan";
import type { StepStatus, StepView } from "./session-view";

/** A step of the Score, or a group with its content, as a flow view shows it. Plain data. */
export interface FlowBoxView {
  /** The step's or group's id; unique in the Score. */
  readonly id: string;
  readonly kind: "role" | "run" | "ask" | "accept" | "loop" | "each" | "parallel" | "sequence" | "use";
  readonly label: string;
  /** Its details: role, model, bounds. */
  readonly facts: readonly string[];
  /** Of a step in a session. */
  readonly status?: StepStatus;
  /** What the step said last, in a session. */
  readonly verdict?: string;
  /** Its command did not pass. */
  readonly red?: true;
  /** Its use in a session: runs, tokens, cost, time. */
  readonly used?: string;
  /** Share of the costliest step's use, from 0 to 4; absent: nothing yet. */
  readonly heat?: number;
  /** Its boxes stand side by side. */
  readonly across?: true;
  readonly boxes: readonly FlowBoxView[];
}

export type HeatMeasure = "cost" | "tokens";

/** Levels of heat: 0 is next to nothing, this is the costliest step. */
const hottest = 4;

/**
 * The Score as nested boxes: it only consists of series and parallel groups, so it needs no layout.
 * @param steps of a session that performs it; empty: the plan only.
 */
export function flowBoxes(definition: Definition, steps: readonly StepView[]): readonly FlowBoxView[] {
  const runs = new Map<string, StepView[]>();
  for (const step of steps) runs.set(step.id, [...(runs.get(step.id) ?? []), step]);
  const measure = heatMeasure(steps);
  const spentBy = new Map([...runs].map(([id, list]) => [id, spentIn(list, measure)]));
  const most = Math.max(0, ...spentBy.values());
  const heatOf = (id: string): number | undefined => {
    const spent = spentBy.get(id) ?? 0;
    return most === 0 || spent === 0 ? undefined : Math.round((spent / most) * hottest);
  };
  const box = (node: PlanNode, place: string): FlowBoxView =>
    node.kind === "step"
      ? stepBox(definition, node, runs.get(node.id) ?? [], heatOf(node.id))
      : groupBox(
          node,
          place,
          nodesIn(node).map((inner, at) => box(inner, `${place}.${at + 1}`)),
        );
  return definition.score.steps.map((node, at) => box(node, String(at + 1)));
}

const tokensOf = ({ tokens: { input, output } }: StepView): number =>
  (input?.count ?? 0) + (output?.count ?? 0);

/** What the heat compares: cost where it is known of every step that used tokens, otherwise tokens; undefined: none did. */
export function heatMeasure(steps: readonly StepView[]): HeatMeasure | undefined {
  const used = steps.filter((step) => tokensOf(step) > 0);
  if (used.length === 0) return undefined;
  return used.every(({ costUsd }) => costUsd !== undefined) ? "cost" : "tokens";
}

function spentIn(list: readonly StepView[], measure: HeatMeasure | undefined): number {
  return list.reduce((sum, step) => sum + (measure === "cost" ? (step.costUsd ?? 0) : tokensOf(step)), 0);
}

function stepBox(
  definition: Definition,
  node: StepNode,
  runs: readonly StepView[],
  heat: number | undefined,
): FlowBoxView {
  const last = runs.at(-1);
  const act = node.does?.kind;
  const kind = act === undefined || act === "group" ? "role" : act;
  const used = usedBy(runs);
  return {
    id: node.id,
    kind,
    label: node.id,
    facts: [
      node.role,
      ...(kind === "role" ? [callSettings(definition, node.role).model] : []),
      ...(node.verdict === undefined ? [] : [`says ${node.verdict.join(" or ")}`]),
      ...(node.produces.length === 0 ? [] : [`makes ${node.produces.join(", ")}`]),
    ].filter((fact) => fact !== ""),
    ...defined({ status: last?.status, verdict: last?.verdict, red: last?.red }),
    ...(used === "" ? {} : { used }),
    ...(heat === undefined ? {} : { heat }),
    boxes: [],
  };
}

function usedBy(runs: readonly StepView[]): string {
  const begun = runs.filter(({ status }) => status !== "planned");
  if (begun.length === 0) return "";
  const tokens = begun.reduce((sum, step) => sum + tokensOf(step), 0);
  const costs = begun.flatMap(({ costUsd }) => (costUsd === undefined ? [] : [costUsd]));
  const seconds = begun.reduce(
    (sum, { startedAt, endedAt }) =>
      startedAt === undefined || endedAt === undefined
        ? sum
        : sum + (Date.parse(endedAt) - Date.parse(startedAt)) / 1000,
    0,
  );
  return [
    ...(begun.length > 1 ? [`${begun.length} runs`] : []),
    ...(tokens > 0 ? [`${grouped(tokens)} tokens`] : []),
    ...(costs.length > 0 ? [`$${costs.reduce((sum, one) => sum + one, 0).toFixed(2)}`] : []),
    ...(seconds >= 1 ? [`${grouped(seconds)} s`] : []),
  ].join(" · ");
}

function groupBox(
  node: Exclude<PlanNode, StepNode>,
  place: string,
  boxes: readonly FlowBoxView[],
): FlowBoxView {
  const id = node.id ?? `${node.kind} ${place}`;
  const shared = { id, kind: node.kind, boxes };
  switch (node.kind) {
    case "loop": {
      const until = untilText(node);
      return {
        ...shared,
        label: node.id ?? "Loop",
        facts: [`up to ${node.max} rounds`, ...(until === undefined ? [] : [`until ${until}`])],
      };
    }
    case "each":
      return { ...shared, label: node.id, facts: [`for each of ${itemsText(node)}`, `up to ${node.max}`] };
    case "parallel":
      return { ...shared, label: node.id ?? "Side by side", facts: [], across: true };
    case "sequence":
      return { ...shared, label: node.id, facts: [] };
    case "use":
      return { ...shared, label: node.id, facts: [`the Score ${node.score}`] };
  }
}
