import type { InputValue } from "../../model/flow";
import type { PinnedText } from "../../model/pinned-schema";
import type { SessionStore } from "../../port/session-store";
import type { ActiveRun } from "../../state/cursor";
import { takeArguments } from "../arguments";
import { readReply } from "../reader/read-reply";

/** Longest part of a call's arguments that names what it read, in UTF-16 units. */
const mostShown = 160;

interface PlaceParts {
  readonly active: ActiveRun;
  readonly inputs: Readonly<Record<string, InputValue>>;
  /** The role's instruction files. */
  readonly instructions: readonly PinnedText[];
  readonly store: Pick<SessionStore, "getText">;
  /** The tools of the step's role. */
  readonly tools: readonly string[];
}

/**
 * Where a person finds what the step has read, as the end of a sentence: which call's result, which report, note, input or
 * instruction file.
 * @param at the index of the prompt's message that contains it.
 */
export async function placeOfQuotation(
  at: number,
  isIn: (text: string) => boolean,
  { active, inputs, instructions, store, tools }: PlaceParts,
): Promise<string> {
  const { run, scope } = active;
  const messages = run.prompt?.messages ?? [];
  const message = messages[at];
  if (message?.role === "tool") {
    const call = messages
      .flatMap((one) => (one.role === "assistant" ? (one.tool_calls ?? []) : []))
      .findLast(({ id }) => id === message.call_id);
    return `the result of ${call === undefined ? message.tool : nameOf(call.tool, await store.getText(call.args))}`;
  }
  const before = messages.slice(0, at).findLast(({ role }) => role === "assistant");
  if (before !== undefined) {
    const { calls } = readReply(await store.getText(before.content), {
      tools: tools.map((name) => ({ name, parameters: [] })),
      search: "all",
      askAboutQuotes: false,
    });
    const names = calls.map(({ tool, args }) =>
      nameOf(tool, typeof args === "string" ? args : JSON.stringify(args)),
    );
    if (names.length > 0) return `the result of ${names.join(", or of ")}`;
    // The backend's own calls, whose results are told as text, are not in the reply's text.
    const heading =
      message === undefined
        ? null
        : /^Result of (\S+?)(?: \(failed\))?:/.exec(await store.getText(message.content));
    return heading?.[1] === undefined ? "what the model was told" : `the result of ${heading[1]}`;
  }
  for (let index = scope.results.length - 1; index >= 0; index -= 1) {
    const result = scope.results.at(index);
    if (result !== undefined && isIn(await store.getText(result.summary)))
      return `the report of ${result.key}`;
  }
  for (const [key, text] of Object.entries(scope.notes)) if (isIn(text)) return `the note ${key}`;
  for (const [name, value] of Object.entries(inputs))
    if (isIn(typeof value === "string" ? value : JSON.stringify(value))) return `the input ${name}`;
  const file = instructions.find(({ text }) => isIn(text));
  return file === undefined ? "the step's prompt" : `the instructions in ${file.path}`;
}

/** `read_file "a.txt"`: a call by its tool and its first text. */
function nameOf(tool: string, argsJson: string): string {
  const taken = takeArguments(argsJson, {});
  const values: unknown[] =
    taken.ok && typeof taken.args === "object" && taken.args !== null ? Object.values(taken.args) : [];
  const first = values.find((value) => typeof value === "string");
  if (first === undefined) return tool;
  const shown = first.length > mostShown ? `${first.slice(0, mostShown)}…` : first;
  return `${tool} ${JSON.stringify(shown)}`;
}
