import type { ModelMessage, ToolSpec } from "../../../engine/port/model-provider";
import { argumentsObject } from "../http/chat-body";
import type { ToolNames } from "../http/chat-body";

/** A message of the chat completions API. */
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
    if (calls.length === 0) return { role: "assistant", content: message.content };
    return {
      role: "assistant",
      // Empty rather than null: llama-cpp-python takes no null, and refuses a message without it.
      content: message.content,
      tool_calls: calls.map(({ id, name, argumentsJson }) => ({
        id,
        type: "function",
        // Made again from the parsed value: servers with templates parse it and refuse what is no object.
        function: { name: names.sent(name), arguments: JSON.stringify(argumentsObject(argumentsJson)) },
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
