import * as z from "zod";
import type { EventDraft, ToolCall } from "../../event/event";
import { callSettings } from "../../model/definition";
import { isBuiltin } from "../../model/tools";
import { toolRegistry } from "./registry";
import { jobOf } from "./tool";
import type { ToolContext } from "./tool";

/**
 * Performs one tool call and returns the one event that says what came of it. Whatever the model asked for, this does
 * not throw for it: a mistake is a result with `ok: false`, a denial is `tool_denied`.
 */
export async function performTool(call: ToolCall, context: ToolContext): Promise<EventDraft> {
  const { run } = context.active;
  const job = jobOf(call, context, (text) => shorten(text, context));
  const role = context.state.definition.band.roles[run.node.role];
  if (role?.tools.some((name) => name === call.tool) !== true) {
    const known = role?.tools.join(", ") ?? "";
    return job.denied(
      "tool-not-listed",
      `The role ${run.node.role} may not call ${call.tool}. Its tools: ${known === "" ? "none" : known}.`,
    );
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

/** Cuts a result to a third of the role's context window (three bytes a token), and says how to get the rest. */
function shorten(text: string, { state, active }: ToolContext): string {
  const max = Math.max(2000, callSettings(state.definition, active.run.node.role).context_tokens);
  if (text.length <= max) return text;
  return `${text.slice(0, max)}\n… cut after ${max} of ${text.length} characters; read the rest with start_line and end_line.`;
}
