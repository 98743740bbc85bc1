import { labelOf, sessionWords } from "../engine/view/session-label";
import type { ArtifactView, SessionView, StepView } from "../engine/view/session-view";
import { unboundedText } from "../engine/model/tools";
import { adjustmentText } from "../engine/view/adjustment-text";
import type { Output } from "./io";
import { stepDuration } from "./run/describe";
import {
  alignColumns,
  formatBytes,
  formatDuration,
  formatTime,
  formatTokens,
  formatUsd,
  plural,
} from "./text/format";
import { safeLine } from "./text/safe";
import { cutToWidth } from "./text/width";
import { isFromFile } from "../engine/model/providers";

const statusMarks: Readonly<Record<StepView["status"], string>> = {
  planned: "·",
  running: "▸",
  waiting: "?",
  done: "✓",
  failed: "✗",
  skipped: "–",
};

const changeMarks: Readonly<Record<ArtifactView["change"], string>> = {
  added: "A",
  changed: "M",
  deleted: "D",
  renamed: "R",
};

/** What a session is doing, in the shared vocabulary, with the reason of a pause. */
export function statusOf(view: SessionView, performed = true): string {
  const word = sessionWords[labelOf(view, performed)];
  const reason = view.status === "paused" ? view.pause?.reason : undefined;
  return reason === undefined || reason === "step_failed" ? word : `${word} (${reason})`;
}

function stepRow(step: StepView): string[] {
  const duration =
    step.startedAt === undefined
      ? undefined
      : stepDuration({ startedAt: step.startedAt, endedAt: step.endedAt });
  const result = step.verdict ?? (step.status === "done" ? "" : step.status);
  return [
    `  ${step.red === true && step.status === "done" ? statusMarks.failed : statusMarks[step.status]} ${step.key}`,
    step.role,
    result,
    step.turns === 0 ? "" : plural(step.turns, "call"),
    duration === undefined ? "" : formatDuration(duration),
    step.status === "planned" ? "" : formatTokens(step.tokens),
    step.reason === undefined ? "" : safeLine(step.reason),
  ];
}

function artifactRow({ path, change, decision, content, step }: ArtifactView): string[] {
  const size = content === null ? "" : formatBytes(content.bytes);
  return [`  ${changeMarks[change]} ${safeLine(path)}`, size, `by ${step}`, decision];
}

/** The summary of a session on one page. The journal alone cannot distinguish a running session from an interrupted one. */
export function printSession(view: SessionView, output: Output, status = statusOf(view)): void {
  const { style } = output;
  const facts: string[][] = [
    ["Session", view.session],
    ["Status", status],
    ...(view.ending === undefined ? [] : [["", safeLine(view.ending)]]),
    ["Started", `${formatTime(view.startedAt)} UTC`],
    ["Task", safeLine(view.task)],
  ];
  if (isFromFile(view.provider)) facts.push(["Replies", "scripted: from a file, no model was asked"]);
  if (view.digestChanges !== undefined) {
    const moves = plural(view.digestChanges, "move");
    facts.push(["Models", `${moves} to a model that is another one or cannot be shown to be the same`]);
  }
  for (const name of view.foreignTools ?? []) facts.push(["Unbounded", `it ${unboundedText(name)}`]);
  facts.push(
    ["Model calls", String(view.modelCalls)],
    ["Tokens", formatTokens(view.tokens)],
    ["Cost", formatUsd(view.costUsd)],
    ["Worked", formatDuration(view.activeMs)],
  );
  for (const line of alignColumns(facts)) output.line(cutFact(line, output));
  output.line();
  output.line(style.bold("Steps"));
  for (const line of alignColumns(view.steps.map(stepRow))) output.line(line);
  printSuggestions(view, output);
  output.line();
  if (view.artifacts.length === 0) {
    output.line("No files are proposed.");
    return;
  }
  output.line(style.bold("Files"));
  for (const line of alignColumns(view.artifacts.map(artifactRow))) output.line(line);
}

function printSuggestions({ suggestions }: SessionView, output: Output): void {
  if (suggestions.length === 0) return;
  output.line();
  output.line(output.style.bold("Suggestions"));
  for (const { id, rule, step, message, adjustment } of suggestions) {
    output.line(`  ${safeLine(id)} ${safeLine(rule)} in ${safeLine(step)}: ${safeLine(message)}`);
    if (adjustment !== undefined) output.line(`     ${safeLine(adjustmentText(adjustment))}`);
  }
}

function cutFact(line: string, output: Output): string {
  return cutToWidth(line, output.isTerminal ? output.columns : 160);
}
