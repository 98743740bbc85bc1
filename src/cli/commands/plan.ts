import { callSettings, type Definition } from "../../engine/model/definition";
import { planSize, plannedSteps, worstCase, type PlannedStep } from "../../engine/model/plan";
import { jsonOption, type Command, type CommandContext } from "../command";
import { exitCodes } from "../exit-code";
import type { Output } from "../io";
import { findFlow, loadProject, resolveOrReport } from "../project";
import { alignColumns, formatNumber, formatUsd, plural } from "../text/format";
import { safeLine } from "../text/safe";
import { wrapText } from "../text/width";

const readers: ReadonlySet<string> = new Set(["read_file", "list_dir", "search_files"]);
const writers: ReadonlySet<string> = new Set(["write_file", "edit_file", "delete_file"]);

/** One step as a plan says it. */
export interface PlanStep {
  readonly id: string;
  readonly role: string;
  readonly model: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly tools: readonly string[];
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly approval: string;
  readonly produces: readonly string[];
  readonly verdict: readonly string[];
  readonly max_runs: number;
  readonly worst: { readonly calls: number; readonly tokens: number; readonly usd: number | undefined };
  readonly disabled: boolean;
}

function planStep(definition: Definition, planned: PlannedStep): PlanStep {
  const { node } = planned;
  const { temperature, seed, context_tokens, max_output_tokens, params, model } = callSettings(
    definition,
    node.role,
  );
  const tools = definition.band.roles[node.role]?.tools ?? [];
  const { policy, conductor } = definition.flow;
  return {
    id: node.id,
    role: node.role,
    model,
    params: {
      ...(temperature === undefined ? {} : { temperature }),
      ...(seed === undefined ? {} : { seed }),
      context_tokens,
      max_output_tokens,
      ...params,
    },
    tools,
    reads: tools.some((tool) => readers.has(tool)) ? policy.read_scope : [],
    writes: tools.some((tool) => writers.has(tool)) ? policy.write_scope : [],
    approval: node.approval,
    produces: node.produces,
    verdict: node.verdict ?? [],
    max_runs: planned.maxRuns,
    worst: worstCase(definition, planned),
    disabled: conductor.disabled_roles.includes(node.role),
  };
}

interface Totals {
  readonly steps: number;
  readonly maxSteps: number;
  readonly calls: number;
  readonly tokens: number;
  readonly usd: number | undefined;
}

function totalsOf(definition: Definition, steps: readonly PlanStep[]): Totals {
  const size = planSize(definition);
  let usd: number | undefined = 0;
  for (const { worst } of steps)
    usd = usd === undefined || worst.usd === undefined ? undefined : usd + worst.usd;
  return {
    steps: size.steps,
    maxSteps: size.max_steps,
    calls: size.max_model_calls,
    tokens: steps.reduce((sum, { worst }) => sum + worst.tokens, 0),
    usd,
  };
}

/** The limits that the worst case goes beyond. */
function reachable(definition: Definition, totals: Totals): string[] {
  const { limits } = definition.flow;
  const over: string[] = [];
  const check = (name: string, limit: number | undefined, worst: number | undefined): void => {
    if (limit !== undefined && worst !== undefined && worst > limit)
      over.push(`${name} ${formatNumber(limit)}`);
  };
  check("total_tokens", limits.total_tokens, totals.tokens);
  check("model_calls", limits.model_calls, totals.calls);
  check("cost_usd", limits.cost_usd, totals.usd);
  return over;
}

const approvalWords: Readonly<Record<string, string>> = {
  none: "asks nobody",
  before_step: "asks before it begins",
  after_step: "asks about its result",
  both: "asks before it begins and about its result",
};

function stepLines(step: PlanStep, number: number, indent: string, output: Output): string[] {
  const { style, columns } = output;
  const pad = `${indent}    `;
  const name = `${indent}${String(number).padStart(2)}. ${style.bold(step.id)}`;
  const params = Object.entries(step.params).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  const touches = [
    step.reads.length === 0 ? "reads nothing" : `reads ${step.reads.join(", ")}`,
    step.writes.length === 0 ? "writes nothing" : `writes ${step.writes.join(", ")}`,
  ];
  const details = [
    `model ${step.model}: ${params.join(", ")}`,
    `${touches.join("; ")}${step.tools.length === 0 ? "; no tools" : `; tools ${step.tools.join(", ")}`}`,
    [
      approvalWords[step.approval] ?? step.approval,
      ...(step.produces.length === 0 ? [] : [`produces ${step.produces.join(", ")}`]),
      ...(step.verdict.length === 0 ? [] : [`says ${step.verdict.join(" or ")}`]),
    ].join("; "),
    [
      `at most ${plural(step.worst.calls, "call")}`,
      `${formatNumber(step.worst.tokens)} tokens`,
      ...(step.worst.usd === undefined ? [] : [formatUsd(step.worst.usd)]),
    ].join(", "),
  ];
  const off = step.disabled ? style.yellow("  skipped: the role is switched off") : "";
  return [
    `${name}  ${step.role}${off}`,
    ...details.flatMap((detail) =>
      wrapText(safeLine(detail), Math.min(columns, 110) - pad.length).map((line) => style.dim(pad + line)),
    ),
  ];
}

function costText(usd: number | undefined): string {
  return usd === undefined ? "cost unknown (the Venue gives no prices)" : formatUsd(usd);
}

/** The headings of loops and groups that begin with this step. */
function headings(planned: PlannedStep, before: PlannedStep | undefined, output: Output): string[] {
  const lines: string[] = [];
  let same = true;
  planned.within.forEach((around, depth) => {
    const earlier = before?.within[depth];
    const heading = headingOf(around);
    same &&= earlier !== undefined && headingOf(earlier) === heading;
    if (!same) lines.push(`${"    ".repeat(depth)}${output.style.cyan(heading)}`);
  });
  return lines;
}

function headingOf(around: PlannedStep["within"][number]): string {
  if (around.kind === "parallel") return "side by side, joined in this order:";
  const until = around.until === undefined ? "" : `, until ${around.until}`;
  return `repeated at most ${plural(around.max, "time")}${until}:`;
}

function printPlan(definition: Definition, steps: readonly PlanStep[], output: Output): void {
  const { flow, venue, band, score } = definition;
  const limits = Object.entries(flow.limits).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${formatNumber(value)}`],
  );
  const inputs = Object.entries(flow.inputs).map(([name, value]) => `${name} = ${String(value)}`);
  const provider = venue.provider === "scripted" ? "scripted replies, no model" : venue.provider;
  const facts: string[][] = [
    ["Flow", `${flow.name} (${flow.source})`],
    ["Task", flow.task === "" ? "(asked for when it runs)" : safeLine(flow.task)],
    ...(inputs.length === 0 ? [] : [["Inputs", safeLine(inputs.join(", "))]]),
    ["Band", `${band.name} (${band.source})`],
    [
      "Venue",
      `${venue.name} (${venue.source}): ${provider}${venue.endpoint === undefined ? "" : `, ${venue.endpoint}`}`,
    ],
    ["Score", `${score.name} (${score.source})`],
    ...(flow.references.length === 0 ? [] : [["References", flow.references.join(", ")]]),
    ["Limits", limits.length === 0 ? "none" : limits.join(", ")],
  ];
  const labelled = alignColumns(facts.map(([label = ""]) => [label, "|"]));
  const width = (labelled[0]?.length ?? 1) - 1;
  for (const [label = "", text = ""] of facts) {
    wrapText(safeLine(text), Math.min(output.columns, 110) - width).forEach((line, index) => {
      output.line(`${(index === 0 ? label : "").padEnd(width)}${line}`);
    });
  }
  output.line();
  const planned = plannedSteps(definition.score.steps);
  planned.forEach((one, index) => {
    const step = steps[index];
    if (step === undefined) return;
    for (const line of headings(one, planned[index - 1], output)) output.line(line);
    for (const line of stepLines(step, index + 1, "    ".repeat(one.within.length), output))
      output.line(line);
  });
  const totals = totalsOf(definition, steps);
  output.line();
  output.line(
    `Worst case: ${plural(totals.maxSteps, "step")}, ${plural(totals.calls, "model call")}, ${formatNumber(totals.tokens)} tokens, ${costText(totals.usd)}. Calls that fail and are made again come on top.`,
  );
  const over = reachable(definition, totals);
  output.line(
    over.length === 0
      ? "No limit can be hit by that."
      : `Limits that it can hit: ${over.join(", ")}. The session pauses there and can go on.`,
  );
}

async function plan(context: CommandContext) {
  const { io, given, workDomain } = context;
  const project = await loadProject(context);
  const flow = findFlow(project, workDomain, given.positionals[0] ?? "");
  const venue = given.value("venue");
  const options = { forRun: false, ...(venue === undefined ? {} : { venue }) };
  const definition = resolveOrReport(project, flow, options, io);
  const steps = plannedSteps(definition.score.steps).map((planned) => planStep(definition, planned));
  if (given.flag("json")) {
    const { flow: about, venue: where, score } = definition;
    const value = {
      flow: {
        name: about.name,
        source: about.source,
        task: about.task,
        inputs: about.inputs,
        limits: about.limits,
      },
      venue: { name: where.name, provider: where.provider, endpoint: where.endpoint },
      score: score.steps,
      steps,
      worst: totalsOf(definition, steps),
    };
    io.stdout.line(JSON.stringify(value, null, 2));
  } else printPlan(definition, steps, io.stdout);
  return exitCodes.done;
}

export const planCommand: Command = {
  name: "plan",
  summary: "Say what a run would do, before any token is spent.",
  args: [{ name: "FLOW", summary: "The Flow's name, or the path of its file." }],
  options: [{ name: "venue", value: "VENUE", summary: "Another Venue than the Flow names." }, jsonOption],
  examples: [
    { line: "orket plan shapes", does: "steps, roles, models, what each may touch, and the worst case" },
    { line: "orket plan shapes --venue ollama", does: "the same with another Venue" },
  ],
  run: plan,
};
