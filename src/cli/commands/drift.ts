import { backTest } from "../../app/session/drift";
import type { BackTested } from "../../app/session/drift";
import { openSnapshot } from "../../app/session/snapshot";
import { adjustmentText } from "../../engine/view/adjustment-text";
import { jsonOption, sessionArgument } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodeOfError, exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import { sessionOf } from "../runtime";
import { plural } from "../text/format";
import { safeLine, safeText } from "../text/safe";

const recordedTexts: Readonly<Record<NonNullable<BackTested["recorded"]>, string>> = {
  open: "The run said so; nobody has decided about it.",
  taken: "The run said so, and it was applied.",
  dismissed: "The run said so, and it was dismissed.",
};

async function drift(context: CommandContext): Promise<ExitCode> {
  const { io, given } = context;
  const session = await sessionOf(context);
  const seen = await (await openSnapshot(session.path)).checked();
  const suggestions = await backTest(seen);
  const { problem } = seen;
  if (given.flag("json")) {
    io.stdout.line(JSON.stringify({ session: session.id, suggestions }, null, 2));
  } else {
    const { style } = io.stdout;
    if (suggestions.length === 0) io.stdout.line(`${session.id}: no rule sees it drift.`);
    else io.stdout.line(`${session.id}: ${plural(suggestions.length, "suggestion")}.`);
    for (const one of suggestions) {
      io.stdout.line(`\n${style.bold(safeLine(one.rule))} after ${safeLine(one.step)} (event ${one.seq})`);
      io.stdout.line(`  ${safeText(one.message)}`);
      io.stdout.line(`  Evidence    ${one.evidence.map((seq) => `event ${seq}`).join(", ")}`);
      if (one.adjustment !== undefined)
        io.stdout.line(`  Adjustment  ${safeText(adjustmentText(one.adjustment))}`);
      if (one.recorded !== undefined) io.stdout.line(`  ${recordedTexts[one.recorded]}`);
    }
  }
  if (problem === undefined) return exitCodes.done;
  io.stderr.line(`orket: ${safeText(problem.message)} What is shown is what stands before it.`);
  return exitCodeOfError(problem.code);
}

export const driftCommand: Command = {
  name: "drift",
  summary: "Ask the drift rules about a recorded session.",
  details: [
    "After each step of the session, the rules of this version look at its events: repetition, files that nobody planned, missing files, tool errors, ignored verdicts, shrinking or runaway output, spending faster than planned. Each suggestion has its evidence and an adjustment. Nothing is changed and no model is asked. docs/drift.md describes the rules.",
  ],
  args: [sessionArgument],
  options: [jsonOption],
  examples: [{ line: "orket drift last", does: "what the rules say of the newest session" }],
  run: drift,
};
