import { applyToRun } from "../../src/engine/state/apply-run";
import type { RunEvent } from "../../src/engine/state/apply-run";
import { performTool } from "../../src/engine/agent/tool/perform-tool";
import type { EventDraft, SessionEvent } from "../../src/engine/event/event";
import type { ActiveRun } from "../../src/engine/state/cursor";
import { CancelSource } from "../../src/engine/port/cancellation";
import { noExternalTools } from "../../src/engine/port/external-tools";
import type { GuardedFiles } from "../../src/engine/port/files";
import { noLanguageFeatures } from "../../src/engine/port/language-features";
import type { LanguageFeatures } from "../../src/engine/port/language-features";
import { emptyScope } from "../../src/engine/state/scope";
import { initialState } from "../../src/engine/state/state";
import { topPlace } from "../../src/engine/state/place";
import { newRun } from "../../src/engine/state/step-run";
import { sha256 } from "../../src/adapters/system/sha256";
import { nodeUtf8 } from "../../src/adapters/system/utf8";
import { builtinTools } from "../../src/engine/model/tools";
import { definitionOf, step } from "./engine-harness";
import { MemorySessionStore } from "./memory-session-store";

export interface Answered {
  readonly event: EventDraft;
  /** What the model receives. */
  readonly text: string;
  readonly ok: boolean;
}

/** One step's tools over a project, without a model or an orchestrator: a call and its result. */
export class ToolBench {
  readonly store = new MemorySessionStore();
  active: ActiveRun;
  features: LanguageFeatures = noLanguageFeatures;
  readonly #files: GuardedFiles;
  readonly definition = definitionOf([step("build", "writer")]);
  #calls = 0;

  constructor(files: GuardedFiles, contextTokens = 200_000) {
    this.#files = files;
    this.definition.venue.context_tokens = contextTokens;
    Object.assign(this.definition.band.roles["writer"] ?? {}, { tools: [...builtinTools] });
    this.active = { run: newRun(step("build", "writer"), topPlace), scope: emptyScope };
  }

  async call(tool: string, args: unknown): Promise<Answered> {
    const call = { id: `c${(this.#calls += 1)}`, tool, args: this.store.putText(JSON.stringify(args)) };
    const run = { ...this.active.run, openTool: { call, done: null } };
    const event = await performTool(
      call,
      {
        state: initialState(this.definition),
        active: { ...this.active, run },
        files: this.#files,
        store: this.store,
        external: noExternalTools,
        features: this.features,
        utf8: nodeUtf8,
        sha256,
        cancellation: new CancelSource(),
      },
      { call, parameters: {} },
    );
    const folded = applyToRun(
      { run, scope: this.active.scope },
      { ...event, seq: this.#calls, at: "2026-11-22T10:00:00.000Z" } as unknown as RunEvent & SessionEvent,
      { order: 0, patch: undefined },
    );
    if (folded.kind === "active") this.active = { run: folded.run, scope: folded.scope };
    if (event.type === "tool_result")
      return { event, ok: event.data.ok, text: await this.store.getText(event.data.content) };
    if (event.type === "tool_denied") return { event, ok: false, text: event.data.message };
    return { event, ok: true, text: folded.kind === "active" ? (folded.run.openTool?.done ?? "") : "" };
  }
}
