import path from "node:path";
import { exportFormats, exportPieces, writeExport } from "../../app/session/export";
import type { ExportFormat } from "../../app/session/export";
import { openSnapshot } from "../../app/session/snapshot";
import { OrketError } from "../../engine/error/orket-error";
import { sessionArgument } from "../command";
import type { Command, CommandContext, OptionSpec } from "../command";
import { exitCodeOfError, exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import { sessionOf } from "../runtime";
import { safeText } from "../text/safe";

async function run(context: CommandContext): Promise<ExitCode> {
  const { io, given, base } = context;
  const format = given.value("format") as ExportFormat | undefined;
  if (format === undefined) {
    throw new OrketError("usage", "Name the format: --format ndjson, otlp or html.");
  }
  const session = await sessionOf(context);
  const seen = await (await openSnapshot(session.path)).checked();
  if (seen.state.events === 0 && seen.problem === undefined) {
    throw new OrketError("command_refused", `The session ${session.id} was never started.`);
  }
  const pieces = exportPieces(seen, { format, contents: given.flag("contents") });
  const output = given.value("output");
  if (output === undefined || output === "-") for await (const piece of pieces) io.stdout.write(piece);
  else {
    const file = path.resolve(base, output);
    await writeExport(file, pieces);
    io.stderr.line(`Wrote ${safeText(file)}`);
  }
  if (seen.problem === undefined) return exitCodes.done;
  io.stderr.line(`orket: ${safeText(seen.problem.message)} Only what comes before it is exported.`);
  return exitCodeOfError(seen.problem.code);
}

export const exportCommand: Command = {
  name: "export",
  summary: "Write a session as NDJSON, as an OpenTelemetry trace, or as one page for people.",
  details: [
    "ndjson: the events, one JSON object per line. otlp: one trace by OpenTelemetry's GenAI conventions, as a collector takes it at /v1/traces. html: a page that shows the whole session, contents included, without a network and without any script.",
    "Prompts, replies and files are in ndjson and otlp only with --contents, since they may be private. Keys are never in a session.",
  ],
  args: [sessionArgument],
  get options(): readonly OptionSpec[] {
    return [
      {
        name: "format",
        value: "ndjson|otlp|html",
        choices: [...exportFormats],
        summary: "What to write.",
      },
      { name: "contents", summary: "With the texts of prompts, replies, tool calls and files." },
      { name: "output", short: "o", value: "FILE", summary: "Write to FILE instead of stdout." },
    ];
  },
  examples: [
    { line: "orket export last --format html --output session.html", does: "a page to show to others" },
    { line: "orket export last --format otlp > trace.json", does: "for a collector" },
  ],
  run,
};
