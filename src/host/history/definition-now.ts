import type { Definition, PlanNode } from "../../engine/model/definition";
import { resolveFlow } from "../../language";
import type { Project } from "../../language";

/**
 * A session's definition as the files state it now, on the session's own Venue, whether the Flow names it or the user
 * chose it; undefined when it equals the session's definition, or cannot run.
 */
export function definitionNow(project: Project, run: Definition): Definition | undefined {
  const { source, task, inputs } = run.flow;
  const asked = { task, inputs };
  const { definition: own } = resolveFlow(project, source, asked);
  const now =
    own?.venue.source === run.venue.source
      ? own
      : resolveFlow(project, source, { ...asked, venue: run.venue.name }).definition;
  return now === undefined || isSameDefinition(now, run) ? undefined : now;
}

/** Whether two definitions are equal, apart from what the user chose for the run alone. */
export function isSameDefinition(now: Definition, run: Definition): boolean {
  return comparable(now, run) === comparable(run, run);
}

/** What the user chose for the run alone is not a change of the files: when to ask, and a model that was left open. */
function comparable(definition: Definition, run: Definition): string {
  const { flow, venue, score } = definition;
  const model = venue.model ?? run.venue.model;
  const plain = {
    ...definition,
    flow: { ...flow, approval: "none" },
    venue: { ...venue, model },
    score: { ...score, steps: score.steps.map(withoutApproval) },
  };
  return JSON.stringify(plain, (_key, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

function withoutApproval(node: PlanNode): PlanNode {
  switch (node.kind) {
    case "step":
      return { ...node, approval: "none" };
    case "parallel":
      return { ...node, branches: node.branches.map(withoutApproval) };
    default:
      return { ...node, body: node.body.map(withoutApproval) };
  }
}
