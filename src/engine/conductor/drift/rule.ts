import type { AdjustmentBody } from "../../event/event";
import { nodesIn } from "../../model/definition";
import type { LoopNode, PlanNode, StepNode } from "../../model/definition";
import { stepOf } from "../../model/plan";
import type { SessionState } from "../../state/state";
import type { EarlierFacts, RunFacts } from "./facts";
import { entryOf } from "../../model/entry-of";

/** The rules by name, in the order in which they are evaluated. */
export const driftRuleNames = [
  "missing_artifact",
  "off_plan_file",
  "ignored_verdict",
  "repetition",
  "tool_errors",
  "shrinking_output",
  "runaway_output",
  "spending",
] as const;
export type DriftRuleName = (typeof driftRuleNames)[number];

/** What a rule sees: the run that has just ended or failed, the previous run of the same step, and the session. */
export interface DriftView {
  readonly state: SessionState;
  readonly run: RunFacts & { readonly end: NonNullable<RunFacts["end"]> };
  readonly before: EarlierFacts | undefined;
  readonly node: StepNode;
}

/** What a rule reports about a run. */
export interface Finding {
  /** One or two sentences for users: what was seen, with its figures. */
  readonly message: string;
  /** The `seq` of the events that show it, in order. */
  readonly evidence: readonly number[];
  /** What the step, or the one that repeats its work, would be told; absent: no instruction can fix it. */
  readonly guidance?: string;
}

export interface DriftRule {
  readonly name: DriftRuleName;
  /** What it looks for, with its thresholds, in one sentence for users. */
  readonly looksFor: string;
  readonly find: (view: DriftView) => Finding | null;
}

/** The loops and `each` groups around a step, outermost first; undefined: no such step. */
function repeatersAround(nodes: readonly PlanNode[], id: string): PlanNode[] | undefined {
  for (const node of nodes) {
    if (node.kind === "step") {
      if (node.id === id) return [];
      continue;
    }
    const inner = repeatersAround(nodesIn(node), id);
    if (inner === undefined) continue;
    return node.kind === "loop" || node.kind === "each" ? [node, ...inner] : inner;
  }
  return undefined;
}

/** The innermost loop around the step. */
export function loopAround({ state, node }: DriftView): LoopNode | undefined {
  const around = repeatersAround(state.definition.score.steps, node.id) ?? [];
  return around.findLast((one): one is LoopNode => one.kind === "loop");
}

/** Whether the Score can run the step once more: in another round, or for another item. */
function mayRunAgain({ state, node, run }: DriftView): boolean {
  const around = repeatersAround(state.definition.score.steps, node.id) ?? [];
  if (around.some(({ kind }) => kind === "each")) return true;
  const loops = around.filter((one): one is LoopNode => one.kind === "loop");
  return loops.some(({ max }, index) => (run.iteration[index] ?? max) < max);
}

/**
 * The adjustment for a finding: a failed step is tried again and told why; a step that runs again is told from
 * then on; otherwise the session pauses, so that a person can repeat it from there.
 */
export function adjustmentFor(view: DriftView, finding: Finding): AdjustmentBody {
  const { run, node, state } = view;
  const { guidance } = finding;
  if (guidance === undefined) return { kind: "pause", reason: finding.message };
  if (run.end.failed !== undefined) return { kind: "retry", step: run.key, feedback: guidance };
  if (!mayRunAgain(view)) return { kind: "pause", reason: finding.message };
  const instruction = entryOf(state.patches, node.id) ?? node.instruction;
  return { kind: "patch", step: node.id, instruction: `${instruction.trimEnd()}\n\n${guidance}`.trim() };
}

/** The step's node in the Score, as resolved. */
export function nodeOf(state: SessionState, id: string): StepNode | undefined {
  return stepOf(state.definition.score.steps, id);
}

/** The first few of some names, for use in a sentence. */
export function listed(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
