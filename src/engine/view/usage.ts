import type { SessionEvent } from "../event/event";
import type { TokenCount } from "../event/tokens";
import { stepIdOf } from "../state/place";

/** Tokens of many calls, by how they are known. */
export interface Counted {
  readonly measured: number;
  readonly estimated: number;
  /** Calls whose count is unknown: what they used is in no number. */
  readonly unknownCalls: number;
}

/** What calls used together. `cached` is a part of `input`. */
export interface Usage {
  readonly calls: number;
  readonly failedCalls: number;
  readonly input: Counted;
  readonly cached: Counted;
  readonly output: Counted;
  readonly costUsd: number;
  /** Calls whose cost is unknown. */
  readonly unpricedCalls: number;
}

/** The use of a role, or of all runs of a step. */
export interface UsageRow {
  readonly name: string;
  readonly usage: Usage;
}

const nothing: Counted = { measured: 0, estimated: 0, unknownCalls: 0 };
export const noUsage: Usage = {
  calls: 0,
  failedCalls: 0,
  input: nothing,
  cached: nothing,
  output: nothing,
  costUsd: 0,
  unpricedCalls: 0,
};

function countedOf(count: TokenCount | undefined): Counted {
  return count === undefined ? { ...nothing, unknownCalls: 1 } : { ...nothing, [count.source]: count.count };
}

function addCounted(a: Counted, b: Counted): Counted {
  return {
    measured: a.measured + b.measured,
    estimated: a.estimated + b.estimated,
    unknownCalls: a.unknownCalls + b.unknownCalls,
  };
}

export function addUse(a: Usage, b: Usage): Usage {
  return {
    calls: a.calls + b.calls,
    failedCalls: a.failedCalls + b.failedCalls,
    input: addCounted(a.input, b.input),
    cached: addCounted(a.cached, b.cached),
    output: addCounted(a.output, b.output),
    costUsd: a.costUsd + b.costUsd,
    unpricedCalls: a.unpricedCalls + b.unpricedCalls,
  };
}

/** All tokens of a count that are known. */
export function known({ measured, estimated }: Counted): number {
  return measured + estimated;
}

/** Sums what a session's calls used, from its events in their order: per role, per step, and together. */
export class UsageFold {
  readonly #roles = new Map<string, string>();
  readonly #byRole = new Map<string, Usage>();
  readonly #byStep = new Map<string, Usage>();
  #total = noUsage;

  take(event: SessionEvent): void {
    const { step } = event;
    if (step === null) return;
    if (event.type === "step_start") this.#roles.set(step, event.data.role);
    if (event.type === "step_end") this.#roles.delete(step);
    if (event.type === "model_call_failed") this.#add(step, { ...noUsage, failedCalls: 1 });
    if (event.type !== "model_call_end") return;
    const { tokens, cost_usd: cost } = event.data;
    this.#add(step, {
      calls: 1,
      failedCalls: 0,
      input: countedOf(tokens.input),
      // A backend that says nothing of a cache has none to speak of.
      cached: tokens.cached_input === undefined ? nothing : countedOf(tokens.cached_input),
      output: countedOf(tokens.output),
      costUsd: cost ?? 0,
      unpricedCalls: cost === undefined ? 1 : 0,
    });
  }

  get total(): Usage {
    return this.#total;
  }

  /** In the order in which they were first used. */
  get roles(): readonly UsageRow[] {
    return rowsOf(this.#byRole);
  }

  /** By the step's id in the Score: all its runs together. */
  get steps(): readonly UsageRow[] {
    return rowsOf(this.#byStep);
  }

  #add(step: string, usage: Usage): void {
    const role = this.#roles.get(step) ?? step;
    const id = stepIdOf(step);
    this.#byRole.set(role, addUse(this.#byRole.get(role) ?? noUsage, usage));
    this.#byStep.set(id, addUse(this.#byStep.get(id) ?? noUsage, usage));
    this.#total = addUse(this.#total, usage);
  }
}

function rowsOf(uses: ReadonlyMap<string, Usage>): UsageRow[] {
  return [...uses].map(([name, usage]) => ({ name, usage }));
}
