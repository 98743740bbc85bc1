import type { Message } from "../event/event";
import type { ModelMessage } from "../port/model-provider";
import type { SessionStore } from "../port/session-store";
import { defined } from "../model/defined";

type Attached = Readonly<Record<string, unknown>>;

/** The messages of a recorded prompt as they are sent: with their texts, the backend's own ids and what it attached. */
export async function sentMessages(
  messages: readonly Message[],
  store: Pick<SessionStore, "getText">,
): Promise<ModelMessage[]> {
  const sent: ModelMessage[] = [];
  const serverIds = new Map<string, string>();
  for (const message of messages) {
    const content = await store.getText(message.content);
    if (message.role === "tool") {
      const callId = serverIds.get(message.call_id) ?? message.call_id;
      sent.push({ role: "tool", callId, toolName: message.tool, content });
    } else if (message.role === "assistant") {
      const toolCalls = [];
      for (const call of message.tool_calls ?? []) {
        if (call.server_id !== undefined) serverIds.set(call.id, call.server_id);
        const attached = call.attached === undefined ? undefined : parse(await store.getText(call.attached));
        toolCalls.push({
          id: call.server_id ?? call.id,
          name: call.tool,
          argumentsJson: await store.getText(call.args),
          ...defined({ attached }),
        });
      }
      const attached =
        message.attached === undefined ? undefined : parse(await store.getText(message.attached));
      sent.push({
        role: "assistant",
        content,
        ...(toolCalls.length === 0 ? {} : { toolCalls }),
        ...defined({ attached }),
      });
    } else sent.push({ role: message.role, content });
  }
  return sent;
}

/** The engine wrote it as the JSON of an object. */
const parse = (json: string): Attached => JSON.parse(json) as Attached;

/** For models without a system role: its text becomes the beginning of the first user message. */
export function withoutSystem(messages: readonly ModelMessage[]): ModelMessage[] {
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  const others = messages.filter(({ role }) => role !== "system");
  const first = others.findIndex(({ role }) => role === "user");
  const text = system.join("\n\n");
  if (text === "") return others;
  if (first < 0) return [{ role: "user", content: text }, ...others];
  return others.map((message, index) =>
    index === first ? { role: "user", content: `${text}\n\n${message.content}` } : message,
  );
}
