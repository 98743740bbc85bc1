import type { ModelMessage, ToolSpec } from "../../../engine/port/model-provider";
import { argumentsText } from "../http/chat-body";
import type { ToolNames } from "../http/chat-body";

/** A message of the chat completions API; an assistant's may carry fields that its server attached to it. */
export type OpenAiMessage =
  | { role: "system" | "user"; content: string }
  | {
      role: "assistant";
      content: string;
      tool_calls?: { id: string; type: "function"; function: { name: string; arguments: string } }[];
    }
  | { role: "tool"; tool_call_id: string; content: string };

export interface OpenAiTool {
  type: "function";
  function: { name: string; description: string; parameters: Record<string, unknown> };
}

/** Messages in the form of the chat completions API. */
export function openAiMessages(messages: readonly ModelMessage[], names: ToolNames): OpenAiMessage[] {
  return messages.map((message): OpenAiMessage => {
    if (message.role === "tool") {
      return { role: "tool", tool_call_id: message.callId, content: message.content };
    }
    if (message.role !== "assistant") return { role: message.role, content: message.content };
    const calls = message.toolCalls ?? [];
    if (calls.length === 0) return { ...message.attached, role: "assistant", content: message.content };
    return {
      ...message.attached,
      role: "assistant",
      // Empty rather than null: llama-cpp-python does not accept null, and refuses a message without it.
      content: message.content,
      tool_calls: calls.map(({ id, name, argumentsJson, attached }) => ({
        ...attached,
        id,
        type: "function",
        function: { name: names.sent(name), arguments: argumentsText(argumentsJson) },
      })),
    };
  });
}

/** Tools in the form of the chat completions API. */
export function openAiTools(tools: readonly ToolSpec[], names: ToolNames): OpenAiTool[] {
  return tools.map(({ name, description, parameters }) => ({
    type: "function",
    function: { name: names.sent(name), description, parameters: { ...parameters } },
  }));
}
