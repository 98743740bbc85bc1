import type { EventData, Message, Omission } from "../event/event";
import { callSettings } from "../model/definition";
import { utf8Length } from "../model/utf8";
import { pinnedSections } from "../model/pinned";
import { stepSection, taskSection } from "../model/prompt-text";
import { maxPromptTokens } from "../state/calibration";
import type { StepRun } from "../state/step-run";
import { describeTextTools } from "./tool/text-form";
import { answerMessages } from "./answer";
import type { Fixed, PromptContext } from "./prompt-context";
import { bytesOf, makeRoom } from "./prompt-cut";
import type { Drafted } from "./prompt-cut";
import { digestOfPrompt } from "./prompt-digest";
import { tooLarge } from "./prompt-parts";
import { assumedDensity, estimateAt } from "./prompt-tokens";
import { expandFor } from "./prompt-values";
import { visibleWork } from "./prompt-work";
import { entryOf } from "../model/entry-of";

export type PromptResult =
  | { readonly kind: "built"; readonly data: EventData<"prompt_built"> }
  /** The required parts of the prompt do not fit the context window. */
  | { readonly kind: "too_large"; readonly message: string };

/**
 * Builds the prompt of the step's next turn: a pure function of the definition and of what the step can see. What does
 * not fit is left out and named; a prompt that cannot fit is refused here, never cut by a server. A prompt that a server
 * rejected for its length is built again with less in it.
 */
export async function buildPrompt(context: PromptContext): Promise<PromptResult> {
  const { run } = context.active;
  const { prompt, reply } = run;
  if (prompt === null) return firstPrompt(context);
  if (reply !== null) return nextPrompt(context, prompt, reply);
  return prompt.turn === 1 ? firstPrompt(context) : shorterPrompt(context, prompt);
}

async function fixedParts(context: PromptContext): Promise<Fixed> {
  const { definition, active } = context;
  const { run } = active;
  const used = new Set<string>();
  const prompt = entryOf(definition.band.roles, run.node.role)?.prompt ?? "";
  let system = (await expandFor(context, prompt, used)).join("");
  system += pinnedSections(definition.band, run.node.role);
  if (context.mode === "text" && context.tools.length > 0)
    system += `\n\n${describeTextTools(context.tools)}`;
  const feedback =
    run.feedback === undefined ? "" : `\n\nThe attempt before this one failed: ${run.feedback}`;
  const instruction = [...(await expandFor(context, run.instruction, used)), feedback];
  const head = taskSection(used.has("task") ? "" : definition.flow.task);
  return {
    system,
    head,
    tail: stepSection(run.node, run.iteration, instruction, context.bySchema),
    used,
  };
}

async function firstPrompt(context: PromptContext): Promise<PromptResult> {
  const fixed = await fixedParts(context);
  const { estimate, room } = sizesOf(context);
  const bytes = utf8Length(fixed.system) + utf8Length(fixed.head) + utf8Length(fixed.tail.join(""));
  const required = estimate.tokens(bytes + toolBytes(context) + 24);
  if (required > room) return refused(context, fixed, required);
  const omitted: Omission[] = [];
  const middle = await visibleWork(context, room - required, estimate, fixed.used, omitted);
  return built(context, 1, drafts(context, fixed, middle), omitted);
}

function drafts({ putText }: PromptContext, fixed: Fixed, middle: readonly string[]): Drafted[] {
  const { system, head, tail } = fixed;
  const parts = [head, ...middle, ...tail];
  const user = parts.join("");
  return [
    { message: { role: "system", content: putText(system) }, text: system },
    { message: { role: "user", content: putText(user, parts) }, text: user },
  ];
}

async function nextPrompt(
  context: PromptContext,
  prompt: NonNullable<StepRun["prompt"]>,
  reply: NonNullable<StepRun["reply"]>,
): Promise<PromptResult> {
  const added = await answerMessages(context, reply);
  const before = await withTexts(context, prompt.messages);
  return fitted(context, reply.turn + 1, [...before, ...added], added);
}

/** The prompt that a server rejected, with less in it. */
async function shorterPrompt(
  context: PromptContext,
  prompt: NonNullable<StepRun["prompt"]>,
): Promise<PromptResult> {
  return fitted(context, prompt.turn, await withTexts(context, prompt.messages), []);
}

async function withTexts(context: PromptContext, messages: readonly Message[]): Promise<Drafted[]> {
  const all: Drafted[] = [];
  for (const message of messages) all.push({ message, text: await context.getText(message.content) });
  return all;
}

/** @param fresh the messages that no server has counted yet. */
async function fitted(
  context: PromptContext,
  turn: number,
  all: readonly Drafted[],
  fresh: readonly Drafted[],
): Promise<PromptResult> {
  const { estimate, room } = sizesOf(context);
  // What has not been counted yet may be denser than what has.
  const freshBytes = sum(fresh);
  const more = Math.max(0, Math.ceil(freshBytes * assumedDensity) - estimate.tokens(freshBytes));
  const left = room - more - estimate.tokens(toolBytes(context));
  if (estimate.tokens(sum(all)) <= left) return built(context, turn, all, []);
  const { messages, omitted } = await makeRoom(all, {
    estimate,
    room: left,
    why: context.active.run.overflows > 0 ? "refused" : "window",
    getText: context.getText,
    putText: context.putText,
    written: writtenFiles(context.active.run),
    shorterHead: (tokens) => shorterHead(context, tokens),
  });
  const needed = estimate.tokens(sum(messages));
  return needed > left
    ? refused(context, await fixedParts(context), needed + (room - left), messages)
    : built(context, turn, messages, [...omitted]);
}

/** The step's own message with that many fewer tokens of the others' reports. */
async function shorterHead(
  context: PromptContext,
  tokens: number,
): Promise<{ text: string; omitted: readonly Omission[] }> {
  const fixed = await fixedParts(context);
  const { estimate } = sizesOf(context);
  const whole = (await visibleWork(context, Number.MAX_SAFE_INTEGER, estimate, fixed.used, [])).join("");
  const omitted: Omission[] = [];
  const room = Math.max(0, estimate.tokens(utf8Length(whole)) - tokens);
  const middle = await visibleWork(context, room, estimate, fixed.used, omitted);
  return { text: `${fixed.head}${middle.join("")}${fixed.tail.join("")}`, omitted };
}

function writtenFiles({ written }: StepRun): string {
  return Object.entries(written)
    .map(([path, content]) => (content === null ? `${path} (deleted)` : `${path} (${content.bytes} bytes)`))
    .join(", ");
}

function built(
  context: PromptContext,
  turn: number,
  all: readonly Drafted[],
  omitted: Omission[],
): PromptResult {
  const { active } = context;
  const before = active.run.prompt?.messages ?? [];
  let kept = 0;
  while (kept < before.length && isSame(before[kept], all[kept]?.message)) kept += 1;
  const bytes = sum(all) + toolBytes(context);
  const { estimate, density } = sizesOf(context);
  return {
    kind: "built",
    data: {
      turn,
      kept,
      added: all.slice(kept).map(({ message }) => message),
      sha256: digestOfPrompt(all, context.versions, context.sha256),
      estimated_tokens: estimate.tokens(bytes),
      ...(density === undefined ? {} : { tokens_per_byte: Math.round(density * 10_000) / 10_000 }),
      max_tokens: maxPromptTokens(bytes, all.length),
      omitted,
    },
  };
}

/** Whether a message is the one that was there before, and not another in its place. */
function isSame(before: Message | undefined, now: Message | undefined): boolean {
  return before === now || (now !== undefined && JSON.stringify(before) === JSON.stringify(now));
}

const sum = (all: readonly Drafted[]): number => all.reduce((bytes, one) => bytes + bytesOf(one), 0);

function toolBytes({ mode, tools }: PromptContext): number {
  return mode === "native" && tools.length > 0 ? utf8Length(JSON.stringify(tools)) : 0;
}

/** How texts are counted for the step's model, and the prompt's maximum number of tokens. */
function sizesOf({ definition, active }: PromptContext): {
  estimate: ReturnType<typeof estimateAt>;
  density: number | undefined;
  room: number;
} {
  const { run, scope } = active;
  const { model, context_tokens: size, max_output_tokens: output } = callSettings(definition, run.node.role);
  const density = entryOf(scope.densities, model);
  const estimate = estimateAt(density);
  const refusedBytes = entryOf(scope.refusedBytes, model);
  const refusedTokens = refusedBytes === undefined ? Infinity : estimate.tokens(refusedBytes);
  // Three quarters of what was rejected, and less each time; later prompts stay a tenth below it.
  const share = run.overflows > 0 ? 0.75 ** run.overflows : 0.9;
  return { estimate, density, room: Math.min(size - output, Math.floor(refusedTokens * share)) };
}

function refused(
  context: PromptContext,
  fixed: Fixed,
  needed: number,
  messages: readonly Drafted[] = [],
): PromptResult {
  const { estimate, room } = sizesOf(context);
  const tools = toolBytes(context);
  const message = tooLarge(context, { fixed, needed, room, estimate, toolBytes: tools, messages });
  return { kind: "too_large", message };
}
