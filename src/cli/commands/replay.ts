import { replayAndProve } from "../../app/session/audit";
import type { ReplayOutcome } from "../../app/session/audit";
import { asRecordedText, divergenceCauseText } from "../../engine/history/divergence";
import { jsonOption, sessionArgument } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import { sessionOf } from "../runtime";
import { plural } from "../text/format";
import { safeText } from "../text/safe";

declare const ORKET_VERSION: string;

const longestValue = 600;

function shorten(text: string): string {
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`;
}

/** A damaged journal is not a differing replay: its contents from there on are not what was recorded. */
function codeOf({ divergence, damagedLine }: ReplayOutcome): ExitCode {
  if (damagedLine !== undefined) return exitCodes.damagedJournal;
  return divergence === undefined ? exitCodes.done : exitCodes.replayDiffers;
}

async function replay(context: CommandContext) {
  const { io, given } = context;
  const session = await sessionOf(context);
  const outcome = await replayAndProve(session.path, ORKET_VERSION);
  const { divergence, damagedLine } = outcome;
  const code = codeOf(outcome);
  if (given.flag("json")) {
    io.stdout.line(JSON.stringify({ session: session.id, ...outcome }));
    return code;
  }
  const { style } = io.stdout;
  if (divergence === undefined) {
    const size = `${plural(outcome.events, "event")}, ${plural(outcome.modelCalls, "recorded reply", "recorded replies")}`;
    io.stdout.line(`${style.green("✓")} ${session.id}: the replay is identical (${size}).`);
    const taken = asRecordedText(outcome.asRecorded);
    if (taken !== undefined) io.stdout.line(taken);
    if (!outcome.finished) io.stdout.line("The session has not ended; it was replayed as far as it got.");
    return code;
  }
  const { step, seq, type, cause, message, replayed, recorded } = divergence;
  const verdict =
    damagedLine === undefined ? "the replay differs" : `its journal is damaged at line ${damagedLine}`;
  io.stdout.line(`${style.red("✗")} ${session.id}: ${verdict}.`);
  io.stdout.line(`  Step      ${safeText(step ?? "–")}`);
  io.stdout.line(`  Event     ${seq}, ${type} (line ${seq + 1})`);
  io.stdout.line(`  Cause     ${divergenceCauseText[cause]}`);
  io.stdout.line(`  What      ${safeText(message)}`);
  io.stdout.line(`  Recorded  ${safeText(shorten(recorded))}`);
  if (replayed !== undefined) io.stdout.line(`  Replayed  ${safeText(shorten(replayed))}`);
  return code;
}

export const replayCommand: Command = {
  name: "replay",
  summary: "Replay a session from its journal, and compare.",
  details: [
    "Every decision, prompt, result and artifact is made again from what was recorded; no model is asked and no network is used. The first difference is named by step, event and cause, with exit code 9; a damaged journal is named by its line, with exit code 10.",
  ],
  args: [sessionArgument],
  options: [jsonOption],
  examples: [{ line: "orket replay last", does: "replay the newest session" }],
  run: replay,
};
