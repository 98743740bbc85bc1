import type { BlobRef, Content } from "../event/content";
import type { EventData, Message, ToolCall, UnreadCall } from "../event/event";
import type { TokenUsage } from "../event/tokens";
import type { StepNode } from "../model/definition";
import { textOfJson } from "../model/field";
import type { Json } from "../model/field";
import { keyAt } from "./place";
import type { Place } from "./place";

/** A question to a person that is still open. */
export interface PendingApproval {
  readonly id: string;
  readonly kind: "before_step" | "after_step";
  /** Digest of what is shown; an answer must carry it. */
  readonly sha256: string;
  /** Of a command: what would be started, as JSON. */
  readonly shows?: Content | undefined;
}

/** A model call under way. */
export interface OpenCall {
  readonly call: number;
  readonly attempt: number;
  /** The requested model. */
  readonly model: string;
  readonly reservedTokens: number;
  readonly reservedUsd: number;
}

/** The prompt of the current turn. */
export interface BuiltPrompt {
  readonly turn: number;
  readonly messages: readonly Message[];
  readonly sha256: string;
  readonly maxTokens: number;
}

/** What the prompts of an attempt were made from, and which model they were last sent to. */
export interface PromptBasis {
  /** The role's prompt in the Band, a template. */
  readonly rolePrompt: string;
  readonly instruction: string;
  readonly provider: string;
  readonly model: string;
  /** Tokens that the context window leaves for a prompt. */
  readonly room: number;
}

/** The model's last complete reply in the step's attempt. */
export interface Reply {
  readonly turn: number;
  readonly content: Content;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: EventData<"model_call_end">["finish_reason"];
  /** The backend's own term, where it differs. */
  readonly finishSaid: string | undefined;
  /** Its calls were written in its text. */
  readonly fromText: boolean;
  /** It is the step's result, bound by a JSON Schema: nothing follows it once the result is taken. */
  readonly bySchema?: true;
  /** The text without reasoning and calls. */
  readonly said: Content;
  /** What looks like a call and was not performed. */
  readonly unread: readonly UnreadCall[];
  readonly attached: Content | undefined;
}

/** The outcome of one tool call; `content` is what the model is told. */
export interface ToolOutcome {
  readonly callId: string;
  readonly tool: string;
  readonly ok: boolean;
  readonly content: Content;
}

/** A tool call under way. */
export interface OpenTool {
  readonly call: ToolCall;
  /** What the model is told, once the work is done. */
  readonly done: string | null;
  /** The answer to the question about it; absent: none was asked, or there is no answer yet. */
  readonly answer?: { readonly allowed: true } | RefusedCall;
}

/** A call that was refused. */
export interface RefusedCall {
  readonly allowed: false;
  readonly reason: string;
  /** It appears in something that the step has read; absent: its tool is a foreign one. */
  readonly quoted?: true;
  /** Nobody could be asked. */
  readonly unasked?: true;
}

/** A question to a person that belongs to the step itself. */
export type OpenQuestion = EventData<"question_asked">;

/** How one branch or item of a group ended. */
export interface PartEnd {
  /** Key of the run whose report represents the part; for a failed part, the run that failed. */
  readonly key: string;
  /** The part's display name: the branch's id, or the item. */
  readonly label: string;
  /** Why it failed; undefined: it did not. */
  readonly failed: string | undefined;
}

/** The beginning of a group that must wait for some information, or its end, when it records its outcome. */
export interface GroupGate {
  readonly stage: "open" | "close";
  /** close: rounds or items that were performed. */
  readonly turns: number;
  readonly ends: readonly PartEnd[];
  /** close of a loop: `until` never became true, which is recorded. */
  readonly exhausted: boolean;
}

/** One run of one step: a step of a loop has one for each iteration. */
export interface StepRun {
  /** The step's id, with `#ITERATION` inside loops. Names the run in events. */
  readonly key: string;
  readonly node: StepNode;
  readonly iteration: readonly number[];
  readonly place: Place;
  /** Of a group's own runs; null: a step of the Score. */
  readonly gate: GroupGate | null;
  /** The result of its `when`; undefined: not checked yet. */
  readonly condition: { readonly holds: boolean; readonly reason: string } | undefined;
  /** Place among the session's step runs; undefined until it starts. */
  readonly order: number | undefined;
  /** Whether the current attempt has its step_start. */
  readonly started: boolean;
  /** Number of the last attempt that started; 0 before the first. */
  readonly attempt: number;
  /** The turn that the attempt began with; above 1 when it continues the conversation of the one before. */
  readonly firstTurn: number;
  /** null: nothing was sent yet. */
  readonly basis: PromptBasis | null;
  /** The instruction, possibly changed by a person. */
  readonly instruction: string;
  readonly prompt: BuiltPrompt | null;
  readonly approved: boolean;
  readonly approval: PendingApproval | null;
  readonly call: OpenCall | null;
  /** The last failed try of the current turn's call. */
  readonly failedCall: EventData<"model_call_failed"> | null;
  /** How often in a row the prompt of this turn was rejected for its length. */
  readonly overflows: number;
  readonly reply: Reply | null;
  readonly outcomes: readonly ToolOutcome[];
  /** The model was asked in this attempt whether a quoted call was meant. */
  readonly asked: boolean;
  readonly openTool: OpenTool | null;
  readonly verdict: string | undefined;
  readonly verdictReason: string | undefined;
  /** The typed answer. */
  readonly result: Json | undefined;
  /** The command under way, or the last one that ended. */
  readonly command: EventData<"command_start"> | null;
  readonly commandEnd: EventData<"command_end"> | null;
  readonly question: OpenQuestion | null;
  readonly answer: EventData<"question_answered"> | null;
  /** Why the previous attempt failed, where the step is told. */
  readonly feedback: string | undefined;
  /** Working time of the attempt, in milliseconds. */
  readonly activeMs: number;
  /** What the run wrote (blob) or deleted (null), by path. */
  readonly written: Readonly<Record<string, BlobRef | null>>;
  readonly tokens: TokenUsage;
  readonly costUsd: number | undefined;
  readonly ended: EventData<"step_end"> | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly skip: {
    readonly by: EventData<"step_skipped">["by"];
    readonly reason: string;
    /** The steps after it read the reason. */
    readonly refused?: true;
  } | null;
}

/** A run before its first event. */
export function newRun(node: StepNode, place: Place, gate: GroupGate | null = null): StepRun {
  return {
    key: keyAt(node.id, place),
    node,
    iteration: place.rounds.map(({ round }) => round),
    place,
    gate,
    condition: undefined,
    order: undefined,
    started: false,
    attempt: 0,
    firstTurn: 1,
    basis: null,
    instruction: node.instruction,
    prompt: null,
    approved: false,
    approval: null,
    call: null,
    failedCall: null,
    overflows: 0,
    reply: null,
    outcomes: [],
    asked: false,
    openTool: null,
    verdict: undefined,
    verdictReason: undefined,
    result: undefined,
    command: null,
    commandEnd: null,
    question: null,
    answer: null,
    feedback: undefined,
    activeMs: 0,
    written: {},
    tokens: {},
    costUsd: undefined,
    ended: null,
    failure: null,
    skip: null,
  };
}

/** The same run at the start of another attempt: its files and its cost are kept. */
export function restarted(run: StepRun, instruction: string = run.instruction): StepRun {
  return {
    ...newRun(run.node, run.place, run.gate),
    condition: run.condition,
    order: run.order,
    attempt: run.attempt,
    instruction,
    written: run.written,
    tokens: run.tokens,
    costUsd: run.costUsd,
  };
}

/** The run without what its backend attached to the conversation, and without its last failure. */
export function forAnotherBackend(run: StepRun): StepRun {
  const plainCall = ({ id, tool, args }: ToolCall): ToolCall => ({ id, tool, args });
  const messages = run.prompt?.messages.map((message): Message => {
    if (message.role !== "assistant") return message;
    const { attached: _, tool_calls: calls, ...plain } = message;
    return calls === undefined ? plain : { ...plain, tool_calls: calls.map(plainCall) };
  });
  return {
    ...run,
    prompt: run.prompt === null ? null : { ...run.prompt, messages: messages ?? [] },
    reply:
      run.reply === null
        ? null
        : { ...run.reply, attached: undefined, toolCalls: run.reply.toolCalls.map(plainCall) },
    failedCall: null,
  };
}

/** What `step_start` records about a run, besides the attempt. */
export function startOf(run: StepRun): Omit<EventData<"step_start">, "attempt"> {
  const { node, iteration, place, firstTurn } = run;
  const item = place.items.at(-1);
  const kind = node.does?.kind;
  const text = item === undefined ? undefined : textOfJson(item);
  return {
    id: node.id,
    role: node.role,
    ...(iteration.length === 0 ? {} : { iteration: [...iteration] }),
    ...(kind === undefined || kind === "group" ? {} : { kind }),
    ...(text === undefined ? {} : { item: text.length > 120 ? `${text.slice(0, 117)}...` : text }),
    ...(firstTurn === 1 ? {} : { from_turn: firstTurn }),
  };
}

/** Whether the Score lets an agent of the editor answer the open question: only its own `ask`, and only where it says so. */
export function agentMayAnswer({ question, node: { does } }: StepRun): boolean {
  return question?.kind === "ask" && does?.kind === "ask" && does.agent_may_answer === true;
}
