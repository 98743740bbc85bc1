import type { Message, Tool } from "ollama/browser";
import type { ModelMessage, ToolSpec } from "../../../engine/port/model-provider";
import { argumentsObject } from "../http/chat-body";

/** Messages in the form of Ollama's chat: a tool's answer refers to the tool by name. */
export function ollamaMessages(messages: readonly ModelMessage[]): Message[] {
  return messages.map((message): Message => {
    if (message.role === "tool") {
      return { role: "tool", content: message.content, tool_name: message.toolName };
    }
    if (message.role !== "assistant") return { role: message.role, content: message.content };
    const calls = message.toolCalls ?? [];
    return {
      ...message.attached,
      role: "assistant",
      content: message.content,
      ...(calls.length === 0
        ? {}
        : {
            tool_calls: calls.map(({ name, argumentsJson, attached }) => ({
              ...attached,
              function: { name, arguments: argumentsObject(argumentsJson) },
            })),
          }),
    };
  });
}

/** Tools in the form of Ollama's chat. Their schemas are sent unchanged; the package's type is narrower than the server's. */
export function ollamaTools(tools: readonly ToolSpec[]): Tool[] {
  return tools.map(({ name, description, parameters }) => ({
    type: "function",
    function: { name, description, parameters },
  }));
}
