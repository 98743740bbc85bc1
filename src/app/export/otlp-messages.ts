import type { Content } from "../../engine/event/content";
import type { EventData, Message } from "../../engine/event/event";
import { attributes } from "./otlp-span";
import type { OtlpAttribute } from "./otlp-span";

type ReadText = (content: Content) => Promise<string>;

/** A prompt's messages as the GenAI conventions write them. */
export async function promptAttributes(
  messages: readonly Message[],
  text: ReadText,
): Promise<OtlpAttribute[]> {
  const system: unknown[] = [];
  const input: unknown[] = [];
  for (const message of messages) {
    const content = await text(message.content);
    if (message.role === "system") system.push({ type: "text", content });
    else if (message.role === "tool")
      input.push({
        role: "tool",
        parts: [{ type: "tool_call_response", id: message.call_id, response: content }],
      });
    else {
      const parts: unknown[] = content === "" ? [] : [{ type: "text", content }];
      if (message.role === "assistant") parts.push(...(await callParts(message.tool_calls ?? [], text)));
      input.push({ role: message.role, parts });
    }
  }
  return attributes({
    "gen_ai.system_instructions": system.length === 0 ? undefined : JSON.stringify(system),
    "gen_ai.input.messages": JSON.stringify(input),
  });
}

/** A reply as the GenAI conventions write it: reasoning, text, tool calls. */
export async function replyAttributes(
  data: EventData<"model_call_end">,
  text: ReadText,
): Promise<OtlpAttribute[]> {
  const content = await text(data.reply);
  const parts: unknown[] = [];
  if (data.reasoning !== undefined) parts.push({ type: "reasoning", content: await text(data.reasoning) });
  if (content !== "") parts.push({ type: "text", content });
  parts.push(...(await callParts(data.tool_calls, text)));
  const finish_reason = data.finish_reason === "tool_calls" ? "tool_call" : data.finish_reason;
  return attributes({
    "gen_ai.output.messages": JSON.stringify([{ role: "assistant", parts, finish_reason }]),
  });
}

async function callParts(
  calls: EventData<"model_call_end">["tool_calls"],
  text: ReadText,
): Promise<unknown[]> {
  const parts: unknown[] = [];
  for (const { id, tool, args } of calls)
    parts.push({ type: "tool_call", id, name: tool, arguments: await text(args) });
  return parts;
}
