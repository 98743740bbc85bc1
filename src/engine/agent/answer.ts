import type { Content } from "../event/content";
import type { UnreadCall } from "../event/event";
import { callSettings } from "../model/definition";
import { missingFor } from "../state/missing";
import { cutReason, isCut, unreadSentence } from "../state/reply-problems";
import type { Reply } from "../state/step-run";
import type { PromptContext } from "./prompt-context";
import type { Drafted } from "./prompt-cut";
import { textCallForm } from "./tool/text-form";
import { defined } from "../model/defined";

/** Placeholder for an empty reply: several vendors reject an assistant message without text. */
const emptyReply = "(empty reply)";

/**
 * What follows the model's reply: the unchanged reply, the results of its tool calls, and what was wrong with it
 * or is still missing.
 */
export async function answerMessages(context: PromptContext, reply: Reply): Promise<Drafted[]> {
  const { run } = context.active;
  const { getText, putText, mode } = context;
  const asCalls = mode === "native" && reply.toolCalls.length > 0;
  const drafted: Drafted[] = [await replyMessage(context, reply, asCalls)];
  const results: string[] = [];
  for (const outcome of run.outcomes) {
    const text = await getText(outcome.content);
    if (asCalls) {
      drafted.push({
        message: { role: "tool", call_id: outcome.callId, tool: outcome.tool, content: outcome.content },
        text,
      });
    } else results.push(`Result of ${outcome.tool}${outcome.ok ? "" : " (failed)"}:\n${text}`);
  }
  results.push(...problemsOf(context, reply));
  if (reply.toolCalls.length === 0) {
    const missing = missingFor(context.active, context.versions.reports).map(({ message }) => message);
    if (missing.length > 0 || results.length === 0)
      results.push(`The step is not done. ${missing.join(" ")} Do that now.`);
  }
  if (results.length > 0) {
    const text = results.join("\n\n");
    drafted.push({ message: { role: "user", content: putText(text) }, text });
  }
  return drafted;
}

async function replyMessage(
  { getText, putText }: PromptContext,
  reply: Reply,
  asCalls: boolean,
): Promise<Drafted> {
  const text = await getText(reply.content);
  const isEmpty = text.trim() === "";
  const shown = !isEmpty ? text : asCalls ? "" : emptyReply;
  const content: Content = shown === text ? reply.content : putText(shown);
  return {
    message: {
      role: "assistant",
      content,
      ...(asCalls ? { tool_calls: [...reply.toolCalls] } : {}),
      ...defined({ attached: reply.attached }),
    },
    text: shown,
  };
}

/** What the model is told about its own reply: that it was cut off, and which calls were not performed. */
function problemsOf({ active, definition, mode, tools }: PromptContext, reply: Reply): string[] {
  const told = reply.unread.map((call) => `${unreadSentence(call)} ${wanted(call)}`);
  if (reply.unread.some(({ kind }) => kind !== "quoted" && kind !== "server") && mode === "text")
    told.push(textCallForm);
  if (reply.unread.some(({ kind }) => kind === "unknown_tool"))
    told.push(`Your tools: ${tools.length === 0 ? "none" : tools.map(({ name }) => name).join(", ")}.`);
  if (isCut(reply) && reply.toolCalls.length === 0 && reply.unread.every(({ kind }) => kind !== "cut")) {
    const { max_output_tokens } = callSettings(definition, active.run.node.role);
    const advice =
      reply.finishReason === "content_filter" ? "Say it in other words." : "Answer again, and more briefly.";
    told.push(`Your reply was cut ${cutReason(reply, max_output_tokens)}. ${advice}`);
  }
  return told;
}

/** What to do instead. */
function wanted({ kind, tool }: UnreadCall): string {
  switch (kind) {
    case "cut":
      return tool === "write_file" || tool === undefined
        ? "Make it again, and write a long file in parts: first write_file with the beginning, then edit_file."
        : "Make it again, and shorter.";
    case "quoted":
      return "If it is meant, make it again, alone in your reply; if it is an example, answer without it.";
    case "not_native":
      return "Make it again by calling the tool itself.";
    case "server":
      return "Make it again, with arguments that are one valid JSON object.";
    case "unknown_tool":
      return "Use one of your own tools, or answer without one.";
    case "unreadable":
      return "Make it again in the wanted form.";
  }
}
