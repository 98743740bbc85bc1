import type { ToolCall } from "../../event/event";
import { isBuiltin, isForeign, toolTable } from "../../model/tools";
import type { SessionStore } from "../../port/session-store";
import type { ActiveRun } from "../../state/cursor";
import { instructionsOf } from "../../model/pinned";
import type { SessionState } from "../../state/state";
import { takeArguments } from "../arguments";
import { parseLoose } from "../reader/loose-json";
import { readReply } from "../reader/read-reply";
import { placeOfQuotation } from "./quoted-place";

/** The first version of the call reader for which a quoted call is not performed. */
const quotedCallsSince = 3;

/** Whether a quoted call is asked about; in a definition from before such questions existed, it is refused. */
export function asksAboutQuotations({ definition }: Pick<SessionState, "definition">): boolean {
  return definition.flow.policy.quoted_calls === "ask";
}

/** What a person is told about a call that appears in something that the step has read. */
export function quotedText(place: string): string {
  return `This call appears word for word in ${place}. It may be somebody else's decision that the model repeats: approve it only if it is what the step needs.`;
}

/** The longest text that is searched for one call, in UTF-16 units; longer texts were cut for the model before. */
const mostSearched = 4_000_000;

const squeezed = (text: string): string => text.replace(/\s+/gu, "");

interface Found {
  readonly tool: string;
  readonly argsJson: string;
}

/** The calls of the tool that a text contains, found by the reply reader in the same way as in the reply. */
function textCalls(text: string, tool: string, { properties }: WrittenCall["parameters"]): Found[] {
  const names = typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
  const { calls } = readReply(text, {
    tools: [{ name: tool, parameters: names }],
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

/** Whether a text contains the call, as a call or, if it was written as text, spelled out in another wrapping. */
function holds(
  text: string,
  { tool, argsJson, asText }: Sought,
  parameters: WrittenCall["parameters"],
): boolean {
  if (!asText && !text.includes(tool)) return false;
  // Lines of files are shown with their numbers.
  const cut = text.slice(0, mostSearched).replace(/^[ \t]*\d+\t/gm, "");
  const meant = meaning(argsJson, parameters);
  if (textCalls(cut, tool, parameters).some((one) => meaning(one.argsJson, parameters) === meant))
    return true;
  if (!asText) return false;
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

interface Sought extends Found {
  /** The model wrote it in its text; otherwise it is one of the backend's own calls. */
  readonly asText: boolean;
}

/** Whether a call by the backend's own means is compared: only one that changes something. */
function isComparedAsNative(tool: string, { definition }: SessionState): boolean {
  // In older definitions, only calls in a reply's text are compared.
  if (definition.flow.policy.quoted_calls === undefined) return false;
  return isForeign(tool) || (isBuiltin(tool) && toolTable[tool].touches !== "read");
}

interface Reading {
  readonly state: SessionState;
  readonly active: ActiveRun;
  readonly store: Pick<SessionStore, "getText">;
}

/**
 * Where a call appears word for word in something that the step has read: a file, a result, a note, a summary; undefined:
 * nowhere. Then it is data that the model repeats, and may not be its own decision. What the definition itself contains
 * (prompt, instruction, task) does not count as read. The call is compared as it was written, before its arguments are
 * corrected.
 */
export async function quotationOf(
  { call, parameters }: WrittenCall,
  { state, active, store }: Reading,
): Promise<string | undefined> {
  const { run } = active;
  const { flow, band } = state.definition;
  if (run.reply === null || state.versions.callReader < quotedCallsSince) return undefined;
  const argsJson = await store.getText(call.args);
  const written = textCalls(await store.getText(run.reply.content), call.tool, parameters);
  const asText = written.some((one) => one.argsJson === argsJson);
  if (!asText && !isComparedAsNative(call.tool, state)) return undefined;
  const sought = { tool: call.tool, argsJson, asText };
  const isIn = (text: string): boolean => holds(text, sought, parameters);
  const role = Object.hasOwn(band.roles, run.node.role) ? band.roles[run.node.role] : undefined;
  const told = [role?.prompt ?? "", run.instruction, run.node.instruction, flow.task];
  if (told.some(isIn)) return undefined;
  for (const [index, message] of (run.prompt?.messages ?? []).entries()) {
    if (message.role === "assistant" || !isIn(await store.getText(message.content))) continue;
    return placeOfQuotation(index, isIn, {
      active,
      inputs: flow.inputs,
      instructions: instructionsOf(band, run.node.role),
      store,
      tools: role?.tools ?? [],
    });
  }
  return undefined;
}
