import type { Content } from "../event/content";
import type { EventData, Message } from "../event/event";
import { currentVersions } from "../event/versions";
import type { MakingVersions } from "../event/versions";
import type { Sha256 } from "../port/digest";
import { defined } from "../model/defined";

/** A message of a prompt with its text. */
export interface MessageText {
  readonly message: Message;
  readonly text: string;
}

/** From this version on, a prompt's digest is over the digests of its contents, and not over their texts again. */
const overContents = 5;
/** From this version on, the same state gives the same prompt. */
const sameTexts = 4;

/** Whether a prompt that this version built can be built again by this engine, with the digest that it had. */
export function isBuiltAgain({ promptBuilder }: Pick<MakingVersions, "promptBuilder">): boolean {
  return promptBuilder >= sameTexts && promptBuilder <= currentVersions.promptBuilder;
}

/** The message with its text, or since version 5 the reference to it; keys in a fixed order. */
function canonicalMessage(
  message: Message,
  content: { readonly text: string } | { readonly content: Content },
) {
  if (message.role === "assistant") {
    const { role, tool_calls, attached } = message;
    return { role, ...content, ...defined({ tool_calls, attached }) };
  }
  return message.role === "tool"
    ? { role: message.role, call_id: message.call_id, ...content }
    : { role: message.role, ...content };
}

/** The digest of a whole prompt as its version makes it: over the canonical JSON of its messages. */
export function digestOfPrompt(
  all: readonly MessageText[],
  { promptBuilder }: Pick<MakingVersions, "promptBuilder">,
  sha256: Sha256,
): string {
  const canonical = all.map(({ message, text }) =>
    canonicalMessage(message, promptBuilder < overContents ? { text } : { content: message.content }),
  );
  return sha256(JSON.stringify(canonical));
}

/** The digest of a recorded prompt, whose texts are read only where its version needs them. */
export async function digestOfRecorded(
  messages: readonly Message[],
  versions: Pick<MakingVersions, "promptBuilder">,
  getText: (content: Content) => Promise<string>,
  sha256: Sha256,
): Promise<string> {
  const all: MessageText[] = [];
  for (const message of messages)
    all.push({ message, text: versions.promptBuilder < overContents ? await getText(message.content) : "" });
  return digestOfPrompt(all, versions, sha256);
}

/**
 * A text that is equal for equal prompts of two sessions that were equal before them, whatever their versions: the
 * digests of two versions cannot be compared.
 */
export function promptIdentity({ kept, added }: EventData<"prompt_built">): string {
  return JSON.stringify([
    kept,
    added.map((message) => canonicalMessage(message, { content: message.content })),
  ]);
}
