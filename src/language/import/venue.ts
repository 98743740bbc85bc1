import { defined } from "../../engine/model/defined";
import { providersWhere, providerTable } from "../../engine/model/providers";

/** Backends for which a Venue can be generated: those that one entry of a file can describe. */
export const backendNames = providersWhere("answeredBy", "server", "editor");
export type BackendName = (typeof backendNames)[number];

/** The keys of a Venue after its name. */
export function venueValue(provider: BackendName, model: string | undefined): Record<string, unknown> {
  switch (provider) {
    case "ollama":
      return {
        provider,
        endpoint: providerTable.ollama.defaultEndpoint,
        model: model ?? providerTable.ollama.exampleModel,
        temperature: 0,
        seed: 42,
        context_tokens: 16384,
        max_output_tokens: 4096,
      };
    case "openai":
      return {
        provider,
        endpoint: "http://127.0.0.1:8080/v1",
        model: model ?? providerTable.openai.exampleModel,
        temperature: 0,
        context_tokens: 16384,
        max_output_tokens: 4096,
      };
    case "vscode-lm":
      return { provider, ...defined({ model }), max_output_tokens: 4096 };
  }
}
