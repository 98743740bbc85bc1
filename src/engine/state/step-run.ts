import type { BlobRef, Content } from "../event/content";
import type { EventData, Message, ToolCall, UnreadCall } from "../event/event";
import type { TokenUsage } from "../event/tokens";
import type { StepNode } from "../model/definition";

/** A question to a person that is still open. */
export interface PendingApproval {
  readonly id: string;
  readonly kind: "before_step" | "after_step";
  /** Digest of what is shown; an answer must carry it. */
  readonly sha256: string;
}

/** A model call under way. */
export interface OpenCall {
  readonly call: number;
  readonly attempt: number;
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

/** The model's last whole reply in the step's attempt. */
export interface Reply {
  readonly turn: number;
  readonly content: Content;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: EventData<"model_call_end">["finish_reason"];
  /** The backend's own word, where it is another one. */
  readonly finishSaid: string | undefined;
  /** Its calls were written in its text. */
  readonly fromText: boolean;
  /** The text without thoughts and calls. */
  readonly said: Content;
  /** What looks like a call and was not performed. */
  readonly unread: readonly UnreadCall[];
  readonly attached: Content | undefined;
}

/** What came of one tool call; `content` is what the model is told. */
export interface ToolOutcome {
  readonly callId: string;
  readonly tool: string;
  readonly ok: boolean;
  readonly content: Content;
}

/** One performance of one step: a step of a loop has one for each iteration. */
export interface StepRun {
  /** The step's id, with `#ITERATION` inside loops. Names the run in events. */
  readonly key: string;
  readonly node: StepNode;
  readonly iteration: readonly number[];
  /** Place among the session's step runs; undefined until it starts. */
  readonly order: number | undefined;
  /** Whether the current attempt has its step_start. */
  readonly started: boolean;
  /** Number of the last attempt that started; 0 before the first. */
  readonly attempt: number;
  /** The instruction, as a person may have changed it. */
  readonly instruction: string;
  readonly prompt: BuiltPrompt | null;
  readonly approved: boolean;
  readonly approval: PendingApproval | null;
  readonly call: OpenCall | null;
  /** The last failed try of the current turn's call. */
  readonly failedCall: EventData<"model_call_failed"> | null;
  readonly reply: Reply | null;
  readonly outcomes: readonly ToolOutcome[];
  /** The model was asked in this attempt whether a call in a quotation was meant. */
  readonly asked: boolean;
  readonly openTool: { readonly call: ToolCall; readonly done: string | null } | null;
  readonly verdict: string | undefined;
  readonly verdictReason: string | undefined;
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

/** `build` outside loops, `build#2` in the second iteration, `build#2.1` in a loop within. */
export function stepKey(id: string, iteration: readonly number[]): string {
  return iteration.length === 0 ? id : `${id}#${iteration.join(".")}`;
}

/** The step's id in a key: `build` of `build#2.1`. */
export function stepIdOf(key: string): string {
  return key.replace(/#.*$/, "");
}

/** A run before its first event. */
export function newRun(node: StepNode, iteration: readonly number[]): StepRun {
  return {
    key: stepKey(node.id, iteration),
    node,
    iteration,
    order: undefined,
    started: false,
    attempt: 0,
    instruction: node.instruction,
    prompt: null,
    approved: false,
    approval: null,
    call: null,
    failedCall: null,
    reply: null,
    outcomes: [],
    asked: false,
    openTool: null,
    verdict: undefined,
    verdictReason: undefined,
    written: {},
    tokens: {},
    costUsd: undefined,
    ended: null,
    failure: null,
    skip: null,
  };
}

/** The same run at the start of another attempt: what it wrote and cost stays. */
export function restarted(run: StepRun, instruction: string = run.instruction): StepRun {
  return {
    ...newRun(run.node, run.iteration),
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
