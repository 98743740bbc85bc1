import { modelText } from "../../app/venue/venue-health";
import type { BackendHealth } from "../../app/venue/venue-health";
import type { ProviderHealth } from "../../adapters/provider/health-types";

/** The health of a whole Venue, for one row of a list. */
export interface VenueHealth extends ProviderHealth {
  /** Models that the Venue names and its backend does not have; for a mesh with the node: "qwen3:8b on desk". */
  readonly missing: readonly string[];
}

/** The answers of a Venue's backends in one row: a mesh answers if at least one of its nodes does. */
export function oneRow(backends: readonly BackendHealth[]): VenueHealth {
  const [first] = backends;
  if (first !== undefined && first.node === undefined) return { ...first.health, missing: first.missing };
  const silent = backends.filter(({ health }) => !health.reachable);
  const problems = backends.flatMap(({ node, health: { reachable, problem } }) =>
    reachable && problem === undefined ? [] : [`${node}: ${problem ?? "no answer"}`],
  );
  const latencies = backends.flatMap(({ health }) => health.latencyMs ?? []);
  const models = backends.flatMap(({ health }) => health.models);
  return {
    reachable: silent.length < backends.length,
    models: [...new Map(models.map((model) => [model.name, model])).values()],
    version: `${backends.length - silent.length} of ${backends.length} nodes answer`,
    missing: backends.flatMap(({ node, missing }) => missing.map((model) => `${model} on ${node}`)),
    ...(latencies.length === 0 ? {} : { latencyMs: Math.min(...latencies) }),
    ...(problems.length === 0 ? {} : { problem: problems.join(" ") }),
  };
}

/** "answers in 12 ms, 0.9.1" */
export function standingText({ reachable, version, latencyMs }: ProviderHealth): string {
  if (!reachable) return "does not answer";
  const speed = latencyMs === undefined ? "answers" : `answers in ${Math.max(1, Math.round(latencyMs))} ms`;
  return version === undefined ? speed : `${speed}, ${version}`;
}

/** The models with what is known about each: "qwen3:8b (loaded, 8,192 tokens)". */
export function modelsText({ models }: ProviderHealth): string {
  return models.map(modelText).join(", ");
}
