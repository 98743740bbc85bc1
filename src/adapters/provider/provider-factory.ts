import { OrketError } from "../../engine/error/orket-error";
import type { Definition } from "../../engine/model/definition";
import type { ModelProvider } from "../../engine/port/model-provider";
import { secretsOf } from "./http/access";
import { CallSlots } from "./call-slots";
import { MeshPool } from "./mesh/mesh-pool";
import { MeshProvider } from "./mesh/mesh-provider";
import type { ProviderDeps } from "./provider-deps";
import { ScriptedProvider } from "./scripted-provider";
import { factsOf, providerTable } from "../../engine/model/providers";
import type { ServerProvider } from "../../engine/model/providers";

/** The part of a Venue that determines the provider. A node of a mesh matches it with the mesh's timeouts. */
export type CallableVenue = Pick<
  Definition["venue"],
  | "provider"
  | "endpoint"
  | "api_key"
  | "headers"
  | "timeouts"
  | "replies"
  | "model"
  | "nodes"
  | "routing"
  | "same_model"
  | "slots"
>;

/**
 * Creates the provider that a Venue names, with its bound on calls.
 * @throws {OrketError} as `providerOf`.
 */
export async function createProvider(venue: CallableVenue, deps: ProviderDeps): Promise<ModelProvider> {
  const provider = await providerOf(venue, deps);
  if (venue.slots === undefined) return provider;
  const endpoint = venue.endpoint ?? factsOf(venue.provider).defaultEndpoint ?? "";
  return (deps.slots ?? new CallSlots()).bound(provider, `${venue.provider} ${endpoint}`, venue.slots);
}

/**
 * Creates the provider that a Venue names. The vendors' packages are loaded here, on first use.
 * @throws {OrketError} definition_invalid when the Venue cannot be performed here; secret_missing from `resolveSecret`.
 */
async function providerOf(venue: CallableVenue, deps: ProviderDeps): Promise<ModelProvider> {
  switch (venue.provider) {
    case "scripted":
      if (venue.replies === undefined) {
        throw new OrketError(
          "definition_invalid",
          "The Venue's provider is scripted, but it has no replies.",
          {
            hint: "Name the file with the replies: `replies: NAME.replies.yaml`.",
          },
        );
      }
      return new ScriptedProvider(venue.replies, venue.timeouts);
    case "ollama": {
      await checkAccess({ ...venue, provider: venue.provider }, deps);
      const { OllamaProvider } = await import("./ollama/provider");
      return new OllamaProvider(venue, deps);
    }
    case "openai": {
      await checkAccess({ ...venue, provider: venue.provider }, deps);
      const { OpenAiProvider } = await import("./openai/provider");
      return new OpenAiProvider(venue, deps);
    }
    case "vscode-lm":
      if (deps.vscodeLm !== undefined) return deps.vscodeLm(venue);
      throw new OrketError("definition_invalid", "The provider vscode-lm works only inside VS Code.", {
        hint: "Run the Flow from VS Code, or use a Venue with the provider ollama or openai.",
      });
    case "mesh":
      return meshProvider(venue, deps);
  }
}

async function meshProvider(venue: CallableVenue, deps: ProviderDeps): Promise<ModelProvider> {
  const { nodes = [], routing = "least_busy", same_model: sameModel = "required", timeouts, model } = venue;
  if (nodes.length === 0) {
    throw new OrketError("definition_invalid", "The Venue's provider is mesh, but it has no nodes.", {
      hint: "Name them: `nodes: [{ name: desk, provider: ollama, endpoint: http://192.168.1.10:11434 }]`.",
    });
  }
  if (new Set(nodes.map(({ name }) => name)).size < nodes.length) {
    throw new OrketError("definition_invalid", "Two nodes of the Venue have the same name.", {
      hint: "Give each node a name of its own.",
    });
  }
  for (const node of nodes) await checkAccess(node, deps);
  const pool = deps.mesh ?? new MeshPool();
  return new MeshProvider(
    { model, nodes, routing, sameModel, timeouts },
    () => pool.mesh(nodes, deps),
    ({ provider, endpoint, api_key, headers }) =>
      createProvider({ provider, endpoint, api_key, headers, timeouts }, deps),
  );
}

/** Fails before the run rather than in its first step. */
async function checkAccess(
  venue: Pick<CallableVenue, "endpoint" | "api_key" | "headers"> & { readonly provider: ServerProvider },
  deps: ProviderDeps,
): Promise<void> {
  const endpoint = venue.endpoint ?? providerTable[venue.provider].defaultEndpoint;
  if (venue.endpoint !== undefined) {
    const url = URL.canParse(venue.endpoint) ? new URL(venue.endpoint) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      throw new OrketError("definition_invalid", "The Venue's endpoint is not an http or https address.", {
        hint: "Write it in full: `endpoint: http://127.0.0.1:11434`.",
      });
    }
    if (url.username !== "" || url.password !== "") {
      throw new OrketError("definition_invalid", "The Venue's endpoint contains a user name or a password.", {
        hint: "Take it out of the address; `api_key: secret:NAME` names a stored key.",
      });
    }
  }
  const { origin } = new URL(endpoint);
  for (const reference of secretsOf(venue)) {
    await deps.confirmKey?.(reference, origin);
    await deps.resolveSecret(reference, origin);
  }
}
