import { defaultOllamaEndpoint, defaultOpenAiEndpoint } from "../../adapters/provider/endpoints";
import type { Definition } from "../../engine/model/definition";
import { originOf } from "./allowed-keys";
import type { KeyUse } from "./allowed-keys";

type Backend = Pick<Definition["venue"], "provider" | "endpoint" | "api_key" | "nodes">;

interface Server {
  readonly provider: string;
  readonly endpoint?: string | undefined;
  readonly api_key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const isReference = (value: string): boolean => /^(?:secret|env):/.test(value);

/** The servers that a Venue calls, by their addresses. */
export function serversOf(venue: Backend): readonly Server[] {
  if (venue.provider === "mesh") return venue.nodes ?? [];
  return venue.provider === "ollama" || venue.provider === "openai" ? [venue] : [];
}

/** Where a server is, by scheme, host and port. */
export function serverOrigin({ provider, endpoint }: Server): string {
  return originOf(endpoint ?? (provider === "ollama" ? defaultOllamaEndpoint : defaultOpenAiEndpoint));
}

/** Every key that a Venue sends, with the server it goes to; each pair once. */
export function keyUses(venue: Backend): readonly KeyUse[] {
  const uses = new Map<string, KeyUse>();
  for (const server of serversOf(venue)) {
    const origin = serverOrigin(server);
    const named = [server.api_key, ...Object.values(server.headers ?? {}).filter(isReference)];
    for (const reference of named) {
      if (reference !== undefined) uses.set(`${reference}@${origin}`, { reference, origin });
    }
  }
  return [...uses.values()];
}
