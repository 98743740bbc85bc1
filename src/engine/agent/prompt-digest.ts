import type { Content } from "../event/content";
import type { Message } from "../event/event";
import type { Sha256 } from "../port/digest";
import { defined } from "../model/defined";

/** The message with its text in place of the reference, keys in a fixed order: the input of the prompt's digest. */
export function canonicalMessage(message: Message, text: string): Record<string, unknown> {
  if (message.role === "assistant") {
    const { role, tool_calls, attached } = message;
    return {
      role,
      text,
      ...defined({ tool_calls, attached }),
    };
  }
  return message.role === "tool"
    ? { role: message.role, call_id: message.call_id, text }
    : { role: message.role, text };
}

/** The digest of a whole prompt: over the canonical JSON of its messages. */
export async function promptDigest(
  messages: readonly Message[],
  getText: (content: Content) => Promise<string>,
  sha256: Sha256,
): Promise<string> {
  const canonical = [];
  for (const message of messages) canonical.push(canonicalMessage(message, await getText(message.content)));
  return sha256(JSON.stringify(canonical));
}
