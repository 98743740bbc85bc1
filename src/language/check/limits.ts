import { nodesIn } from "../../engine/model/definition";
import type { PlanNode } from "../../engine/model/definition";
import { callSettings } from "../../engine/model/definition";
import type { Definition } from "../../engine/model/definition";
import { planFlow } from "../../engine/model/plan-flow";
import { makeDiagnostic } from "../text/diagnostic";
import type { Diagnostic } from "../text/diagnostic";
import { nearestPlace, valuePlace } from "../text/places";
import { isGiven } from "../schema/read";
import { valueAt } from "../schema/schema";
import type { SourceDocument } from "../text/source";

function place(flow: SourceDocument, limit: string) {
  const path = ["limits", limit];
  if (valueAt(flow.value, path) !== undefined) return valuePlace(flow, path);
  return isGiven(flow, ["limits"]) ? nearestPlace(flow, path) : nearestPlace(flow, ["name"]);
}

/** Limits that prevent a run from completing even when all goes well: every step once, with one call. */
export function limitWarnings(flow: SourceDocument, definition: Definition): Diagnostic[] {
  const { limits, conductor } = definition.flow;
  if (limits.model_calls === undefined && limits.total_tokens === undefined) return [];
  const needed = { calls: 0, output: 0, first: "" };
  const walk = (nodes: readonly PlanNode[]): void => {
    for (const node of nodes) {
      // A step with a condition, or with an item for each run, may not run at all.
      if (node.when !== undefined || node.kind === "each") continue;
      if (node.kind !== "step") walk(nodesIn(node));
      else if (node.does === undefined && !conductor.disabled_roles.includes(node.role)) {
        needed.calls++;
        const output = callSettings(definition, node.role).max_output_tokens;
        if (output > needed.output) Object.assign(needed, { output, first: node.id });
      }
    }
  };
  walk(definition.score.steps);
  const found: Diagnostic[] = [];
  if (limits.model_calls !== undefined && limits.model_calls < needed.calls) {
    const message = `${limits.model_calls} model calls cannot be enough: the Score has ${needed.calls} steps, and each needs one at least.`;
    found.push(
      makeDiagnostic(flow, "orket/limit-too-small", place(flow, "model_calls"), message, {
        severity: "warning",
      }),
    );
  }
  if (limits.total_tokens !== undefined && limits.total_tokens < needed.output) {
    const message = `${limits.total_tokens} tokens cannot be enough: a call of the step '${needed.first}' reserves ${needed.output} for its reply alone.`;
    found.push(
      makeDiagnostic(flow, "orket/limit-too-small", place(flow, "total_tokens"), message, {
        severity: "warning",
      }),
    );
  }
  return found;
}

/** States the limits of a run whose Flow does not set its own. */
export function defaultLimitHints(flow: SourceDocument, definition: Definition): Diagnostic[] {
  if (isGiven(flow, ["limits"])) return [];
  const { total_tokens: tokens = 0, model_calls: calls = 0, cost_usd: cost } = definition.flow.limits;
  const usd = cost === undefined ? "" : ` or ${cost} US dollars`;
  const message = `The Flow has no 'limits': a run pauses after ${tokens} tokens${usd === "" ? " or" : ","} ${calls} model calls${usd}.`;
  const at = nearestPlace(flow, ["name"]);
  return [
    makeDiagnostic(flow, "orket/default-limits", at, message, {
      severity: "hint",
      hint: "Add 'limits:' with what the work may take.",
    }),
  ];
}

/** Limits that the worst case of the plan exceeds, each with the step where it would be reached. */
export function limitHints(flow: SourceDocument, definition: Definition): Diagnostic[] {
  return planFlow(definition, { prompts: false }).limits.flatMap(({ name, limit, worst, at }) => {
    if (at === undefined || worst === undefined) return [];
    const message = `In the worst case the run needs ${worst} and pauses in the step '${at}' at this limit of ${limit}.`;
    return [makeDiagnostic(flow, "orket/limit-in-reach", place(flow, name), message, { severity: "hint" })];
  });
}
