import * as vscode from "vscode";
import { checkHealth } from "../../adapters/provider/health";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import type { VenueFile } from "../../engine/model/venue";
import type { ProviderHealth } from "../../engine/port/model-provider";
import { contentOf } from "../../language";
import { modelName } from "../provider/model-choice";
import type { FolderProject } from "../project/project-index";

/** A backend has this long to answer. */
const timeoutMs = 5000;

/** What of a Venue says whom to ask. */
export type Backend = Pick<VenueFile, "provider" | "endpoint" | "api_key" | "nodes">;

/** The Venues of a folder whose files can be read, by name. */
export function venuesOf({ project }: FolderProject): VenueFile[] {
  const venues = [...project.sources.values()].flatMap((source) => contentOf(source, "venue") ?? []);
  return venues.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Which backend answers, and with what; a mesh is asked node by node. Never throws. */
export async function healthOf(venue: Backend, deps: ProviderDeps): Promise<ProviderHealth> {
  if (venue.provider === "vscode-lm") return editorHealth();
  if (venue.provider !== "mesh") return checkHealth(venue, deps, timeoutMs);
  const nodes = await Promise.all(
    (venue.nodes ?? []).map(async ({ name, provider, endpoint, api_key }) => ({
      name,
      health: await checkHealth({ provider, endpoint, api_key }, deps, timeoutMs),
    })),
  );
  const silent = nodes.filter(({ health }) => !health.reachable);
  const latencies = nodes.flatMap(({ health }) => health.latencyMs ?? []);
  return {
    reachable: silent.length < nodes.length,
    models: [
      ...new Map(nodes.flatMap(({ health }) => health.models.map((model) => [model.name, model]))).values(),
    ],
    version: `${nodes.length - silent.length} of ${nodes.length} nodes answer`,
    ...(latencies.length === 0 ? {} : { latencyMs: Math.min(...latencies) }),
    ...(silent.length === 0
      ? {}
      : { problem: silent.map(({ name, health }) => `${name}: ${health.problem ?? "no answer"}`).join(" ") }),
  };
}

async function editorHealth(): Promise<ProviderHealth> {
  const models = await vscode.lm.selectChatModels();
  return {
    reachable: models.length > 0,
    models: models.map((model) => ({ name: modelName(model), contextTokens: model.maxInputTokens })),
    ...(models.length > 0 ? {} : { problem: "VS Code offers no language model at the moment." }),
  };
}

/** Models that the Venue names and the backend does not have. */
export function missingModels(venue: VenueFile, { reachable, models }: ProviderHealth): string[] {
  if (!reachable || models.length === 0 || venue.provider === "scripted" || venue.provider === "vscode-lm")
    return [];
  const known = new Set(models.flatMap(({ name }) => [name, name.replace(/:latest$/, "")]));
  const wanted = [venue.model, ...Object.values(venue.roles).map(({ model }) => model)];
  return [...new Set(wanted)].filter((model): model is string => model !== undefined && !known.has(model));
}

/** "Answers in 12 ms, 0.9.1" */
export function standingText({ reachable, version, latencyMs }: ProviderHealth): string {
  if (!reachable) return "does not answer";
  const speed = latencyMs === undefined ? "answers" : `answers in ${Math.max(1, Math.round(latencyMs))} ms`;
  return version === undefined ? speed : `${speed}, ${version}`;
}

/** What is known of a model: "loaded", "8,192 tokens". */
export function modelFacts({ loaded, contextTokens }: ProviderHealth["models"][number]): string[] {
  return [
    ...(loaded === true ? ["loaded"] : []),
    ...(contextTokens === undefined ? [] : [`${contextTokens.toLocaleString("en")} tokens`]),
  ];
}

/** The models with what is known of each: "qwen3:8b (loaded, 8,192 tokens)". */
export function modelsText({ models }: ProviderHealth): string {
  return models
    .map((model) => {
      const facts = modelFacts(model);
      return facts.length === 0 ? model.name : `${model.name} (${facts.join(", ")})`;
    })
    .join(", ");
}
