import type { TokenUsage } from "../engine/event/tokens";
import type { LimitName } from "../engine/model/flow";
import { headingOf } from "../engine/view/session-label";
import type { SessionLabel } from "../engine/view/session-label";
import type { ShownText } from "./shown-text";

export { headingOf };
export type { ShownText };
export type { LimitName, SessionLabel };

/*
 * Messages between the conductor view and the extension. The screen is data with every text included: the view
 * requests nothing, computes nothing about the session, and only sends what a person pressed.
 */

export interface PromptPart {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly text: ShownText;
}

/** A file that a step wrote or deleted. */
export interface ArtifactScreen {
  readonly path: string;
  readonly deleted: boolean;
  /** The difference from the content before the step; absent for what is not text, or too long to compare. */
  readonly diff?: DiffScreen;
}

export interface DiffScreen {
  readonly added: number;
  readonly removed: number;
  /** Lines prefixed with their sign: `+`, `-`, a space; `@@` begins a hunk. */
  readonly lines: readonly string[];
  /** More lines changed than are shown. */
  readonly cut: boolean;
}

export interface ApprovalScreen {
  readonly id: string;
  readonly kind: "before_step" | "after_step";
  /** Digest of what is shown; the answer sends it back. */
  readonly sha256: string;
  readonly step: string;
  readonly role: string;
  /** The step's instruction, as a template that can be edited. */
  readonly instruction: string;
  /** before_step: what is asked of the step, with placeholders filled, as at the end of the prompt. */
  readonly asked?: ShownText;
  /** before_step: the report that the step continues from. */
  readonly answers?: { readonly step: string; readonly verdict?: string; readonly summary: ShownText };
  /** before_step of a command: what would be started, in place of a prompt. */
  readonly command?: {
    readonly name: string;
    readonly facts: readonly { readonly label: string; readonly text: ShownText }[];
  };
  readonly prompt: readonly PromptPart[];
  readonly result?: {
    readonly summary: ShownText;
    readonly verdict?: string;
    readonly artifacts: readonly ArtifactScreen[];
  };
}

/** What a question asks for, and how it is entered. */
export interface FieldScreen {
  readonly name: string;
  readonly description?: string;
  /** `lines`: a text of several lines. */
  readonly control: "text" | "lines" | "number" | "choice" | "switch";
  /** choice: the options. */
  readonly choices?: readonly string[];
  /** How it is entered, in a few words. */
  readonly hint?: string;
  /** The initial value. */
  readonly preset?: string;
  /** It can be left empty. */
  readonly optional: boolean;
}

/** A question of the Score. */
export interface QuestionScreen {
  readonly id: string;
  readonly kind: "ask" | "accept" | "exhausted" | "happened" | "foreign_tool" | "quoted_call";
  /** Digest of what is shown; the answer sends it back. */
  readonly sha256: string;
  readonly step: string;
  readonly text: ShownText;
  /** The words to choose from; empty: no word is requested. */
  readonly words: readonly string[];
  /** Fields to fill in besides the word; for a list of questions, a field for each, named by its number. */
  readonly fields: readonly FieldScreen[];
  /** accept: the files that wait for a decision. */
  readonly paths?: readonly string[];
  /** foreign_tool, quoted_call: the tool that is called. */
  readonly tool?: string;
  /** The Score lets an agent of the editor answer it too. */
  readonly agentMayAnswer?: true;
}

/** An element of the Score around a step. */
export interface GroupScreen {
  readonly key: string;
  readonly label: string;
}

export interface StepScreen {
  readonly key: string;
  /** The groups around it, outermost first. */
  readonly groups?: readonly GroupScreen[];
  readonly role: string;
  readonly status: "planned" | "running" | "waiting" | "done" | "failed" | "skipped";
  readonly attempt: number;
  readonly tokens: TokenUsage;
  readonly costUsd?: number;
  /** From its start to its end; absent while it is at work. */
  readonly durationMs?: number;
  /** The model that its role calls; absent for commands and questions. */
  readonly model?: string;
  readonly verdict?: string;
  /** A command that did not pass. */
  readonly red?: true;
  readonly summary?: ShownText;
  /** Why it failed or was skipped. */
  readonly reason?: string;
  readonly note?: string;
  /** What it is doing right now. */
  readonly activity?: string;
}

export interface FailureScreen {
  readonly step: string;
  readonly message: string;
  /** What the user can do about it; a sentence. */
  readonly hint?: string;
  /** How a retry continues the step, after its name. */
  readonly retry?: string;
  /** The step's instruction, to edit before another try; absent where editing does not help. */
  readonly instruction?: string;
  /** A retry without a change would fail in the same way. */
  readonly needsChange?: true;
  /** The session's Venue, whose file has changed since. */
  readonly newVenue?: string;
  /** Models that the server has instead of the missing one. */
  readonly models?: readonly string[];
}

/** What a drift rule suggests. */
export interface SuggestionScreen {
  readonly id: string;
  /** The rule's name as words: `ignored verdict`. */
  readonly rule: string;
  readonly step: string;
  readonly message: string;
  /** The numbers of the events that show it. */
  readonly evidence: readonly number[];
  /** What applying it does, in a sentence; absent: there is nothing to apply. */
  readonly adjustment?: string;
  /** The text that the adjustment would send, to edit before it is applied; absent: it has none. */
  readonly text?: string;
  /** How the step's instruction would change. */
  readonly diff?: DiffScreen;
}

export interface LimitScreen {
  readonly limit: LimitName;
  readonly value: number;
  readonly used: number;
  /** A value with which the next call fits. */
  readonly proposed: number;
}

/** An adjustment that has had no effect yet. */
export interface PendingScreen {
  readonly seq: number;
  readonly text: string;
}

export interface RoleScreen {
  readonly role: string;
  readonly description?: string;
  readonly enabled: boolean;
  readonly tokens: TokenUsage;
}

/** One session, as the view shows it. */
export interface SessionScreen {
  readonly session: string;
  readonly flow: string;
  readonly task: string;
  /** Its replies come from a file: no model is asked. */
  readonly scripted: boolean;
  /** Who performs it: this window, another process (it can only be watched), or no process at the moment. */
  readonly holder: "here" | "elsewhere" | "nobody";
  /** `elsewhere`: which process performs it. */
  readonly heldBy?: string;
  readonly status: "new" | "running" | "paused" | "ended";
  /** What it is doing, in the common vocabulary. */
  readonly label: SessionLabel;
  /** The journal says that it runs, but no process performs it: the window or the machine was closed. */
  readonly interrupted: boolean;
  /** It was not written on this machine by this user. */
  readonly foreign?: true;
  readonly halting?: "pausing" | "stopping";
  readonly pause?: { readonly reason: string; readonly message: string };
  readonly outcome?: "completed" | "stopped";
  readonly approvals: readonly ApprovalScreen[];
  readonly questions: readonly QuestionScreen[];
  readonly failures: readonly FailureScreen[];
  readonly suggestions: readonly SuggestionScreen[];
  readonly pending: readonly PendingScreen[];
  readonly limit?: LimitScreen;
  readonly steps: readonly StepScreen[];
  readonly roles: readonly RoleScreen[];
  readonly artifacts: { readonly pending: number; readonly accepted: number; readonly rejected: number };
  readonly tokens: TokenUsage;
  readonly costUsd?: number;
  readonly modelCalls: number;
  /** Working time when this was sent; grows while `ticking`. */
  readonly elapsedMs: number;
  readonly ticking: boolean;
  /** What went wrong with the session itself: a damaged journal, a full disk. */
  readonly problem?: { readonly message: string; readonly hint?: string };
}

export interface FlowChoice {
  readonly folder: string;
  readonly path: string;
  readonly name: string;
  readonly description?: string;
  /** Whether it can run on the Venue that counts for the next runs. */
  readonly runnable: boolean;
}

/** The content of the view. */
export interface ConductorScreen {
  readonly place: "ready" | "no_folder" | "untrusted" | "virtual";
  readonly session: SessionScreen | null;
  /** The Venue that a person chose for the next runs; absent: each Flow's own. */
  readonly venue?: string;
  /** For the empty state: the Flows that can be run. */
  readonly flows: readonly FlowChoice[];
}

/** Streamed text to append to what the view already has; `fresh`: to replace it. */
export interface StreamPart {
  readonly step: string;
  readonly text: string;
  readonly fresh: boolean;
}

/** Longest streamed text of one step that the host sends and the view keeps, in characters: the end of it. */
export const maxStreamLength = 20_000;

/** Answers that have a command. */
export type PressedAnswer = "approve" | "skip" | "retry" | "refuse";

export type ConductorMessage =
  | {
      readonly type: "screen";
      readonly screen: ConductorScreen;
      readonly streams: Readonly<Record<string, string>>;
    }
  | { readonly type: "update"; readonly screen: ConductorScreen }
  | { readonly type: "stream"; readonly session: string; readonly parts: readonly StreamPart[] }
  /** A person pressed the command's key: the view presses its own control, which accepts it or not. */
  | { readonly type: "press"; readonly what: PressedAnswer }
  /** A person asked for this question, step or `limit`: it gets the focus. */
  | { readonly type: "focus"; readonly about: string }
  /** The outcome of a request: `problem` when it was refused. */
  | { readonly type: "answered"; readonly request: number; readonly problem?: string };
