import { attemptText } from "../../engine/view/event-line";
import { eventPieces, eventsOf as recordedEventsOf } from "../../app/session/event-pieces";
import { openSnapshot } from "../../app/session/snapshot";
import type { Snapshot } from "../../app/session/snapshot";
import { provenOfSnapshot } from "../../app/session/proven";
import { OrketError } from "../../engine/error/orket-error";
import type { SessionEvent } from "../../engine/event/event";
import { stepIdOf } from "../../engine/state/place";
import { commandFacts } from "../../engine/view/transcript-facts";
import { viewSession } from "../../engine/view/session-view";
import { nearest } from "../../language/text/nearest";
import { jsonOption, sessionArgument } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodeOfError, exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import type { Output } from "../io";
import { sessionOf } from "../runtime";
import { printSession, statusOf } from "../session-text";
import { formatDuration, formatTokens } from "../text/format";
import { safeLine, safeText } from "../text/safe";
import { isFromFile } from "../../engine/model/providers";

/** The events of one run of a step, or of all runs of a step id. @throws {OrketError} usage. */
async function eventsOf(seen: Snapshot, step: string): Promise<SessionEvent[]> {
  const keys = new Set<string>();
  const events: SessionEvent[] = [];
  for await (const piece of eventPieces(recordedEventsOf(seen))) {
    for (const event of piece) {
      if (event.step === null) continue;
      keys.add(event.step);
      if (event.step === step || stepIdOf(event.step) === step) events.push(event);
    }
  }
  if (events.length > 0) return events;
  const near = nearest(step, [...keys]);
  throw new OrketError("usage", `The session has no step '${safeLine(step)}' that has begun.`, {
    hint: near === undefined ? `Steps that have: ${[...keys].join(", ")}.` : `Did you mean ${near}?`,
  });
}

function block(title: string, text: string, { style }: Output): string {
  const body = safeText(text)
    .trimEnd()
    .replace(/^(?=.)/gm, "  ");
  return body === "" ? style.bold(safeLine(title)) : `${style.bold(safeLine(title))}\n${body}`;
}

/**
 * A step's event in full, for display; undefined: it adds nothing to the others.
 * @param endedCommand whether the end of a command was shown before it
 */
async function detailOf(
  event: SessionEvent,
  seen: Snapshot,
  output: Output,
  endedCommand: boolean,
): Promise<string | undefined> {
  switch (event.type) {
    case "step_start":
      return block(
        `══ ${event.step ?? ""} (${event.data.role}), attempt ${attemptText(event.data)}`,
        "",
        output,
      );
    case "prompt_built": {
      const texts: string[] = [];
      for (const message of event.data.added) {
        if (message.role === "assistant" || message.role === "tool") continue;
        texts.push(`${message.role}:\n${await seen.readText(message.content)}`);
      }
      for (const { what, count } of event.data.omitted) texts.push(`(left out: ${count} ${what})`);
      return texts.length === 0 ? undefined : block("Prompt", texts.join("\n\n"), output);
    }
    case "model_call_end": {
      const parts = [
        `Reply ${event.data.turn}`,
        formatDuration(event.data.total_ms),
        formatTokens(event.data.tokens),
      ];
      if (event.data.model !== undefined) parts.push(event.data.model);
      const text = await seen.readText(event.data.reply);
      const notices = (event.data.notices ?? []).map((notice) => `\n(${notice})`).join("");
      return block(parts.join(", "), text + notices, output);
    }
    case "model_call_failed":
      return block(`Call failed: ${event.data.code}`, event.data.message, output);
    case "tool_call":
      return block(`Tool ${event.data.tool}`, await seen.readText(event.data.args), output);
    case "tool_result":
      return block(
        event.data.ok ? "Result" : "Result: failed",
        await seen.readText(event.data.content),
        output,
      );
    case "tool_denied":
      return block(`Denied: ${event.data.rule}`, event.data.message, output);
    case "command_start":
      return block(`Command ${event.data.command}`, event.data.argv.join(" "), output);
    case "command_end": {
      const parts = commandFacts(event.data, event.data.command).filter((part) => part !== undefined);
      return block(`Ended: ${parts.join(", ")}`, await seen.readText(event.data.summary), output);
    }
    case "question_asked":
      return block("Question", await seen.readText(event.data.text), output);
    case "question_answered": {
      const { by, verdict, answers } = event.data;
      const said = answers === undefined ? "" : JSON.stringify(answers, null, 2);
      return block(verdict === undefined ? `Answer by ${by}` : `Answer by ${by}: ${verdict}`, said, output);
    }
    case "approval_resolved":
      return block(
        `Answer by ${event.data.by}: ${event.data.decision}`,
        event.data.instruction ?? event.data.comment ?? "",
        output,
      );
    case "step_end":
      return block(
        event.data.verdict === undefined ? "Done" : `Done: ${event.data.verdict}`,
        // What a command's step reports stands at the command's end.
        event.data.turns === 0 && endedCommand ? "" : await seen.readText(event.data.summary),
        output,
      );
    case "step_failed":
      return block(`Failed: ${event.data.code}`, event.data.message, output);
    case "step_skipped":
      return block(`Skipped by ${event.data.by}`, event.data.reason, output);
    default:
      return undefined;
  }
}

async function showStep(seen: Snapshot, step: string, output: Output): Promise<void> {
  if (isFromFile(viewSession(seen.state).provider)) {
    output.line("Replies: scripted, from a file; no model was asked.");
    output.line();
  }
  let endedCommand = false;
  for (const event of await eventsOf(seen, step)) {
    const detail = await detailOf(event, seen, output, endedCommand);
    if (event.type === "command_end") endedCommand = true;
    if (detail !== undefined) output.write(`${detail}\n\n`);
  }
}

async function show(context: CommandContext): Promise<ExitCode> {
  const { io, given } = context;
  const session = await sessionOf(context);
  const seen = await (await openSnapshot(session.path)).checked();
  const view = viewSession(seen.state);
  const step = given.value("step");
  const { problem } = seen;
  const wasCutOff = view.status === "running" && session.status === "interrupted";
  if (given.flag("json")) {
    const problemJson =
      problem === undefined ? {} : { problem: { code: problem.code, message: problem.message } };
    const value =
      step === undefined
        ? { ...view, listed: session.status, ...problemJson }
        : { session: view.session, step, events: await eventsOf(seen, step), ...problemJson };
    io.stdout.line(JSON.stringify(value, null, 2));
  } else if (step !== undefined) await showStep(seen, step, io.stdout);
  else if (view.events === 0) io.stdout.line(`Session ${seen.id}: not started.`);
  else {
    printSession(view, io.stdout, wasCutOff ? statusOf(view, false) : undefined);
    const proven = await provenOfSnapshot(seen);
    if (proven.length > 0) io.stdout.line(`\nShown`);
    for (const sentence of proven) io.stdout.line(`  ${safeLine(sentence)}`);
  }
  if (problem === undefined) {
    if (wasCutOff && !given.flag("json")) {
      io.stderr.line(`The session was cut off; orket resume ${view.session} goes on with it.`);
    }
    return exitCodes.done;
  }
  io.stderr.line(`orket: ${safeText(problem.message)} Only what comes before it is shown.`);
  return exitCodeOfError(problem.code);
}

export const showCommand: Command = {
  name: "show",
  summary: "Show a session: its steps, tokens and files, or one step in full.",
  args: [sessionArgument],
  options: [
    {
      name: "step",
      value: "STEP",
      summary: "One step in full: prompt, replies, tool calls. A step of a loop is named like build#2.",
    },
    { ...jsonOption, summary: "Print the session's state as JSON; with --step, the step's events." },
  ],
  examples: [
    { line: "orket show last", does: "the newest session on one page" },
    { line: "orket show last --step build#2", does: "what the second build was asked and answered" },
  ],
  run: show,
};
