import * as z from "zod";
import type { EventDraft, ToolCall } from "../../event/event";
import { commandOfTool, isBuiltin } from "../../model/tools";
import { commandResult } from "./command-tool";
import { callQuestion } from "./call-question";
import { quotedCallText, unlistedText } from "./denials";
import { asksAboutQuotations, quotationOf, quotedText } from "./quoted-call";
import type { WrittenCall } from "./quoted-call";
import { toolRegistry } from "./registry";
import { jobOf, resultLength } from "./tool";
import type { ToolContext } from "./tool";
import { entryOf } from "../../model/entry-of";

/**
 * Performs one tool call and returns the one event that records its outcome, or the question that must be answered first. Nothing that the model asks for makes this
 * throw: a mistake is a result with `ok: false`, a denial is `tool_denied`.
 * @param written the call before its arguments were converted to the form that the tool takes.
 */
export async function performTool(
  call: ToolCall,
  context: ToolContext,
  written: WrittenCall,
): Promise<EventDraft> {
  const { run } = context.active;
  const job = jobOf(call, context, (text) => shorten(text, context));
  const role = entryOf(context.state.definition.band.roles, run.node.role);
  if (role?.tools.some((name) => name === call.tool) !== true) {
    return job.denied("tool-not-listed", unlistedText(run.node.role, call.tool, role?.tools ?? []));
  }
  const command = commandOfTool(call.tool);
  // A quotation cannot pass anything to a command: it has no arguments, and a person agreed to what it runs.
  if (command !== undefined) return commandResult(command, job);
  const quotation = await openQuotation(written, context);
  if (quotation !== undefined) {
    const { state, store, sha256 } = context;
    return asksAboutQuotations(state)
      ? callQuestion("quoted_call", written.call, {
          run,
          questions: state.questions,
          store,
          sha256,
          why: quotedText(quotation),
        })
      : job.denied("quoted-call", quotedCallText(call.tool));
  }
  let args: unknown;
  try {
    args = JSON.parse(await context.store.getText(call.args));
  } catch {
    return job.result(false, "The arguments are not valid JSON.");
  }
  if (!isBuiltin(call.tool)) {
    const answer = await context.external.invoke(call.tool, args, context.cancellation);
    return job.result(answer.ok, answer.text);
  }
  const tool = toolRegistry[call.tool];
  const parsed = tool.args.safeParse(args);
  return parsed.success
    ? tool.call(job, parsed.data)
    : job.result(false, `The arguments do not fit ${call.tool}: ${z.prettifyError(parsed.error)}`);
}

/** Where the call appears in something that the step has read, unless a person has approved it. */
function openQuotation(
  { call, parameters }: WrittenCall,
  { state, active, store }: ToolContext,
): Promise<string | undefined> {
  if (active.run.openTool?.answer?.allowed === true) return Promise.resolve(undefined);
  // How the editor describes its tools is unknown to a replay, which must come to the same result.
  const known = isBuiltin(call.tool) ? parameters : {};
  return quotationOf({ call, parameters: known }, { state, active, store });
}

/** Cuts a result to a part of the role's context window, and states that it did. */
function shorten(text: string, context: ToolContext): string {
  const max = resultLength(context);
  if (text.length <= max) return text;
  const whole = text.slice(0, max).replace(/[\ud800-\udbff]$/, "");
  return `${whole}\n[cut after ${max} of ${text.length} characters; ask for less at once]`;
}
