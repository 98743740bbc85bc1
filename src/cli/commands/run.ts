import { nodeEnvironment } from "../../adapters/journal/environment";
import { CapabilityMemory } from "../../app/venue/capability-memory";
import { ensureReady } from "../../app/venue/venue-check";
import { CancelSource } from "../../engine/port/cancellation";
import { ensureRunsHere } from "../../app/session/runs-here";
import { startSession } from "../../app/session/open";
import type { LiveSession } from "../../app/session/session";
import { OrketError } from "../../engine/error/orket-error";
import { listInputs, resolveFlow } from "../../language";
import type { Project } from "../../language";
import { textAt } from "../../language/schema/read";
import { allowCommandsOption, callOf, jsonOption } from "../command";
import type { Command, CommandContext, OptionSpec } from "../command";
import type { Io } from "../io";
import { findFlow, loadProject, resolveOrReport } from "../project";
import { TypedLines } from "../run/lines";
import { readAnswers } from "../run/answers";
import { readTask } from "../run/task";
import { requireConsent } from "../run/consent";
import { performSession } from "../run/perform";
import { withRuntime } from "../runtime";
import { safeLine } from "../text/safe";
import { defined } from "../../engine/model/defined";

export const approveOption: OptionSpec = {
  name: "approve",
  value: "none|all",
  choices: ["none", "all"],
  summary:
    "Answer every approval with yes (all), or stop at the first one (none; the default where no person can be asked).",
};

export const answerOption: OptionSpec = {
  name: "answer",
  value: "STEP.FIELD=VALUE",
  multiple: true,
  summary:
    "Answer a question of the Score: STEP=WORD, STEP.FIELD=VALUE, or ID@SHA=yes for a command that was shown. Without an answer the run stops there.",
};

/** `NAME=VALUE` options as a record. @throws {OrketError} usage. */
export function readPairs(option: string, pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at <= 0) throw new OrketError("usage", `--${option} is NAME=VALUE, not '${safeLine(pair)}'.`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

async function askFor(question: string, io: Io, lines: TypedLines): Promise<string | undefined> {
  io.stderr.write(`${question} > `);
  const typed = (await lines.next())?.trim();
  return typed === undefined || typed === "" ? undefined : typed;
}

/** Asks for the Flow's inputs that were not given. */
async function fillIn(
  project: Project,
  flowPath: string,
  given: { task: string | undefined; inputs: Record<string, string> },
  io: Io,
): Promise<{ task: string | undefined; inputs: Record<string, string> }> {
  const flow = project.sources.get(flowPath);
  if (flow === undefined || !io.interactive) return given;
  const lines = new TypedLines(io.stdin);
  const inputs = { ...given.inputs };
  let { task } = given;
  try {
    if (task === undefined && (textAt(flow, ["task"]) ?? "").trim() === "")
      task = await askFor("Task", io, lines);
    for (const { name, required, description, enum: words } of listInputs(flow)) {
      if (!required || Object.hasOwn(inputs, name)) continue;
      const hint = [description, words?.map(String).join(", ")]
        .filter((part) => part !== undefined)
        .join(" — ");
      const value = await askFor(safeLine(hint === "" ? name : `${name} (${hint})`), io, lines);
      if (value !== undefined) inputs[name] = value;
    }
  } finally {
    lines.stop();
  }
  return { task, inputs };
}

/** Runs `work` on a session that is released in any case. */
export async function closing<T>(live: LiveSession, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await live.close();
  }
}

/** The other Venues of the project, as alternatives. */
function otherVenues(names: readonly string[]): string {
  const others = names.length === 0 ? "" : `Other Venues (--venue): ${names.map(safeLine).join(", ")}. `;
  return `${others}--no-check begins without asking.`;
}

async function run(context: CommandContext) {
  const { io, given } = context;
  const json = given.flag("json");
  const answers = readAnswers(given.all("answer"));
  const project = await loadProject(context);
  const flow = findFlow(project, context, given.positionals[0] ?? "");
  const asked = {
    task: await readTask(given.value("task"), io),
    inputs: readPairs("input", given.all("input")),
  };
  const venue = given.value("venue");
  const fixed = venue === undefined ? {} : { venue };
  // What cannot run at all is reported before the user is asked for anything.
  const runs = resolveFlow(project, flow, { ...fixed, forRun: false }).definition !== undefined;
  const { task, inputs } = runs && !json ? await fillIn(project, flow, asked, io) : asked;
  const definition = resolveOrReport(project, flow, { ...fixed, inputs, ...defined({ task }) }, io);
  return withRuntime(context, async (options) => {
    await requireConsent(definition, context, options, `${callOf(context)} run ${definition.flow.name}`);
    ensureRunsHere(definition, options);
    const venues = [...(project.names.get("venue")?.keys() ?? [])].filter(
      (one) => one !== definition.venue.name,
    );
    const memory = new CapabilityMemory(nodeEnvironment, context.workDomain);
    if (!given.flag("no-check"))
      await ensureReady(definition, options, new CancelSource(), {
        hint: otherVenues(venues),
        listsHere: (at) => io.interactive || memory.isTried(at),
      });
    const live = await startSession(definition, options);
    return closing(live, async () => {
      if (!json) io.stderr.line(`Session ${live.id}`);
      const approve = given.value("approve") as "none" | "all" | undefined;
      return performSession(
        live,
        { approve, json, answers, fromStart: false, orket: callOf(context), access: options },
        io,
      );
    });
  });
}

export const runCommand: Command = {
  name: "run",
  summary: "Perform a Flow.",
  details: [
    "Works through the steps of the Flow and shows what happens. What the team writes stays in the session; look at it with orket diff and bring it into the project with orket accept.",
    "Ctrl+C pauses the session within a second; orket resume goes on with it. A second Ctrl+C ends at once, and the session can be resumed anyway.",
  ],
  args: [{ name: "FLOW", summary: "The Flow's name, or the path of its file." }],
  options: [
    {
      name: "task",
      value: "TEXT",
      summary:
        "What the team is to do, instead of the Flow's own task; @FILE reads it from a file, - from standard input.",
    },
    {
      name: "input",
      value: "NAME=VALUE",
      multiple: true,
      summary: "A value for an input of the Flow; may be given more than once.",
    },
    { name: "venue", value: "VENUE", summary: "Another Venue than the Flow names." },
    {
      name: "no-check",
      summary:
        "Begin without asking the Venue first whether its server answers, takes the key and has the models.",
    },
    approveOption,
    answerOption,
    allowCommandsOption,
    {
      ...jsonOption,
      summary: "Print the session's events on stdout, one JSON object per line, and nothing else.",
    },
  ],
  examples: [
    { line: "orket run shapes", does: "perform the Flow named shapes, asking before each step" },
    {
      line: "orket run shapes --venue ollama --input python=3.12 --approve all",
      does: "with models on this machine, and without being asked",
    },
    { line: "orket run shapes --approve all --json > events.ndjson", does: "for a script" },
  ],
  run,
};
