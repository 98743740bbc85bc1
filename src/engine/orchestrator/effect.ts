import type { EventDraft } from "../event/event";
import type { StepRun } from "../state/step-run";

/** Work for a step run that has neither a number nor a pause of its own. */
export type PlainWork =
  | "build_prompt"
  | "finish_step"
  /** The list of an `each`, the inputs of a `use`. */
  | "open_group"
  | "close_group"
  | "ask_question"
  | "ask_command"
  /** Whether a person allows the open call of a foreign tool. */
  | "ask_foreign"
  | "start_command"
  | "finish_act";

/**
 * Work outside the core. Each effect names the step run that it is for; `key` is equal for equal work, so that work under
 * way is not begun twice, and work that a crash interrupted is begun again.
 */
export type Effect =
  | { readonly kind: PlainWork; readonly key: string; readonly step: string }
  | {
      readonly kind: "call_model";
      readonly key: string;
      readonly step: string;
      readonly call: number;
      readonly delaySeconds: number;
    }
  | {
      readonly kind: "run_command";
      readonly key: string;
      readonly step: string;
      readonly delaySeconds: number;
    }
  | { readonly kind: "run_tool"; readonly key: string; readonly step: string; readonly callId: string };

/**
 * What follows from a state: one event to record immediately, or otherwise work to do. Both empty: the session waits or is
 * over. One event at a time, so that after a crash between two events the same decision is made again.
 */
export interface Decision {
  readonly event: EventDraft | undefined;
  readonly effects: readonly Effect[];
}

export const nothing: Decision = { event: undefined, effects: [] };
export const record = (event: EventDraft): Decision => ({ event, effects: [] });
export const work = (...effects: Effect[]): Decision => ({ event: undefined, effects });

/** Plain work for a run; `turn` distinguishes the work of one turn from another's. */
export function effect(kind: PlainWork, run: StepRun, turn: number | string = 1): Effect {
  return { kind, step: run.key, key: `${run.key}/${run.attempt}/${kind}/${turn}` };
}
