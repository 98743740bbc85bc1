import type { JSX } from "preact";
import type { DiffScreen, PromptPart, ShownText } from "../../src/protocol/conductor";
import { Disclosure } from "../ui/toolkit";
import { numberText } from "../ui/format";

/** A text from an agent or a file, unchanged. */
export function PlainText({
  text,
  label,
}: {
  readonly text: ShownText;
  readonly label: string;
}): JSX.Element {
  return (
    <div>
      <pre class="text" tabIndex={0} role="region" aria-label={label}>
        {text.text}
      </pre>
      {text.cutFrom !== undefined && (
        <p class="hint">
          {`The first ${numberText(text.text.length)} of ${numberText(text.cutFrom)} characters. The whole text is in the session's events.`}
        </p>
      )}
    </div>
  );
}

const diffClasses: Readonly<Record<string, string>> = { "+": "added", "-": "removed", "@": "place" };

/** The changes, line by line. */
export function DiffText({
  diff,
  label,
}: {
  readonly diff: DiffScreen;
  readonly label: string;
}): JSX.Element {
  return (
    <>
      <pre class="text diff" tabIndex={0} role="region" aria-label={label}>
        {diff.lines.map((line, index) => (
          <span key={index} class={diffClasses[line.charAt(0)] ?? ""}>{`${line}\n`}</span>
        ))}
      </pre>
      {diff.cut && <p class="hint">More has changed than is shown here.</p>}
    </>
  );
}

const roleNames: Readonly<Record<PromptPart["role"], string>> = {
  system: "System",
  user: "User",
  assistant: "Assistant",
  tool: "Tool result",
};

/** A prompt, message by message. */
export function PromptText({ parts }: { readonly parts: readonly PromptPart[] }): JSX.Element {
  const characters = parts.reduce((sum, part) => sum + (part.text.cutFrom ?? part.text.text.length), 0);
  const heading = (
    <>
      <span class="grow">Prompt that will be sent</span>
      <span class="hint">{`${numberText(characters)} characters`}</span>
    </>
  );
  return (
    <Disclosure heading={heading} class="prompt">
      {parts.map((part, index) => (
        <div key={index} class="message">
          <div class="message-role">{roleNames[part.role]}</div>
          <PlainText text={part.text} label={`${roleNames[part.role]} message`} />
        </div>
      ))}
    </Disclosure>
  );
}
