import type { ToolCall } from "../../event/event";
import type { Definition } from "../../model/definition";
import type { SessionStore } from "../../port/session-store";
import type { StepRun } from "../../state/step-run";
import { takeArguments } from "../arguments";
import { parseLoose } from "../reader/loose-json";
import { readReply } from "../reader/read-reply";

/** The first version of the call reader for which a quoted call is not performed. */
export const quotedCallsSince = 3;

/** The longest text that is searched for one call, in UTF-16 units; longer texts were cut for the model before. */
const mostSearched = 4_000_000;

const squeezed = (text: string): string => text.replace(/\s+/gu, "");

interface Found {
  readonly tool: string;
  readonly argsJson: string;
}

/** The calls of the tool that a text contains, found by the reply reader. */
function textCalls(text: string, tool: string): Found[] {
  const { calls } = readReply(text, {
    tools: [{ name: tool, parameters: [] }],
    search: "all",
    askAboutQuotes: false,
  });
  return calls.map(({ tool: name, args }) => ({
    tool: name,
    argsJson: typeof args === "string" ? args : JSON.stringify(args),
  }));
}

/** A call as the model wrote it, and the arguments that its tool takes. */
export interface WrittenCall {
  readonly call: ToolCall;
  /** JSON Schema of the arguments: an object schema. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The arguments as the tool takes them, in one spelling: two ways of writing a call are the same call. */
function meaning(argsJson: string, parameters: WrittenCall["parameters"]): string {
  const taken = takeArguments(argsJson, parameters);
  return taken.ok ? JSON.stringify(sorted(taken.args)) : argsJson;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

/** Whether a text contains the call, as a call or spelled out in another wrapping. */
function holds(text: string, { tool, argsJson }: Found, parameters: WrittenCall["parameters"]): boolean {
  // Lines of files are shown with their numbers.
  const cut = text.slice(0, mostSearched).replace(/^[ \t]*\d+\t/gm, "");
  const meant = meaning(argsJson, parameters);
  if (textCalls(cut, tool).some((one) => meaning(one.argsJson, parameters) === meant)) return true;
  const args = squeezed(argsJson);
  if (args.length <= 2 || !cut.includes(tool)) return false;
  const plain = squeezed(cut);
  // In a file that is JSON itself, the quotation is escaped.
  if (plain.includes(args) || plain.replaceAll('\\"', '"').includes(args)) return true;
  // A block that begins within a line.
  const parsed = parseLoose(argsJson)?.value;
  const values: unknown[] = typeof parsed === "object" && parsed !== null ? Object.values(parsed) : [parsed];
  return (
    plain.includes(`TOOL:${tool}`) &&
    values.every((value) => typeof value === "string" && plain.includes(squeezed(value)))
  );
}

/**
 * Whether a call that was written as text appears word for word in something that the step has read: a file, a result, a
 * note, a summary. Then it is data that the model repeats, not its own decision. What the definition itself contains
 * (prompt, instruction, task) does not count as read. The call is compared as it was written, before its arguments are
 * corrected.
 */
export async function isQuotedCall(
  { call, parameters }: WrittenCall,
  run: StepRun,
  { flow, band }: Definition,
  store: Pick<SessionStore, "getText">,
): Promise<boolean> {
  if (run.reply === null) return false;
  const argsJson = await store.getText(call.args);
  const found = { tool: call.tool, argsJson };
  const written = textCalls(await store.getText(run.reply.content), call.tool);
  if (!written.some((one) => one.argsJson === argsJson)) return false;
  const role = Object.hasOwn(band.roles, run.node.role) ? band.roles[run.node.role] : undefined;
  const told = [role?.prompt ?? "", run.instruction, run.node.instruction, flow.task];
  if (told.some((text) => holds(text, found, parameters))) return false;
  for (const message of run.prompt?.messages ?? []) {
    if (message.role === "assistant") continue;
    if (holds(await store.getText(message.content), found, parameters)) return true;
  }
  return false;
}
