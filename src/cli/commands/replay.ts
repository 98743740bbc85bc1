import { replayAndProve } from "../../app/session/audit";
import { asRecordedText, divergenceCauseText } from "../../engine/history/divergence";
import { jsonOption, sessionArgument } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodes } from "../exit-code";
import { sessionOf } from "../runtime";
import { plural } from "../text/format";
import { safeText } from "../text/safe";

declare const ORKET_VERSION: string;

const longestValue = 600;

function shorten(text: string): string {
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`;
}

async function replay(context: CommandContext) {
  const { io, given } = context;
  const session = await sessionOf(context);
  const outcome = await replayAndProve(session.path, ORKET_VERSION);
  const { divergence } = outcome;
  const code = divergence === undefined ? exitCodes.done : exitCodes.replayDiffers;
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
  io.stdout.line(`${style.red("✗")} ${session.id}: the replay differs.`);
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
  summary: "Perform a session again from its journal, and compare.",
  details: [
    "Every decision, prompt, result and artifact is made again from what was recorded; no model is asked and no network is used. The first difference is named by step, event and cause, with exit code 9.",
  ],
  args: [sessionArgument],
  options: [jsonOption],
  examples: [{ line: "orket replay last", does: "replay the newest session" }],
  run: replay,
};
