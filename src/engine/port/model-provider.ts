import type { TokenUsage } from "../event/tokens";
import type { CallSettings } from "../model/definition";
import type { Cancellation } from "./cancellation";

/** A tool as the model is told about it. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema (draft-7) of the arguments: an object schema. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A message with its text loaded. */
export type ModelMessage =
  | { readonly role: "system" | "user"; readonly content: string }
  | {
      readonly role: "assistant";
      readonly content: string;
      readonly toolCalls?: readonly {
        readonly id: string;
        readonly name: string;
        readonly argumentsJson: string;
        /** As in `ModelReply`. */
        readonly attached?: Readonly<Record<string, unknown>>;
      }[];
      /** As in `ModelReply`: fields that are sent back unchanged. */
      readonly attached?: Readonly<Record<string, unknown>>;
    }
  | { readonly role: "tool"; readonly callId: string; readonly toolName: string; readonly content: string };

export interface ModelRequest {
  /**
   * Resolves when the call's beginning is in the journal, on disk; rejects when it could not be written. A provider may
   * prepare the call earlier, but sends nothing before. Absent: there is no journal.
   */
  readonly recorded?: Promise<void>;
  readonly messages: readonly ModelMessage[];
  readonly settings: CallSettings;
  /** Tools to offer in the backend's own format; empty when tool calls are sent as text. */
  readonly tools: readonly ToolSpec[];
  /** JSON Schema (draft-7) that the backend must bind the whole reply to; only where it was shown to do so. */
  readonly replySchema?: Readonly<Record<string, unknown>>;
  /** Which step asks: for scripted replies, sticky routing and logs. Never sent to a backend. */
  readonly origin: {
    readonly session: string;
    readonly stepId: string;
    readonly stepKey: string;
    readonly role: string;
    /** How many calls of this step id were answered in the session, over all its iterations. */
    readonly answeredCalls: number;
    /** How many tries of the next call have failed since, according to the journal; absent: not known. */
    readonly failedTries?: number;
    /** Which models answered the session's calls for `settings.model` so far, according to the journal. */
    readonly answeredBy?: readonly AnsweringModel[];
  };
}

/**
 * A piece of a reply, for display only. `restart`: the reply begins again elsewhere; what was shown of it is void. `waiting`: the
 * call has not begun; the backend is processing the calls of these sessions. Once it has begun, there are none.
 */
export type ModelDelta =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "restart" }
  | { readonly kind: "waiting"; readonly behind: readonly string[] };

/** A model that answered a call of a session. Without a digest it is unknown whether two of them are the same. */
export interface AnsweringModel {
  readonly node: string;
  readonly digest?: string;
}

/** What is known about the model that answers; absent where the backend does not report it. */
export interface ModelFingerprint {
  /** Of the model's files, as reported by the backend. */
  readonly digest?: string;
  readonly quantisation?: string;
  /** What runs the model, with its version. */
  readonly runtime?: string;
  readonly contextTokens?: number;
}

/** A call that was restarted on another node, or that another model may answer. */
export interface Failover {
  readonly from: string;
  readonly to: string;
  /** A sentence. */
  readonly reason: string;
  /** Whether the new node's model is a different one, or cannot be shown to be the same. */
  readonly digestChanged: boolean;
  /** What had arrived from the node that failed. */
  readonly partialText?: string;
}

export interface ModelReply {
  readonly text: string;
  readonly reasoning?: string;
  /** Complete calls, in order; `argumentsJson` as the model wrote it, possibly not valid JSON. `id` may be absent. */
  readonly toolCalls: readonly {
    readonly id?: string;
    readonly name: string;
    readonly argumentsJson: string;
    /** Fields of the call that the engine does not know, such as signatures. */
    readonly attached?: Readonly<Record<string, unknown>>;
  }[];
  /** Fields of the message that the engine does not know, including reasoning: they are sent back with it unchanged. */
  readonly attached?: Readonly<Record<string, unknown>>;
  /** The server could not parse the call that the model wrote: the server's message. `text` is the model's text, if known. */
  readonly unparsedCall?: string;
  /** The request was sent again, on a fresh connection, since the server had closed the first one. */
  readonly resent?: 1;
  readonly finishReason: "stop" | "length" | "tool_calls" | "content_filter" | "other";
  /** The backend's own term for it, where it differs. */
  readonly finishSaid?: string;
  /** Only what the backend reported (`measured`), or an adapter's own count marked `estimated`. */
  readonly usage: TokenUsage;
  readonly firstTokenMs?: number;
  readonly totalMs: number;
  /** The model that answered, as reported by the backend. */
  readonly model?: string;
  readonly node?: string;
  readonly fingerprint?: ModelFingerprint;
  /** The moves between nodes before this reply, in order. */
  readonly failovers?: readonly Failover[];
  /** The request as it was sent, without messages and keys. */
  readonly sent: Readonly<Record<string, unknown>>;
  /** What the backend could not do as asked ("seed is not supported"). */
  readonly notices?: readonly string[];
}

/**
 * Performs a model call. It does no retries and no fallback: each try is the engine's decision. Only a mesh
 * moves a call to another of its nodes, and reports every move.
 * Cancelling ends the call within 1 s with `ProviderError` `cancelled`, whatever the server does.
 */
export interface ModelProvider {
  /** @throws {ProviderError} for every failure, with what had arrived as `partialText`. */
  call(
    request: ModelRequest,
    onDelta: (delta: ModelDelta) => void,
    cancellation: Cancellation,
  ): Promise<ModelReply>;
}
