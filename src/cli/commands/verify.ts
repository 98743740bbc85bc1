import { verifySession } from "../../app/session/audit";
import { jsonOption, sessionArgument } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodes } from "../exit-code";
import { sessionOf } from "../runtime";
import { plural } from "../text/format";
import { safeText } from "../text/safe";
import { groupedExactly } from "../../engine/model/grouped";

async function verify(context: CommandContext) {
  const { io, given } = context;
  const session = await sessionOf(context);
  const found = await verifySession(session.path);
  const code = found.ok ? exitCodes.done : exitCodes.damagedJournal;
  if (given.flag("json")) {
    io.stdout.line(JSON.stringify({ session: session.id, ...found }));
    return code;
  }
  const { style } = io.stdout;
  for (const { line, message } of found.findings) {
    const place = line === undefined ? "" : `line ${groupedExactly(line)}: `;
    io.stdout.line(`${style.red("✗")} ${place}${safeText(message)}`);
  }
  const size = `${plural(found.events, "event")}, ${plural(found.blobs, "stored content")}`;
  if (found.ok) io.stdout.line(`${style.green("✓")} ${session.id}: as it was written (${size}).`);
  if (!found.finished) io.stdout.line("The session has not ended.");
  if (!found.sealed) {
    io.stdout.line("It was not closed, so lines that are missing at its end cannot be detected.");
  }
  return code;
}

export const verifyCommand: Command = {
  name: "verify",
  summary: "Check that a session's files are as they were written.",
  details: [
    "Checks the chain of the journal's lines, the definition, every stored content and the Workspace. Works on a copied folder, without a network. Exit code 10 when anything was changed.",
  ],
  args: [sessionArgument],
  options: [jsonOption],
  examples: [{ line: "orket verify last", does: "check the newest session" }],
  run: verify,
};
