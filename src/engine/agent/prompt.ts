import type { Content } from "../event/content";
import type { EventData, Omission } from "../event/event";
import { callSettings } from "../model/definition";
import type { Definition } from "../model/definition";
import { utf8Length } from "../model/utf8";
import { stepSection, taskSection } from "../model/prompt-text";
import { expandTemplate } from "../model/template";
import type { ToolSpec } from "../port/model-provider";
import type { Sha256 } from "../port/digest";
import type { ActiveRun } from "../state/cursor";
import { newestChanges } from "../state/scope";
import type { StepRun } from "../state/step-run";
import type { ToolMode } from "../state/tool-mode";
import { placeholderValue, wholeId } from "./placeholder-value";
import { describeTextTools } from "./tool/text-form";
import { answerMessages } from "./answer";
import type { Drafted } from "./answer";
import { canonicalMessage } from "./prompt-digest";
import { estimatePromptTokens, estimateTokens, maxPromptTokens } from "./prompt-tokens";

export interface PromptContext {
  readonly definition: Definition;
  readonly active: ActiveRun;
  readonly mode: ToolMode;
  readonly tools: readonly ToolSpec[];
  readonly sha256: Sha256;
  /** Reads a content that a scope or a message refers to. */
  readonly getText: (content: Content) => Promise<string>;
  readonly putText: (text: string) => Content;
  /** That a person did not want the artifact, in words; undefined: nobody said so. */
  readonly refusal?: (path: string) => string | undefined;
}

export type PromptResult =
  | { readonly kind: "built"; readonly data: EventData<"prompt_built"> }
  /** What must be in the prompt does not fit the context window. */
  | { readonly kind: "too_large"; readonly message: string };

/**
 * Builds the prompt of the step's next turn: a pure function of the definition and of what the step can see. What does
 * not fit is left out oldest first and named; a prompt that cannot fit is refused here, never cut by a server.
 */
export async function buildPrompt(context: PromptContext): Promise<PromptResult> {
  const { run } = context.active;
  return run.reply === null || run.prompt === null
    ? firstPrompt(context)
    : nextPrompt(context, run.prompt, run.reply);
}

async function firstPrompt(context: PromptContext): Promise<PromptResult> {
  const { definition, active } = context;
  const { run } = active;
  const rolePrompt = definition.band.roles[run.node.role]?.prompt ?? "";
  const used = new Set<string>();
  const expand = (template: string): Promise<string> => expandFor(context, template, used);
  let system = await expand(rolePrompt);
  if (context.mode === "text" && context.tools.length > 0)
    system += `\n\n${describeTextTools(context.tools)}`;
  const feedback =
    run.feedback === undefined ? "" : `\n\nThe attempt before this one failed: ${run.feedback}`;
  const instruction = `${await expand(run.instruction)}${feedback}`;
  const task = used.has("task") ? "" : definition.flow.task;
  const head = taskSection(task);
  const tail = stepSection(run.node, run.iteration, instruction);
  const required = estimatePromptTokens(
    utf8Length(system) + utf8Length(head) + utf8Length(tail) + toolBytes(context),
    2,
  );
  const room = roomFor(context) - required;
  if (room < 0) return tooLarge(context, required);
  const omitted: Omission[] = [];
  const middle = await visibleWork(context, room, used, omitted);
  const user = `${head}${middle}${tail}`;
  return built(
    context,
    1,
    0,
    [
      { message: { role: "system", content: context.putText(system) }, text: system },
      { message: { role: "user", content: context.putText(user) }, text: user },
    ],
    omitted,
  );
}

/** The sections on what others did, newest first until the room is used: files, then notes, then reports. */
async function visibleWork(
  { active, getText, refusal }: PromptContext,
  room: number,
  used: ReadonlySet<string>,
  omitted: Omission[],
): Promise<string> {
  const { scope } = active;
  const files = new Section("artifacts", Math.floor(room / 4));
  for (const change of newestChanges(scope)) {
    const refused = refusal?.(change.path);
    if (change.content === null && refused === undefined) continue;
    const what =
      change.content === null
        ? `deleted by ${change.step}`
        : `${change.content.bytes} bytes, from ${change.step}`;
    files.add(change.path, `- ${change.path} (${what})${refused === undefined ? "" : ` ${refused}`}`);
    if (files.isFull && files.left > 50) break;
  }
  const notes = new Section("notes", Math.floor((room - files.used) / 2));
  for (const [key, value] of Object.entries(scope.notes).reverse()) notes.add(key, `- ${key}: ${value}`);
  const reports = new Section("summaries", room - files.used - notes.used);
  for (let index = scope.results.length - 1; index >= 0; index -= 1) {
    const result = scope.results.at(index);
    if (result === undefined || used.has(`summary:${result.id}`)) continue;
    if (reports.isFull) {
      reports.leaveOut(result.key, index + 1, scope.results.at(0)?.key ?? result.key);
      break;
    }
    const verdict = result.verdict === undefined ? "" : `, verdict: ${result.verdict}`;
    const summary = (await getText(result.summary)).trim();
    reports.add(result.key, `## ${result.key} (${result.role}${verdict})\n\n${summary}\n`);
  }
  let text = "";
  if (reports.lines.length > 0) text += `# What the steps before reported\n\n${reports.text()}\n`;
  if (notes.lines.length > 0) text += `# Notes\n\n${notes.text()}\n\n`;
  if (files.lines.length > 0) text += `# Files of the team\n\n${files.text()}\n\n`;
  for (const section of [reports, notes, files])
    if (section.omission !== undefined) omitted.push(section.omission);
  return text;
}

/** Lines that share some room, given newest first and shown oldest first. The first that does not fit ends it. */
class Section {
  readonly lines: string[] = [];
  used = 0;
  left = 0;
  #newest: string | undefined;
  #oldest: string | undefined;
  readonly #what: Omission["what"];
  readonly #room: number;

  constructor(what: Omission["what"], room: number) {
    this.#what = what;
    this.#room = room;
  }

  get isFull(): boolean {
    return this.left > 0;
  }

  add(name: string, line: string): void {
    // 8: a heading's share and the line end; keeps the sum of estimates above the estimate of the sum.
    const tokens = estimateTokens(utf8Length(line)) + 8;
    if (this.isFull || this.used + tokens > this.#room) this.leaveOut(name, 1, name);
    else {
      this.used += tokens;
      this.lines.push(line);
    }
  }

  /** Leaves out `count` entries from `newest` back to `oldest`. */
  leaveOut(newest: string, count: number, oldest: string): void {
    this.left += count;
    this.#newest ??= newest;
    this.#oldest = oldest;
  }

  get omission(): Omission | undefined {
    if (this.#newest === undefined || this.#oldest === undefined) return undefined;
    return { what: this.#what, count: this.left, first: this.#oldest, last: this.#newest };
  }

  text(): string {
    return [...this.lines].reverse().join("\n");
  }
}

async function nextPrompt(
  context: PromptContext,
  prompt: NonNullable<StepRun["prompt"]>,
  reply: NonNullable<StepRun["reply"]>,
): Promise<PromptResult> {
  const turn = reply.turn + 1;
  const added = await answerMessages(context, reply);
  const before: Drafted[] = [];
  for (const message of prompt.messages)
    before.push({ message, text: await context.getText(message.content) });
  const all = [...before, ...added];
  const room = roomFor(context);
  if (estimate(context, all) <= room) return built(context, turn, before.length, all, []);
  const omitted = new OmittedResults();
  const fitted = [...all];
  for (let index = 0; index < fitted.length && estimate(context, fitted) > room; index += 1) {
    const entry = fitted[index];
    if (entry === undefined || !isToolResult(entry, index)) continue;
    const name =
      entry.message.role === "tool"
        ? `${entry.message.tool} ${entry.message.call_id}`
        : `message ${index + 1}`;
    const text = `[left out so that the prompt fits: ${name}, ${utf8Length(entry.text)} bytes]`;
    if (utf8Length(text) >= utf8Length(entry.text)) continue;
    omitted.add(name);
    fitted[index] = { message: { ...entry.message, content: context.putText(text) }, text };
  }
  const needed = estimate(context, fitted);
  return needed > room ? tooLarge(context, needed) : built(context, turn, 0, fitted, omitted.list());
}

class OmittedResults {
  #names: string[] = [];
  add(name: string): void {
    this.#names.push(name);
  }
  list(): Omission[] {
    const first = this.#names[0];
    const last = this.#names.at(-1);
    return first === undefined || last === undefined
      ? []
      : [{ what: "tool_results", count: this.#names.length, first, last }];
  }
}

/** Results can be left out; the system message and the step's own message cannot. */
function isToolResult({ message }: Drafted, index: number): boolean {
  return index > 1 && (message.role === "tool" || message.role === "user");
}

function built(
  context: PromptContext,
  turn: number,
  kept: number,
  all: readonly Drafted[],
  omitted: Omission[],
): PromptResult {
  const bytes = bytesOf(all) + toolBytes(context);
  return {
    kind: "built",
    data: {
      turn,
      kept,
      added: all.slice(kept).map(({ message }) => message),
      sha256: context.sha256(JSON.stringify(all.map(({ message, text }) => canonicalMessage(message, text)))),
      estimated_tokens: estimatePromptTokens(bytes, all.length),
      max_tokens: maxPromptTokens(bytes, all.length),
      omitted,
    },
  };
}

function bytesOf(all: readonly Drafted[]): number {
  let bytes = 0;
  for (const { message, text } of all) {
    bytes += utf8Length(text);
    if (message.role === "assistant" && message.attached !== undefined)
      bytes += contentBytes(message.attached);
    if (message.role === "assistant" && message.tool_calls !== undefined) {
      for (const call of message.tool_calls)
        bytes +=
          40 + contentBytes(call.args) + (call.attached === undefined ? 0 : contentBytes(call.attached));
    }
  }
  return bytes;
}

function contentBytes(content: Content): number {
  return "text" in content ? utf8Length(content.text) : content.bytes;
}

function estimate(context: PromptContext, all: readonly Drafted[]): number {
  return estimatePromptTokens(bytesOf(all) + toolBytes(context), all.length);
}

function toolBytes({ mode, tools }: PromptContext): number {
  return mode === "native" && tools.length > 0 ? utf8Length(JSON.stringify(tools)) : 0;
}

function roomFor({ definition, active }: PromptContext): number {
  const settings = callSettings(definition, active.run.node.role);
  return settings.context_tokens - settings.max_output_tokens;
}

function tooLarge(context: PromptContext, needed: number): PromptResult {
  const { context_tokens: size, max_output_tokens: output } = callSettings(
    context.definition,
    context.active.run.node.role,
  );
  return {
    kind: "too_large",
    message:
      `The prompt needs about ${needed} tokens, and the context window of ${size} leaves ` +
      `${Math.max(0, size - output)} beside a reply of ${output}. ` +
      "Raise context_tokens in the Venue, lower max_output_tokens, or shorten the prompt.",
  };
}

function expandFor(context: PromptContext, template: string, used: Set<string>): Promise<string> {
  return expandTemplate(template, (placeholder) => {
    const { node, place } = context.active.run;
    used.add(
      placeholder.kind === "summary" ? `summary:${wholeId(placeholder.step, node)}` : placeholder.kind,
    );
    const { definition, getText } = context;
    return placeholderValue({ definition, getText, node, place, scope: context.active.scope }, placeholder);
  });
}
