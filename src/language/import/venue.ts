import { defined } from "../../engine/model/defined"; /** Backends that a Venue can be made up for. */
export const backendNames = ["ollama", "openai", "vscode-lm"] as const;
export type BackendName = (typeof backendNames)[number];

/** The model of a Venue that nobody gave one: what the samples use. */
export const sampleModel = "qwen3-coder:latest";

/** The keys of a Venue behind its name. */
export function venueValue(provider: BackendName, model: string | undefined): Record<string, unknown> {
  switch (provider) {
    case "ollama":
      return {
        provider,
        endpoint: "http://127.0.0.1:11434",
        model: model ?? sampleModel,
        temperature: 0,
        seed: 42,
        context_tokens: 16384,
        max_output_tokens: 4096,
      };
    case "openai":
      return {
        provider,
        endpoint: "http://127.0.0.1:8080/v1",
        model: model ?? "local-model",
        temperature: 0,
        context_tokens: 16384,
        max_output_tokens: 4096,
      };
    case "vscode-lm":
      return { provider, ...defined({ model }), max_output_tokens: 4096 };
  }
}
