import type { TokenUsage } from "../event/tokens";
import type { CallSettings } from "../model/definition";
import type { Cancellation } from "./cancellation";

/** A tool as the model is told of it. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema (draft-7) of the arguments: an object schema. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A message with its text at hand. */
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
      /** As in `ModelReply`: fields that go back as they came. */
      readonly attached?: Readonly<Record<string, unknown>>;
    }
  | { readonly role: "tool"; readonly callId: string; readonly toolName: string; readonly content: string };

export interface ModelRequest {
  /**
   * Resolves when the call's beginning is in the journal, on disk; rejects when it could not be written. A provider may
   * prepare the call at once, and sends nothing anywhere before. Absent: there is no journal.
   */
  readonly recorded?: Promise<void>;
  readonly messages: readonly ModelMessage[];
  readonly settings: CallSettings;
  /** Tools to offer in the backend's own format; empty when tool calls travel as text. */
  readonly tools: readonly ToolSpec[];
  /** Which step asks: for scripted replies, sticky routing and logs. Never sent to a backend. */
  readonly origin: {
    readonly session: string;
    readonly stepId: string;
    readonly stepKey: string;
    readonly role: string;
    /** How many calls this step id has had answered in the session, over all its iterations. */
    readonly answeredCalls: number;
    /** How many tries of the next call have failed since, as the journal says; absent: not known. */
    readonly failedTries?: number;
    /** Which models answered the session's calls for `settings.model` so far, as the journal says. */
    readonly answeredBy?: readonly AnsweringModel[];
  };
}

/** A piece of a reply, for display only. `restart`: the reply begins anew elsewhere; what was shown of it is void. */
export type ModelDelta =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "restart" };

/** A model that answered a call of a session. Without a digest nobody can tell whether two of them are the same. */
export interface AnsweringModel {
  readonly node: string;
  readonly digest?: string;
}

/** What is known of the model that answers; absent where the backend does not say. */
export interface ModelFingerprint {
  /** Of the model's files, as the backend names it. */
  readonly digest?: string;
  readonly quantisation?: string;
  /** What runs the model, with its version. */
  readonly runtime?: string;
  readonly contextTokens?: number;
}

/** A call that began anew on another node, or that another model may answer. */
export interface Failover {
  readonly from: string;
  readonly to: string;
  /** A sentence. */
  readonly reason: string;
  /** Whether the new node's model is another one, or cannot be shown to be the same. */
  readonly digestChanged: boolean;
  /** What had arrived from the node that failed. */
  readonly partialText?: string;
}

export interface ModelReply {
  readonly text: string;
  readonly reasoning?: string;
  /** Whole calls, in order; `argumentsJson` as the model wrote it, perhaps not valid JSON. `id` may be absent. */
  readonly toolCalls: readonly {
    readonly id?: string;
    readonly name: string;
    readonly argumentsJson: string;
    /** Fields of the call that the engine does not know, such as signatures. */
    readonly attached?: Readonly<Record<string, unknown>>;
  }[];
  /** Fields of the message that the engine does not know, reasoning among them: they go back with it unchanged. */
  readonly attached?: Readonly<Record<string, unknown>>;
  /** The server could not parse the call that the model wrote: its words. `text` is what the model wrote, if it is known. */
  readonly unparsedCall?: string;
  /** The request went out again, on a fresh connection, since the server had closed the first one. */
  readonly resent?: 1;
  readonly finishReason: "stop" | "length" | "tool_calls" | "content_filter" | "other";
  /** The backend's own word for it, where it is another one. */
  readonly finishSaid?: string;
  /** Only what the backend reported (`measured`), or an adapter's own count marked `estimated`. */
  readonly usage: TokenUsage;
  readonly firstTokenMs?: number;
  readonly totalMs: number;
  /** The model that answered, as the backend says. */
  readonly model?: string;
  readonly node?: string;
  readonly fingerprint?: ModelFingerprint;
  /** The moves between nodes before this reply, in order. */
  readonly failovers?: readonly Failover[];
  /** The request as it went out, without messages and keys. */
  readonly sent: Readonly<Record<string, unknown>>;
  /** What the backend could not do as asked ("seed is not supported"). */
  readonly notices?: readonly string[];
}

/**
 * Performs a model call. Makes no retries and no fallback of its own: each try is the engine's decision. A mesh alone
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
