import path from "node:path";
import { blameFile } from "../../app/session/blame";
import type { BlamedLine } from "../../app/session/blame";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { OrketError } from "../../engine/error/orket-error";
import { jsonOption } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import { alignColumns } from "../text/format";
import { safeLine, safeText } from "../text/safe";

async function blame({ io, given, workDomain, base }: CommandContext): Promise<ExitCode> {
  const [written = ""] = given.positionals;
  const file = path.relative(workDomain, path.resolve(base, written)).split(path.sep).join("/");
  if (file === "" || file.startsWith("../") || path.isAbsolute(file))
    throw new OrketError("usage", `${safeLine(written)} is not a file of the project.`, {
      hint: "Name a file below the project's folder; -C says which folder that is.",
    });
  const lines = await blameFile(nodeEnvironment.fs, workDomain, file);
  if (given.flag("json")) {
    io.stdout.line(JSON.stringify({ path: file, lines }, null, 2));
    return exitCodes.done;
  }
  if (lines.every(({ origin }) => origin === null))
    io.stderr.line(`No line of ${safeLine(file)} is known to come from a session.`);
  for (const row of alignColumns(lines.map(rowOf))) io.stdout.line(row.trimEnd());
  return exitCodes.done;
}

function rowOf({ line, text, origin }: BlamedLine): string[] {
  const number = String(line).padStart(4);
  if (origin === null) return ["", "", "", "", number, safeText(text)];
  const { session, step, role, model = "", check } = origin;
  return [
    safeLine(session),
    safeLine(step),
    safeLine(model === "" ? role : `${role} (${model})`),
    check === undefined ? "" : `checked by ${safeLine(check.command)}`,
    number,
    safeText(text),
  ];
}

export const blameCommand: Command = {
  name: "blame",
  summary: "Show which session, step and model wrote each line of a file.",
  details: [
    "For each line that was accepted from a session: the session, the step, the role with its model, and the command that passed on it. Lines that a person wrote, or of unknown origin, have nothing in front. Lines are followed through later edits and moves within the file. --json also says the prompt's digest and who accepted the line, and when.",
  ],
  args: [{ name: "FILE", summary: "A file of the project." }],
  options: [jsonOption],
  examples: [{ line: "orket blame src/a.ts", does: "every line with where it comes from" }],
  run: blame,
};
