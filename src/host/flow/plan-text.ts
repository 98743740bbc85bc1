import { textOfJson } from "../../engine/model/field";
import type { Definition } from "../../engine/model/definition";
import { commandsOf } from "../../app/command/session-commands";
import { commandTableLines } from "../../app/command/table-text";
import { pinnedTexts, planFlow } from "../../engine/model/plan-flow";
import { reachRows } from "../../engine/model/reach";
import { unboundedText } from "../../engine/model/tools";
import type { FlowPlan, FlowPlanStep, PlannedLimit } from "../../engine/model/plan-flow";
import { defined } from "../../engine/model/defined";
import { groupedExactly } from "../../engine/model/grouped";

const number = (value: number): string => groupedExactly(Math.round(value * 100) / 100);
const money = (usd: number | undefined): string => (usd === undefined ? "unknown" : `$${usd.toFixed(2)}`);
const plural = (count: number, one: string): string => `${number(count)} ${one}${count === 1 ? "" : "s"}`;
const approvals = {
  none: "asks nobody",
  before_step: "asks before it begins",
  after_step: "asks about its result",
  both: "asks before it begins and about its result",
} as const;

function duration(seconds: number): string {
  if (seconds < 120) return plural(seconds, "second");
  return seconds < 7200
    ? plural(Math.ceil(seconds / 60), "minute")
    : plural(Math.ceil(seconds / 3600), "hour");
}

/** Text in one cell of a table, on one line. */
function cell(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|");
}

function fenced(text: string): string[] {
  const runs = [...text.matchAll(/`+/g)].map(([run]) => run.length + 1);
  const fence = "`".repeat(Math.max(3, ...runs));
  return [`${fence}text`, text.trimEnd(), fence];
}

/** A table that is readable without being rendered: every cell is as wide as its column. */
function table(
  head: readonly string[],
  right: readonly boolean[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, at) => (right[at] === true ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, at) =>
    right[at] === true ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [line(head), line(rule), ...rows.map(line)];
}

function orderRows(plan: FlowPlan): string[] {
  const priced = plan.steps.some(({ worst }) => worst.usd !== undefined);
  const rows = plan.steps.map((step, index) => [
    String(index + 1),
    `${"· ".repeat(step.within.length)}${step.id}`,
    step.role,
    step.act === undefined ? cell(step.settings.model) || "?" : "–",
    step.disabled ? "off" : number(step.maxRuns),
    number(step.worst.calls),
    number(step.worst.tokens),
    ...(priced ? [money(step.worst.usd)] : []),
  ]);
  const head = ["#", "step", "role", "model", "runs", "calls", "tokens", ...(priced ? ["cost"] : [])];
  return table(head, [true, false, false, false, true, true, true, true], rows);
}

function aroundText(within: FlowPlanStep["within"]): string | undefined {
  if (within.length === 0) return undefined;
  return `in ${within.map(groupText).join(", in ")}`;
}

function groupText(one: FlowPlanStep["within"][number]): string {
  switch (one.kind) {
    case "loop":
      return `a loop of ${plural(one.max, "round")} at most${one.until === undefined ? "" : `, until ${one.until}`}`;
    case "each":
      return `an item of at most ${one.max} of ${one.in}`;
    case "parallel":
      return `branch ${one.branch} of a parallel group`;
    case "sequence":
      return `the sequence ${one.id}`;
    case "use":
      return `the Score ${one.score}, used as ${one.id}`;
  }
}

function stepLines(step: FlowPlanStep, index: number): string[] {
  const { settings, worst, prompt } = step;
  const params = Object.entries({
    ...defined({ temperature: settings.temperature, seed: settings.seed }),
    context_tokens: settings.context_tokens,
    max_output_tokens: settings.max_output_tokens,
    ...settings.params,
  }).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  const around = aroundText(step.within);
  const inGroup = around === undefined ? "" : `; ${around}`;
  return [
    `### ${index + 1}. ${step.id}`,
    "",
    ...(step.disabled ? ["**Skipped: its role is switched off.**", ""] : []),
    ...(step.note === undefined ? [] : [step.note, ""]),
    ...(step.act === undefined
      ? [
          `- Role ${step.role}; ${approvals[step.approval]}${inGroup}`,
          `- Model ${settings.model === "" ? "(none named)" : settings.model}${step.venue === undefined ? "" : ` on ${step.venue}`}: ${params.join(", ")}`,
          `- Reads ${step.reads.join(", ") || "nothing"}; writes ${step.writes.join(", ") || "nothing"}; tools: ${step.tools.join(", ") || "none"}`,
        ]
      : [
          `- It ${cell(step.act)}${step.approval === "none" ? "" : `; ${approvals[step.approval]}`}${inGroup}`,
        ]),
    ...pinnedTexts(step).map((text) => `- In the prompt: ${cell(text)}`),
    ...step.foreignTools.map((name) => `- **Unbounded:** it ${unboundedText(name)}`),
    ...(step.produces.length === 0 ? [] : [`- Must produce ${step.produces.join(", ")}`]),
    ...(step.verdict.length === 0 ? [] : [`- Ends with a verdict: ${step.verdict.join(" or ")}`]),
    step.act !== undefined
      ? `- At most ${plural(step.maxRuns, "run")}`
      : `- At most ${plural(step.maxRuns, "run")}, ${plural(worst.calls, "call")}, ${number(worst.tokens)} tokens, cost ${money(worst.usd)}, given up after ${duration(worst.seconds)}`,
    ...(prompt === undefined
      ? []
      : [
          "",
          "System:",
          "",
          ...fenced(prompt.system),
          "",
          "User:",
          "",
          ...fenced(prompt.user),
          ...(prompt.open.length === 0 ? [] : ["", `Filled in as the run goes: ${prompt.open.join(", ")}`]),
        ]),
    "",
  ];
}

function limitLine({ name, limit, worst, at }: PlannedLimit): string {
  const amount = number(limit);
  if (at !== undefined)
    return `- **${name} ${amount}: the worst case of ${number(worst ?? 0)} exceeds it, in ${at}.** The session pauses there and can go on.`;
  if (worst === undefined) return `- ${name} ${amount}: whether it is reached cannot be known before the run`;
  return `- ${name} ${amount}: the worst case of ${number(worst)} stays within`;
}

/** The commands that a run may start, as the user consents to them. */
function commandLines(definition: Definition): string[] {
  const lines = commandTableLines(commandsOf(definition));
  return lines.length === 0
    ? []
    : ["## Commands that it can run, once you have agreed to them", "", ...fenced(lines.join("\n")), ""];
}

/** What a Flow would do, before any tokens are spent, as readable Markdown. */
export function planText(definition: Definition): string {
  const plan = planFlow(definition);
  const { worst } = plan;
  const { description } = definition.flow;
  const inputs = Object.entries(plan.inputs).map(([name, value]) => `- ${name}: ${textOfJson(value)}`);
  const venueText = ({ name, source, provider, endpoint }: FlowPlan["venue"]): string =>
    `${name} (${source}): ${provider}${endpoint === undefined ? "" : `, ${endpoint}`}`;
  const cost =
    worst.usd === undefined
      ? "The cost is unknown, as the Venue gives no prices."
      : `The cost is ${money(worst.usd)} at most.`;
  const runs = plan.runs.map(({ key }) => key).join(" → ");
  return [
    `# Plan of ${plan.flow.name}`,
    "",
    ...(description === undefined ? [] : [description, ""]),
    `- Band ${plan.band.name} (${plan.band.source})`,
    `- Score ${plan.score.name} (${plan.score.source})`,
    `- Venue ${venueText(plan.venue)}`,
    ...plan.otherVenues.map((other) => `- Venue ${venueText(other)}, for ${other.roles.join(", ")}`),
    "",
    `At most **${plural(worst.maxSteps, "step")}, ${plural(worst.calls, "model call")} and ${number(worst.tokens)} tokens**. ${cost} Retries of failed calls are not included; limits apply to them too.`,
    "",
    ...orderRows(plan),
    "",
    "## Limits",
    "",
    ...(plan.limits.length === 0 ? ["None is set."] : plan.limits.map(limitLine)),
    "",
    "## Task",
    "",
    ...(plan.flow.task.trim() === "" ? ["Asked for when the run starts."] : fenced(plan.flow.task.trim())),
    ...(inputs.length === 0 ? [] : ["", "## Inputs", "", ...inputs]),
    "",
    "## What could happen at most",
    "",
    ...table(
      ["at most", ""],
      [false, false],
      reachRows(plan.reach).map(([what, most]) => [what, cell(most)]),
    ),
    "",
    ...commandLines(definition),
    "## Order, every loop to its bound",
    "",
    `${runs}${plan.moreRuns > 0 ? ` … and ${plural(plan.moreRuns, "more run")}` : ""}`,
    "",
    "## Steps and prompts",
    "",
    ...plan.steps.flatMap(stepLines),
  ].join("\n");
}
