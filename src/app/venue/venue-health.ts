import { defined } from "../../engine/model/defined";
import { ProviderError } from "../../engine/error/provider-error";
import type { VenueFile } from "../../engine/model/venue";
import type { Cancellation } from "../../engine/port/cancellation";
import type { Capabilities, ProviderHealth } from "../../adapters/provider/health-types";
import { checkHealth } from "../../adapters/provider/health";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { endpointsOf, tryOut } from "./capability-memory";
import type { Backend, CapabilityMemory, VenueEndpoint } from "./capability-memory";
import { factsOf } from "../../engine/model/providers";
import { missingModels } from "./missing-models";
import { grouped } from "../../engine/model/grouped";

/** Time limit for a backend to answer. */
const timeoutMs = 5000;

/** The state of a Venue's backend. */
export interface BackendHealth {
  /** Of a mesh. */
  readonly node?: string;
  readonly health: ProviderHealth;
  /** Models that the Venue requests from this backend and that are not in its list. */
  readonly missing: readonly string[];
}

/** Asks a Venue's backend whether it responds, and what it has; a mesh is asked node by node. Never throws. */
export function healthOf(venue: Backend, deps: ProviderDeps): Promise<BackendHealth[]> {
  const { provider, endpoint, api_key, headers, nodes = [] } = venue;
  const asked =
    factsOf(provider).answeredBy === "nodes"
      ? nodes.map((node) => ({ node: node.name, at: node }))
      : [{ at: { provider, endpoint, api_key, ...defined({ headers }) } }];
  return Promise.all(
    asked.map(async ({ at, ...of }) => {
      const health = await checkHealth(at, deps, timeoutMs);
      return { ...of, health, missing: missingModels(endpointsOn(venue, of), health) };
    }),
  );
}

/** What can be probed on one of the Venue's backends. */
export function endpointsOn(venue: Backend, { node }: Pick<BackendHealth, "node">): VenueEndpoint[] {
  return endpointsOf(venue).filter((at) => at.node === node);
}

/**
 * Probes what a model at an address can do, and remembers it.
 * @returns the findings; the error when the model could not be called, or the probe was cancelled.
 * @throws {OrketError} secret_missing, definition_invalid, disk_full, disk_failed.
 */
export async function tryAndKeep(
  at: VenueEndpoint,
  venue: Pick<VenueFile, "timeouts">,
  memory: CapabilityMemory,
  deps: ProviderDeps,
  cancellation: Cancellation,
): Promise<Capabilities | ProviderError> {
  try {
    const capabilities = await tryOut(at, venue, deps, cancellation);
    await memory.keep(at, capabilities);
    return capabilities;
  } catch (error) {
    if (ProviderError.is(error)) return error;
    throw error;
  }
}

/** A model with what is known of it: "qwen3:8b (loaded, 8,192 tokens)". */
export function modelText(model: ProviderHealth["models"][number]): string {
  const facts = modelFacts(model);
  return facts.length === 0 ? model.name : `${model.name} (${facts.join(", ")})`;
}

/** What is known of a model: "loaded", "8,192 tokens". */
export function modelFacts({ loaded, contextTokens }: ProviderHealth["models"][number]): string[] {
  return [
    ...(loaded === true ? ["loaded"] : []),
    ...(contextTokens === undefined ? [] : [`${grouped(contextTokens)} tokens`]),
  ];
}
