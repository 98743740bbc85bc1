import { readSession } from "../../app/session/open";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { findSession } from "../../app/session/session-list";
import { compareSessions } from "../../engine/history/compare";
import type { StepComparison, StepFacts } from "../../engine/history/compare";
import { jsonOption, sessionArgument } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodes } from "../exit-code";
import { alignColumns, formatTokens, unknown } from "../text/format";
import { safeLine } from "../text/safe";

function describe(facts: StepFacts | undefined): string {
  if (facts === undefined) return unknown;
  return [facts.verdict ?? facts.outcome, formatTokens(facts.tokens)]
    .filter((part) => part !== "")
    .join(", ");
}

function differences({ left, right, same }: StepComparison): string {
  if (left === undefined) return "only in the second";
  if (right === undefined) return "only in the first";
  const parts = [
    same.prompt ? "" : "prompt",
    same.result && same.artifacts ? "" : same.artifacts ? "reply" : "reply, artifacts",
  ].filter((part) => part !== "");
  return parts.length === 0 ? "same" : `differs: ${parts.join(", ")}`;
}

async function compare({ io, given, workDomain }: CommandContext) {
  const [first = "", second = ""] = given.positionals;
  const left = await findSession(nodeEnvironment.fs, workDomain, first);
  const right = await findSession(nodeEnvironment.fs, workDomain, second);
  const rows = compareSessions((await readSession(left.path)).events, (await readSession(right.path)).events);
  if (given.flag("json")) {
    io.stdout.line(JSON.stringify({ left: left.id, right: right.id, steps: rows }));
    return exitCodes.done;
  }
  io.stdout.line(`First   ${left.id}`);
  io.stdout.line(`Second  ${right.id}\n`);
  const table = rows.map((row) => [
    safeLine(row.key),
    differences(row),
    describe(row.left),
    describe(row.right),
  ]);
  for (const line of alignColumns([["STEP", "", "FIRST", "SECOND"], ...table]))
    io.stdout.line(line.trimEnd());
  return exitCodes.done;
}

export const compareCommand: Command = {
  name: "compare",
  summary: "Put two sessions side by side, step by step.",
  details: ["Says for each step whether prompt, reply and artifacts are the same, and what each cost."],
  args: [sessionArgument, { ...sessionArgument, name: "OTHER" }],
  options: [jsonOption],
  examples: [{ line: "orket compare k3f9 last", does: "a session and its fork" }],
  run: compare,
};
