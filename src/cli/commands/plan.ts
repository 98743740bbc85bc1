import { pinnedTexts, planFlow } from "../../engine/model/plan-flow";
import { textOfJson } from "../../engine/model/field";
import type { FlowPlan, FlowPlanStep, PlannedLimit } from "../../engine/model/plan-flow";
import { commandsOf, digestOf } from "../../app/command/session-commands";
import { commandTableLines } from "../../app/command/table-text";
import type { Definition } from "../../engine/model/definition";
import { reachRows } from "../../engine/model/reach";
import { unboundedText } from "../../engine/model/tools";
import { jsonOption } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodes } from "../exit-code";
import type { Output } from "../io";
import { findFlow, loadProject, resolveOrReport } from "../project";
import { alignColumns, formatUsd, plural } from "../text/format";
import { safeLine, safeText } from "../text/safe";
import { wrapText } from "../text/width";
import { defined } from "../../engine/model/defined";
import { isFromFile } from "../../engine/model/providers";
import { groupedExactly } from "../../engine/model/grouped";

/** What a call requests from the backend, in the order that users expect. */
function paramsOf({
  temperature,
  seed,
  context_tokens,
  max_output_tokens,
  params,
}: FlowPlanStep["settings"]): string {
  const given = { temperature, seed, context_tokens, max_output_tokens, ...params };
  return Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${JSON.stringify(value)}`)
    .join(", ");
}

const approvalWords: Readonly<Record<string, string>> = {
  none: "asks nobody",
  before_step: "asks before it begins",
  after_step: "asks about its result",
  both: "asks before it begins and about its result",
};

function stepLines(step: FlowPlanStep, number: number, indent: string, output: Output): string[] {
  const { style, columns } = output;
  const pad = `${indent}    `;
  const name = `${indent}${String(number).padStart(2)}. ${style.bold(step.id)}`;
  const touches = [
    step.reads.length === 0 ? "reads nothing" : `reads ${step.reads.join(", ")}`,
    step.writes.length === 0 ? "writes nothing" : `writes ${step.writes.join(", ")}`,
  ];
  const ends = [
    ...(step.produces.length === 0 ? [] : [`produces ${step.produces.join(", ")}`]),
    ...(step.verdict.length === 0 ? [] : [`says ${step.verdict.join(" or ")}`]),
  ];
  const agent = [
    `model ${step.settings.model}${step.venue === undefined ? "" : ` on ${step.venue}`}: ${paramsOf(step.settings)}`,
    ...step.foreignTools.map((tool) => `unbounded: it ${unboundedText(tool)}`),
    `${touches.join("; ")}${step.tools.length === 0 ? "; no tools" : `; tools ${step.tools.join(", ")}`}`,
    ...pinnedTexts(step),
    [approvalWords[step.approval] ?? step.approval, ...ends].join("; "),
    [
      `at most ${plural(step.worst.calls, "call")}`,
      `${groupedExactly(step.worst.tokens)} tokens`,
      ...(step.worst.usd === undefined ? [] : [formatUsd(step.worst.usd)]),
    ].join(", "),
  ];
  const details =
    step.act === undefined
      ? agent
      : [
          step.act,
          ...(step.approval === "none" ? [] : [approvalWords[step.approval] ?? step.approval]),
          ...(ends.length === 0 ? [] : [ends.join("; ")]),
          `${plural(step.maxRuns, "time")} at most`,
        ];
  const off = step.disabled ? style.yellow("  skipped: the role is switched off") : "";
  return [
    `${name}  ${step.role}${off}`,
    ...details.flatMap((detail) =>
      wrapText(safeLine(detail), Math.min(columns, 110) - pad.length).map((line) => style.dim(pad + line)),
    ),
    ...promptLines(step, pad),
  ];
}

/** The prompt as it will be sent; values known only during the run are placeholders. */
function promptLines({ prompt }: FlowPlanStep, pad: string): string[] {
  if (prompt === undefined) return [];
  const lines = (name: string, text: string): string[] => [
    `${pad}${name}:`,
    ...safeText(text)
      .trimEnd()
      .split("\n")
      .map((line) => `${pad}| ${line}`.trimEnd()),
  ];
  return [...lines("system", prompt.system), ...lines("user", prompt.user)];
}

function costText(usd: number | undefined): string {
  return usd === undefined ? "cost unknown (the Venue gives no prices)" : formatUsd(usd);
}

/** The headings of loops and groups that begin with this step. */
function headings(planned: FlowPlanStep, before: FlowPlanStep | undefined, output: Output): string[] {
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

function headingOf(around: FlowPlanStep["within"][number]): string {
  switch (around.kind) {
    case "parallel":
      return "side by side, joined in this order:";
    case "sequence":
      return `one after another (${around.id}):`;
    case "use":
      return `the Score ${around.score} as ${around.id}:`;
    case "each":
      return `for each of at most ${plural(around.max, "item")} of ${around.in}:`;
    case "loop": {
      const until = around.until === undefined ? "" : `, until ${around.until}`;
      return `repeated at most ${plural(around.max, "time")}${until}:`;
    }
  }
}

/** A limit that the worst case exceeds, and where. */
function limitText({ name, limit, at }: PlannedLimit): string {
  return `${name} ${groupedExactly(limit)}${at === undefined ? "" : ` at ${at}`}`;
}

/** How many runs are listed by name before the rest is only counted. */
const namedRuns = 30;

function orderText({ runs, moreRuns }: FlowPlan): string {
  const named = runs.slice(0, namedRuns).map(({ key }) => key);
  const more = runs.length - named.length + moreRuns;
  return `${named.join(", ")}${more === 0 ? "" : `, and ${plural(more, "more run")}`}`;
}

/** Two columns, the second one wrapped. */
function printTable(title: string | undefined, rows: readonly (readonly string[])[], output: Output): void {
  if (title !== undefined) output.line(output.style.bold(title));
  const labelled = alignColumns(rows.map(([label = ""]) => [label, "|"]));
  const width = (labelled[0]?.length ?? 1) - 1;
  for (const [label = "", text = ""] of rows) {
    wrapText(safeLine(text), Math.min(output.columns, 110) - width).forEach((line, index) => {
      output.line(`${(index === 0 ? label : "").padEnd(width)}${line}`);
    });
  }
}

function venueText({ name, source, provider, endpoint }: FlowPlan["venue"]): string {
  const what = isFromFile(provider) ? "scripted replies, no model" : provider;
  return `${name} (${source}): ${what}${endpoint === undefined ? "" : `, ${endpoint}`}`;
}

function printPlan(planned: FlowPlan, output: Output): void {
  const { flow, venue, band, score, steps, worst } = planned;
  const limits = planned.limits.map(({ name, limit }) => `${name} ${groupedExactly(limit)}`);
  const inputs = Object.entries(planned.inputs).map(([name, value]) => `${name} = ${textOfJson(value)}`);
  const facts: string[][] = [
    ["Flow", `${flow.name} (${flow.source})`],
    ["Task", flow.task === "" ? "(asked for when it runs)" : safeLine(flow.task)],
    ...(inputs.length === 0 ? [] : [["Inputs", safeLine(inputs.join(", "))]]),
    ["Band", `${band.name} (${band.source})`],
    ["Venue", venueText(venue)],
    ...planned.otherVenues.map((other) => ["", `${venueText(other)} for ${other.roles.join(", ")}`]),
    ["Score", `${score.name} (${score.source})`],
    ...(planned.references.length === 0 ? [] : [["References", planned.references.join(", ")]]),
    ["Order", safeLine(orderText(planned))],
    ["Limits", limits.length === 0 ? "none" : limits.join(", ")],
  ];
  printTable(undefined, facts, output);
  output.line();
  steps.forEach((step, index) => {
    for (const line of headings(step, steps[index - 1], output)) output.line(line);
    for (const line of stepLines(step, index + 1, "    ".repeat(step.within.length), output))
      output.line(line);
  });
  output.line();
  printTable("What could happen at most", reachRows(planned.reach), output);
  output.line();
  output.line(
    `Worst case: ${plural(worst.maxSteps, "step")}, ${plural(worst.calls, "model call")}, ${groupedExactly(worst.tokens)} tokens, ${costText(worst.usd)}. Retries of failed calls are not included.`,
  );
  if (planned.editorOnly !== undefined)
    output.line(safeLine(`This Flow runs only in VS Code. ${planned.editorOnly}`));
  for (const { role, tools } of planned.editorTools ?? [])
    output.line(
      safeLine(
        `The role ${role} has ${tools.join(", ")} only in VS Code: a run on the command line goes without.`,
      ),
    );
  const over = planned.limits.filter(({ limit, worst: needed }) => needed !== undefined && needed > limit);
  output.line(
    over.length === 0
      ? "It cannot reach a limit."
      : `Limits that it can hit: ${over.map(limitText).join(", ")}. The session pauses there and can go on.`,
  );
}

/** The commands that a run may start, in the form that the user agrees to. */
function printCommands(definition: Definition, output: Output): void {
  const sha256 = digestOf(definition);
  if (sha256 === undefined) return;
  output.line();
  output.line("Commands that it can run, once you have agreed to them:");
  for (const line of commandTableLines(commandsOf(definition)))
    output.line(line === "" ? "" : `    ${safeLine(line)}`);
  output.line(`Digest for --allow-commands: ${sha256}`);
}

async function plan(context: CommandContext) {
  const { io, given } = context;
  const project = await loadProject(context);
  const flow = findFlow(project, context, given.positionals[0] ?? "");
  const venue = given.value("venue");
  const options = { forRun: false, ...defined({ venue }) };
  const definition = resolveOrReport(project, flow, options, io);
  const json = given.flag("json");
  const planned = planFlow(definition, { prompts: json || given.flag("prompts") });
  const sha256 = digestOf(definition);
  const commands = sha256 === undefined ? {} : { commands: { sha256, table: commandsOf(definition) } };
  if (json) io.stdout.line(JSON.stringify({ ...planned, ...commands }, null, 2));
  else {
    printPlan(planned, io.stdout);
    printCommands(definition, io.stdout);
  }
  return exitCodes.done;
}

export const planCommand: Command = {
  name: "plan",
  summary: "Show what a run would do, before any token is spent.",
  args: [{ name: "FLOW", summary: "The Flow's name, or the path of its file." }],
  options: [
    { name: "venue", value: "VENUE", summary: "Another Venue than the Flow names." },
    { name: "prompts", summary: "Show each step's prompt as it will be sent." },
    jsonOption,
  ],
  examples: [
    { line: "orket plan shapes", does: "steps, roles, models, what each may touch, and the worst case" },
    { line: "orket plan shapes --venue ollama", does: "the same with another Venue" },
  ],
  run: plan,
};
