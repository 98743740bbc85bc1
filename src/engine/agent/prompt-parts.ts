import { callSettings } from "../model/definition";
import { instructionsOf, pinnedSections } from "../model/pinned";
import { utf8Length } from "../model/utf8";
import { bytesOf } from "./prompt-cut";
import type { Drafted } from "./prompt-cut";
import type { Fixed, PromptContext } from "./prompt-context";
import type { Estimate } from "./prompt-tokens";

interface Part {
  readonly what: string;
  readonly tokens: number;
  readonly change: string;
}

interface Measured {
  readonly fixed: Fixed;
  readonly needed: number;
  readonly room: number;
  readonly estimate: Estimate;
  readonly toolBytes: number;
  /** The remaining part of the step's conversation, including the first two messages. */
  readonly messages: readonly Drafted[];
}

/** Why a prompt cannot fit: the room that it needs and has, its largest part, and what to change. */
export function tooLarge(context: PromptContext, sizes: Measured): string {
  const { definition, active } = context;
  const { context_tokens: size, max_output_tokens: output } = callSettings(definition, active.run.node.role);
  const { needed, room } = sizes;
  const beside = `the context window of ${size} leaves ${Math.max(0, size - output)} beside a reply of ${output}`;
  const have = room < size - output ? `${beside}, and the model server refused prompts of that size` : beside;
  const largest = partsOf(context, sizes).reduce((a, b) => (b.tokens > a.tokens ? b : a));
  return (
    `The prompt needs about ${needed} tokens, and ${have}. ` +
    `Its largest part is ${largest.what} with about ${largest.tokens} tokens: ${largest.change}, ` +
    "raise context_tokens in the Venue, or lower max_output_tokens."
  );
}

function partsOf({ active, definition, mode, tools }: PromptContext, sizes: Measured): [Part, ...Part[]] {
  const { fixed, estimate, toolBytes, messages } = sizes;
  const { role } = active.run.node;
  const tokens = (text: string): number => estimate.tokens(utf8Length(text));
  const pinned = pinnedSections(definition.band, role);
  const files = instructionsOf(definition.band, role).map(({ path }) => path);
  const listed =
    mode === "text" && tools.length > 0 ? "the role's prompt and the list of its tools" : "the role's prompt";
  const parts: [Part, ...Part[]] = [
    {
      what: `${listed} (${role})`,
      tokens: tokens(fixed.system) - tokens(pinned),
      change: "shorten it in the Band",
    },
    {
      what: files.length === 0 ? "the list of skills" : `the project's instructions (${files.join(", ")})`,
      tokens: tokens(pinned),
      change: files.length === 0 ? "list fewer skills in the Band" : "shorten them or list fewer in the Band",
    },
    { what: "the task", tokens: tokens(fixed.head), change: "shorten the task" },
    {
      what: "the step's instruction",
      tokens: tokens(fixed.tail.join("")),
      change: "shorten it in the Score",
    },
    {
      what: `the description of ${tools.length} tools`,
      tokens: estimate.tokens(toolBytes),
      change: "list fewer tools in the Band",
    },
  ];
  const turn = messages.slice(2);
  const last = turn.reduce((bytes, one) => bytes + bytesOf(one), 0);
  if (turn.length > 0) {
    parts.push({
      what: "the model's newest turn",
      tokens: estimate.tokens(last),
      change: "split the step into smaller ones",
    });
  }
  return parts;
}
