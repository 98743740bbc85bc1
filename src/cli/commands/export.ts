import { structuredPatch } from "diff";
import { open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { nodeEnvironment, nodeUtf8 } from "../../adapters/runtime/session-runtime";
import { readTitle } from "../../adapters/session/label";
import { provenOf, provenSentences, readProof } from "../../adapters/session/proof";
import { readSession, type ReadSession } from "../../adapters/session/sessions";
import { sha256 } from "../../adapters/system/sha256";
import { OrketError } from "../../engine/error/orket-error";
import { exportHtml } from "../../engine/export/html";
import { exportNdjson } from "../../engine/export/ndjson";
import { exportOtlp } from "../../engine/export/otlp";
import { type ExportSource } from "../../engine/export/source";
import { sessionArgument, type Command, type CommandContext } from "../command";
import { exitCodeOfError, exitCodes, type ExitCode } from "../exit-code";
import { sessionOf } from "../runtime";
import { safeText } from "../text/safe";

/** Time for the comparison of one file, in milliseconds; beyond it the file is shown as replaced. */
const diffTimeoutMs = 2000;

function linesOf(text: string, mark: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => `${mark}${line}`);
}

/** A unified diff without its head. */
export function diffBody(before: string, after: string): string[] {
  const patch = structuredPatch("", "", before, after, "", "", { context: 3, timeout: diffTimeoutMs });
  if (patch === undefined) return [...linesOf(before, "-"), ...linesOf(after, "+")];
  return patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    // Where a side has no lines, the format counts from the line before.
    `@@ -${oldLines === 0 ? oldStart - 1 : oldStart},${oldLines} +${newLines === 0 ? newStart - 1 : newStart},${newLines} @@`,
    ...lines,
  ]);
}

async function* piecesOf(
  context: CommandContext,
  record: ReadSession,
  directory: string,
): AsyncGenerator<string, void, void> {
  const { given } = context;
  const { events, definition, blobs, damage } = record;
  const source: ExportSource = {
    events,
    definition,
    getText: (content) => blobs.getText(content),
    getBytes: (ref) => blobs.getBytes(ref),
    sha256,
    utf8: nodeUtf8,
  };
  const contents = given.flag("contents");
  switch (given.value("format")) {
    case "otlp":
      yield `${JSON.stringify(await exportOtlp(source, { contents }))}\n`;
      return;
    case "html": {
      const title = await readTitle(nodeEnvironment.fs, directory);
      const proven = provenSentences(
        provenOf(record, await readProof(nodeEnvironment, directory)),
        definition.venue.provider,
      );
      yield* exportHtml(source, {
        proven,
        diff: diffBody,
        ...(title === undefined ? {} : { title }),
        ...(damage === undefined ? {} : { problem: damage.message }),
      });
      return;
    }
    default:
      yield* exportNdjson(source, { contents });
  }
}

/** Writes the file as a whole or not at all. */
async function writeFile(file: string, pieces: AsyncIterable<string>): Promise<void> {
  const aside = `${file}.${process.pid}.new`;
  try {
    const handle = await open(aside, "wx");
    try {
      for await (const piece of pieces) await handle.write(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    if (OrketError.is(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new OrketError("usage", `The file cannot be written: ${reason}`, { cause: error });
  }
}

async function run(context: CommandContext): Promise<ExitCode> {
  const { io, given, workDomain } = context;
  if (given.value("format") === undefined) {
    throw new OrketError("usage", "Say in which format: --format ndjson, otlp or html.");
  }
  const session = await sessionOf(context);
  const record = await readSession(nodeEnvironment, session.path);
  if (record.events.length === 0 && record.damage === undefined) {
    throw new OrketError("command_refused", `The session ${session.id} was never started.`);
  }
  const pieces = piecesOf(context, record, session.path);
  const output = given.value("output");
  if (output === undefined || output === "-") for await (const piece of pieces) io.stdout.write(piece);
  else {
    const file = path.resolve(workDomain, output);
    await writeFile(file, pieces);
    io.stderr.line(`Wrote ${safeText(file)}`);
  }
  if (record.damage === undefined) return exitCodes.done;
  io.stderr.line(`orket: ${safeText(record.damage.message)} What is exported is what stands before it.`);
  return exitCodeOfError(record.damage.code);
}

export const exportCommand: Command = {
  name: "export",
  summary: "Write a session as NDJSON, as an OpenTelemetry trace, or as one page for people.",
  details: [
    "ndjson: the events, one JSON object a line. otlp: one trace by OpenTelemetry's GenAI conventions, as a collector takes it at /v1/traces. html: a page that shows the whole session, contents included, without a network and without any script.",
    "Prompts, replies and files are in ndjson and otlp only with --contents, since they may be private. Keys are never in a session.",
  ],
  args: [sessionArgument],
  options: [
    {
      name: "format",
      value: "ndjson|otlp|html",
      choices: ["ndjson", "otlp", "html"],
      summary: "What to write.",
    },
    { name: "contents", summary: "With the texts of prompts, replies, tool calls and files." },
    { name: "output", short: "o", value: "FILE", summary: "Write to FILE instead of stdout." },
  ],
  examples: [
    { line: "orket export last --format html --output session.html", does: "a page to show to others" },
    { line: "orket export last --format otlp > trace.json", does: "for a collector" },
  ],
  run,
};
