import type { Definition } from "../../engine/model/definition";
import { stepsOf } from "../../engine/model/plan";
import { keyInParams } from "../../engine/model/key-in-params";
import { artifactPathProblem, referencePathProblem } from "../project/paths";

/**
 * Everything that prevents a resolved definition from running, by the rules for its source files: a
 * `definition.json` can come from anywhere, and a schema cannot express all of the rules. Sentences; empty when it may run.
 */
export function definitionProblems({ flow, band, venue, score }: Definition): string[] {
  const problems: string[] = [];
  for (const reference of flow.references) {
    const problem = referencePathProblem(reference);
    if (problem !== undefined)
      problems.push(`${JSON.stringify(reference)} cannot be a reference: ${problem}.`);
  }
  const steps = stepsOf(score.steps);
  const ids = new Set<string>();
  for (const { id, role, produces, does } of steps) {
    if (does === undefined && !Object.hasOwn(band.roles, role))
      problems.push(`The Band has no role ${JSON.stringify(role)}.`);
    if (ids.has(id)) problems.push(`Two steps have the id ${JSON.stringify(id)}.`);
    ids.add(id);
    for (const file of produces) {
      const problem = file.includes("{{") ? undefined : artifactPathProblem(file);
      if (problem !== undefined) problems.push(`No step can produce ${JSON.stringify(file)}: ${problem}.`);
    }
  }
  const overrides = Object.values(venue.roles);
  for (const { venue: name } of overrides)
    if (name !== undefined && !Object.hasOwn(venue.venues ?? {}, name))
      problems.push(`The Venue sends a role to ${JSON.stringify(name)}, which is not there.`);
  const venues = [venue, ...Object.values(venue.venues ?? {})];
  for (const { params } of [...venues, ...overrides]) {
    const found = keyInParams(params);
    if (found !== undefined) problems.push(`'params.${found.join(".")}' of the Venue holds a key.`);
  }
  return problems;
}
