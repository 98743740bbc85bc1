import type { PromptPart, ShownText } from "../../src/protocol/conductor";
import { disclosure } from "../ui/toolkit";
import { h } from "../ui/vdom";
import type { VNode } from "../ui/vdom";

/** A text of an agent or a file, exactly as it is. */
export function plainText(text: ShownText, label: string): VNode {
  return h(
    "div",
    {},
    h("pre", { class: "text", attrs: { tabindex: 0, role: "region", "aria-label": label } }, text.text),
    text.cutFrom !== undefined &&
      h(
        "p",
        { class: "hint" },
        `The first ${text.text.length.toLocaleString("en")} of ${text.cutFrom.toLocaleString("en")} characters. The whole text is in the session's events.`,
      ),
  );
}

const roleNames: Readonly<Record<PromptPart["role"], string>> = {
  system: "System",
  user: "User",
  assistant: "Assistant",
  tool: "Tool result",
};

/** A prompt, message by message. */
export function promptText(parts: readonly PromptPart[], key: string): VNode {
  const characters = parts.reduce((sum, part) => sum + (part.text.cutFrom ?? part.text.text.length), 0);
  return disclosure(
    [
      h("span", { class: "grow" }, "Prompt that will be sent"),
      h("span", { class: "hint" }, `${characters.toLocaleString("en")} characters`),
    ],
    { key, class: "prompt" },
    parts.map((part) =>
      h(
        "div",
        { class: "message" },
        h("div", { class: "message-role" }, roleNames[part.role]),
        plainText(part.text, `${roleNames[part.role]} message`),
      ),
    ),
  );
}
