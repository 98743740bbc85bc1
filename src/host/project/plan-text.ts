import type { Definition } from "../../engine/model/definition";
import { callSettings } from "../../engine/model/definition";
import { planSize, plannedSteps, worstCase } from "../../engine/model/plan";

const number = (value: number): string => value.toLocaleString("en");
const approvals = {
  none: "nobody is asked",
  before_step: "asks before it begins",
  after_step: "asks about its result",
  both: "asks before and after",
} as const;

/** What a Flow would do, before any token is spent: Markdown for people. */
export function planText(definition: Definition): string {
  const { flow, band, venue, score } = definition;
  const size = planSize(definition);
  const steps = plannedSteps(score.steps);
  const worst = steps.map((step) => worstCase(definition, step));
  const tokens = worst.reduce((sum, one) => sum + one.tokens, 0);
  const known = worst.flatMap(({ usd }) => (usd === undefined ? [] : [usd]));
  const usd = known.length === worst.length ? known.reduce((sum, one) => sum + one, 0) : undefined;
  const inputs = Object.entries(flow.inputs).map(([name, value]) => `- ${name}: ${String(value)}`);
  const limits = Object.entries(flow.limits).flatMap(([name, value]) =>
    value === undefined ? [] : [`- ${name}: ${number(value)}`],
  );
  return [
    `# Plan of ${flow.name}`,
    ...(flow.description === undefined ? [] : ["", flow.description]),
    "",
    `Band ${band.name}, Score ${score.name}, Venue ${venue.name} (${venue.provider}).`,
    "",
    `${size.steps} steps, ${size.max_steps} when every loop runs to its bound. At most ${number(size.max_model_calls)} model calls and ${number(tokens)} tokens${usd === undefined ? "; the cost is unknown, as the Venue gives no prices" : `, $${usd.toFixed(2)}`}. Retries of failed calls come on top; the limits below hold in any case.`,
    "",
    "## Steps",
    "",
    ...steps.flatMap(({ node, maxRuns, within }, index) => {
      const settings = callSettings(definition, node.role);
      const around = within.map((one) =>
        one.kind === "loop"
          ? `loop, ${one.max} times at most${one.until === undefined ? "" : `, until ${one.until}`}`
          : `parallel branch ${one.branch}`,
      );
      const most = worst[index];
      return [
        `${index + 1}. **${node.id}** by ${node.role} with ${settings.model === "" ? "no model" : settings.model}: ${approvals[node.approval]}`,
        ...(node.note === undefined ? [] : [`   - ${node.note}`]),
        ...(around.length === 0 ? [] : [`   - in a ${around.join(", in a ")}`]),
        ...(node.produces.length === 0 ? [] : [`   - has to produce ${node.produces.join(", ")}`]),
        ...(node.verdict === undefined ? [] : [`   - ends with a verdict: ${node.verdict.join(" or ")}`]),
        `   - tools: ${band.roles[node.role]?.tools.join(", ") || "none"}`,
        `   - at most ${maxRuns} ${maxRuns === 1 ? "run" : "runs"}, ${most?.calls ?? 0} calls, ${number(most?.tokens ?? 0)} tokens`,
      ];
    }),
    "",
    "## Task",
    "",
    flow.task.trim() === "" ? "Asked for when the run starts." : flow.task.trim(),
    ...(inputs.length === 0 ? [] : ["", "## Inputs", "", ...inputs]),
    "",
    "## What the team may touch",
    "",
    `- reads: ${flow.policy.read_scope.join(", ") || "nothing"}`,
    `- writes: ${flow.policy.write_scope.join(", ") || "nothing"}; nothing reaches the project before you accept it`,
    ...(flow.references.length === 0 ? [] : [`- references: ${flow.references.join(", ")}`]),
    ...(flow.policy.allow.length === 0
      ? []
      : [`- lifts the rule on secret files for: ${flow.policy.allow.join(", ")}`]),
    "",
    "## Limits",
    "",
    ...(limits.length === 0 ? ["None."] : limits),
    "",
  ].join("\n");
}
