import { checkRequest, notAlone } from "../../app/command/check";
import { commandRunner, commandsOf } from "../../app/command/session-commands";
import { commandVerdict } from "../../engine/model/command";
import { CancelSource } from "../../engine/port/cancellation";
import type { CommandResult } from "../../engine/port/commands";
import type { Definition } from "../../engine/model/definition";
import { OrketError } from "../../engine/error/orket-error";
import { nearest } from "../../language/text/nearest";
import { allowCommandsOption, callOf, jsonOption } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import { findFlow, loadProject, resolveOrReport } from "../project";
import { requireConsent } from "../run/consent";
import { withRuntime } from "../runtime";
import { formatDuration, plural } from "../text/format";
import { safeLine, safeText } from "../text/safe";
import { readPairs } from "./run";
import { entryOf } from "../../engine/model/entry-of";

/** The outcome of a command, in a few words. */
function endText({ end, durationMs }: CommandResult): string {
  switch (end.kind) {
    case "exited":
      return `${end.code === 0 ? "pass" : `fail (exit code ${end.code})`} after ${formatDuration(durationMs)}`;
    case "signalled":
      return `fail (${end.signal})`;
    case "timeout":
      return `timeout after ${end.seconds} s`;
    case "cancelled":
      return "cancelled";
    default:
      return end.message;
  }
}

/** The named commands, or all; an unknown name is an error. */
function chosen(definition: Definition, names: readonly string[]): string[] {
  const table = commandsOf(definition);
  const known = Object.keys(table);
  if (known.length === 0) {
    throw new OrketError("usage", `The Flow ${definition.flow.name} has no commands.`, {
      hint: "Add 'commands:' to the Flow; docs/commands.md says how.",
    });
  }
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw new OrketError("usage", `The Flow has no command '${safeLine(name)}'.`, {
      hint: near === undefined ? `Its commands are ${known.join(", ")}.` : `Did you mean ${near}?`,
    });
  }
  return names.length === 0 ? known : [...new Set(names)];
}

/** The exit code for the commands' results, worst first: a refusal, a failure, a cancel. */
function codeOf(results: readonly CommandResult[]): ExitCode {
  const ends = results.map(({ end }) => end);
  if (ends.some(({ kind }) => kind === "cancelled")) return exitCodes.cancelled;
  if (ends.some(({ kind }) => kind === "refused")) return exitCodes.policyDenied;
  return ends.every((end) => commandVerdict(end) === "pass") ? exitCodes.done : exitCodes.workFailed;
}

async function check(context: CommandContext): Promise<ExitCode> {
  const { io, given } = context;
  const project = await loadProject(context);
  const [written = "", ...names] = given.positionals;
  const flow = findFlow(project, context, written);
  const inputs = readPairs("input", given.all("input"));
  const definition = resolveOrReport(project, flow, { forRun: false, inputs }, io);
  const table = commandsOf(definition);
  const wanted = chosen(definition, names);
  const json = given.flag("json");
  return withRuntime(context, async (options) => {
    await requireConsent(definition, context, options, `${callOf(context)} check ${safeLine(written)}`);
    const runner = commandRunner(definition, options, true);
    const cancel = new CancelSource();
    const stop = (): void => cancel.cancel();
    process.once("SIGINT", stop);
    const results: CommandResult[] = [];
    try {
      for (const name of wanted) {
        const spec = entryOf(table, name);
        if (spec === undefined || cancel.aborted) continue;
        const why = notAlone(spec);
        if (why !== undefined) {
          io.stderr.line(`${name}: not tried, ${why}.`);
          continue;
        }
        const request = await checkRequest(name, spec, definition);
        if (!json) io.stderr.line(io.stderr.style.bold(`${name}: ${safeLine(request.argv.join(" "))}`));
        const result = await runner.run(
          request,
          ({ text }) => !json && io.stdout.write(safeText(text)),
          cancel,
        );
        results.push(result);
        const { end, place, isolatedBy, output, files, discarded, durationMs } = result;
        if (json) {
          const verdict = commandVerdict(end);
          const paths = files.map(({ path, content }) => ({ path, deleted: content === null }));
          const facts = {
            name,
            verdict,
            end,
            place,
            isolated_by: isolatedBy,
            output,
            files: paths,
            discarded,
          };
          io.stdout.line(JSON.stringify({ ...facts, duration_ms: Math.round(durationMs) }));
          continue;
        }
        const where =
          place === undefined
            ? ""
            : `, at level ${place}${isolatedBy === undefined ? "" : ` (${isolatedBy})`}`;
        io.stderr.line(`${name}: ${safeLine(endText(result))}${where}.`);
        if (files.length > 0)
          io.stderr.line(
            `  would propose ${plural(files.length, "file")}: ${safeLine(files.map(({ path }) => path).join(", "))}`,
          );
        if (discarded.files > 0) io.stderr.line(`  ${plural(discarded.files, "other file")} thrown away`);
      }
    } finally {
      process.off("SIGINT", stop);
    }
    return codeOf(results);
  });
}

export const checkCommand: Command = {
  name: "check",
  summary: "Run a Flow's commands on the project alone, to see that they work.",
  details: [
    "Each command runs as it would in a session, on a view of the project that is thrown away; the project stays as it is. Commands with effects outside are not tried.",
  ],
  args: [
    { name: "FLOW", summary: "The Flow's name, or the path of its file." },
    { name: "NAME", summary: "Commands to try; all of them unless named.", optional: true, multiple: true },
  ],
  options: [
    { name: "input", value: "NAME=VALUE", multiple: true, summary: "A value for an input of the Flow." },
    allowCommandsOption,
    { ...jsonOption, summary: "Print the outcome of each command as one JSON object per line." },
  ],
  examples: [
    { line: "orket check shapes", does: "try every command of the Flow shapes" },
    { line: "orket check shapes tests", does: "try the command tests" },
  ],
  run: check,
};
