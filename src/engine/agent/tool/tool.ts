import type * as z from "zod";
import { draft } from "../../event/event";
import type { EventDraft, ToolCall } from "../../event/event";
import type { Definition, StepNode } from "../../model/definition";
import { callSettings } from "../../model/definition";
import { once } from "../../model/once";
import { toolTable } from "../../model/tools";
import type { BuiltinTool, ToolFacts } from "../../model/tools";
import type { Cancellation } from "../../port/cancellation";
import type { Sha256 } from "../../port/digest";
import type { ExternalTools } from "../../port/external-tools";
import type { GuardedFiles } from "../../port/files";
import type { LanguageFeatures } from "../../port/language-features";
import type { ToolSpec } from "../../port/model-provider";
import type { SessionStore } from "../../port/session-store";
import type { Utf8 } from "../../port/utf8";
import type { ActiveRun } from "../../state/cursor";
import type { SessionState } from "../../state/state";
import { defined } from "../../model/defined";

/** Largest file that a tool writes, in bytes. */
export const maxFileBytes = 1_000_000;

/** Maximum characters of one result: a sixth of the room for the prompt, at three bytes per token, within bounds. */
export function resultLength({ state, active }: Pick<ToolContext, "state" | "active">): number {
  const { context_tokens: size, max_output_tokens: output } = callSettings(
    state.definition,
    active.run.node.role,
  );
  return Math.min(64_000, Math.max(2000, Math.floor((size - output) / 2)));
}

/** What a tool works with. */
export interface ToolContext {
  readonly state: SessionState;
  readonly active: ActiveRun;
  readonly files: GuardedFiles;
  readonly store: SessionStore;
  readonly external: ExternalTools;
  readonly features: LanguageFeatures;
  readonly utf8: Utf8;
  readonly sha256: Sha256;
  readonly cancellation: Cancellation;
}

/** One call with what it needs, and the two ways to report that it had no effect. */
export interface Job {
  readonly call: ToolCall;
  readonly context: ToolContext;
  /** What the model is told; `ok: false` for a mistake in the call. */
  readonly result: (ok: boolean, text: string) => EventDraft;
  /** A rule of the policy denied it. */
  readonly denied: (rule: string, message: string, path?: string) => EventDraft;
}

/**
 * A tool that the engine performs. `call` returns one event: `tool_result`, `tool_denied`, or an event that changes the
 * state, from which the core makes the result; thus a crash cannot make it happen twice. It never throws because of what
 * a model asked for.
 */
export interface Tool<Args extends z.ZodType = z.ZodType> extends ToolFacts {
  readonly name: BuiltinTool;
  readonly args: Args;
  /** The tool as a step's model is told about it; undefined: this step cannot use it. Absent: the same in every step. */
  readonly inStep?: (spec: ToolSpec, node: StepNode, band: Definition["band"]) => ToolSpec | undefined;
  call(job: Job, args: z.output<Args>): Promise<EventDraft> | EventDraft;
}

/** Combines the tool with its line in the table of tools; the schema of its arguments is built when it is first asked for. */
export function defineTool<Args extends z.ZodType>(
  name: BuiltinTool,
  tool: Omit<Tool<Args>, "name" | "args" | keyof ToolFacts> & { readonly args: () => Args },
): Tool<Args> {
  const args = once(tool.args);
  return {
    name,
    ...toolTable[name],
    ...tool,
    get args() {
      return args();
    },
  };
}

/** The job of a call: `shorten` cuts its results to a part of the role's context window. */
export function jobOf(call: ToolCall, context: ToolContext, shorten: (text: string) => string): Job {
  const { key } = context.active.run;
  return {
    call,
    context,
    result: (ok, text) =>
      draft("tool_result", key, {
        call_id: call.id,
        tool: call.tool,
        ok,
        content: context.store.putText(shorten(text)),
      }),
    denied: (rule, message, path) =>
      draft("tool_denied", key, {
        call_id: call.id,
        tool: call.tool,
        rule,
        message,
        ...defined({ path }),
      }),
  };
}
