import { checksOf, uncheckedPaths } from "../../app/session/checks";
import { openSnapshot } from "../../app/session/snapshot";
import { rememberShown } from "../../app/session/shown";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { artifactViews, isOpenArtifact } from "../../engine/view/session-view";
import { chooseArtifacts, filesArgument, printPatch, printStat, rowsOf, shownOf } from "../artifacts";
import { jsonOption, sessionArgument } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodeOfError, exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import { sessionOf } from "../runtime";
import { plural } from "../text/format";
import { safeText } from "../text/safe";
import { rowJson } from "./review-json";

async function diff(context: CommandContext): Promise<ExitCode> {
  const { io, given, workDomain } = context;
  const session = await sessionOf(context);
  const seen = await (await openSnapshot(session.path)).checked();
  const artifacts = artifactViews(seen.state);
  const chosen = chooseArtifacts(artifacts, given.positionals.slice(1), context, isOpenArtifact);
  const rows = await rowsOf(seen, workDomain, chosen, uncheckedPaths(await checksOf(seen)));
  const isStat = given.flag("stat");
  if (given.flag("json"))
    io.stdout.line(
      JSON.stringify(
        rows.map((row) => rowJson(row, isStat)),
        null,
        2,
      ),
    );
  else {
    if (chosen.length === 0) {
      io.stderr.line(
        artifacts.length === 0
          ? "The session proposes no files."
          : `All ${plural(artifacts.length, "file")} of the session are decided; name one to see it.`,
      );
    }
    if (isStat) printStat(rows, io.stdout);
    else printPatch(rows, io.stdout, io.stderr);
  }
  if (!isStat && rows.length > 0) await rememberShown(nodeEnvironment, session.path, shownOf(rows));
  if (seen.problem === undefined) return exitCodes.done;
  io.stderr.line(`orket: ${safeText(seen.problem.message)} Only what comes before it is shown.`);
  return exitCodeOfError(seen.problem.code);
}

export const diffCommand: Command = {
  name: "diff",
  summary: "Show what the team proposes, as a patch.",
  details: [
    "Compares the project's files as they are now with what they become when the proposal is accepted. git apply takes the whole output, with binary files, renames and permission bits. A file whose proposal conflicts with the project is shown against the version that it was made from, and stderr says so. The exit code is 0 whether there are differences or not.",
    "Where a file has several hunks, each @@ line says its number; orket accept --hunk takes it. What is printed is remembered: a proposal that has changed by the time it is accepted is refused and shown again.",
  ],
  args: [sessionArgument, filesArgument("all that wait for a decision")],
  options: [
    { name: "stat", summary: "Only the files, with how many lines are added and removed." },
    jsonOption,
  ],
  examples: [
    { line: "orket diff last", does: "everything that waits for a decision" },
    { line: "orket diff last --stat", does: "the files only" },
    { line: "orket diff last | git apply", does: "write it without Orket's record of it" },
  ],
  run: diff,
};
