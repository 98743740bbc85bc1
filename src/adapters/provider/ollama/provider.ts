import type { ChatRequest } from "ollama/browser";
import type { Timeouts } from "../../../engine/model/venue";
import type { Cancellation } from "../../../engine/port/cancellation";
import type {
  ModelDelta,
  ModelProvider,
  ModelReply,
  ModelRequest,
} from "../../../engine/port/model-provider";
import { recorded, requireModel, withParams } from "../http/chat-body";
import type { ProviderVenue } from "../http/chat-body";
import { performCall } from "../http/chat-call";
import { ollamaMessages, ollamaTools } from "./messages";
import { OllamaStream } from "./stream";
import type { Access } from "../http/access";
import { credentialsFor, transportOf } from "../http/access";
import { publicAddress } from "../http/redact";
import { providerTable } from "../../../engine/model/providers";

/** `params` that are fields of the request; all others are options of the model. */
const requestFields = new Set([
  "keep_alive",
  "format",
  "think",
  "logprobs",
  "top_logprobs",
  "tools",
  "truncate",
  "shift",
]);

/**
 * Measured with Ollama 0.17.4: a prompt longer than the window silently loses its oldest messages, and a
 * reply that reaches the window's end displaces the prompt. With these options it refuses the one and ends the other.
 */
const keepPrompt = { truncate: false, shift: false };

/**
 * Model calls through Ollama's chat, always streamed. The package `ollama` gives the request its type; its client accepts no
 * AbortSignal, and its own abort does nothing before the headers have arrived (a model may be loading for minutes). The
 * reply is read by `OllamaStream`. Measured with ollama 0.6.4.
 */
export class OllamaProvider implements ModelProvider {
  readonly #venue: ProviderVenue & { readonly timeouts: Timeouts };
  readonly #deps: Access;
  readonly #endpoint: string;
  readonly #address: string;

  constructor(venue: ProviderVenue & { readonly timeouts: Timeouts }, deps: Access) {
    this.#venue = venue;
    this.#deps = deps;
    this.#endpoint = venue.endpoint ?? providerTable.ollama.defaultEndpoint;
    this.#address = publicAddress(this.#endpoint);
  }

  async call(
    request: ModelRequest,
    onDelta: (delta: ModelDelta) => void,
    cancellation: Cancellation,
  ): Promise<ModelReply> {
    const body = chatBody(request);
    const sent = recorded(this.#address, { ...body }, request.tools);
    const facts = {
      server: "Ollama",
      address: this.#address,
      model: request.settings.model,
      toolsSent: request.tools.length > 0,
      maxTokens: request.settings.max_output_tokens,
      fields: [...Object.keys(sent), ...Object.keys(body.options)],
      missingModelHint: `Is the model there? \`ollama pull ${request.settings.model}\` fetches it.`,
    };
    return performCall({
      fetch: transportOf(this.#deps),
      timeouts: this.#venue.timeouts,
      cancellation,
      recorded: request.recorded,
      maxOutputTokens: request.settings.max_output_tokens,
      credentials: () =>
        credentialsFor(this.#deps, this.#venue, this.#venue.endpoint ?? providerTable.ollama.defaultEndpoint),
      accept: "application/x-ndjson",
      facts,
      startHint: "Is it running? `ollama serve` starts it.",
      sent,
      onDelta,
      request: (exchange) => exchange.send(chatUrl(this.#endpoint), JSON.stringify(body)),
      parser: (reply, known) => new OllamaStream(reply, known),
    });
  }
}

/** The address of a chat below an endpoint. */
function chatUrl(endpoint: string): string {
  return `${endpoint.replace(/\/+$/, "")}/api/chat`;
}

type ChatBody = ChatRequest & { stream: true; options: Record<string, unknown> };

/** The request: everything that affects the reply is set, as the server's defaults differ between machines. */
function chatBody(request: ModelRequest): ChatBody {
  const { settings } = request;
  const model = requireModel(request);
  const { options: ownOptions, ...params } = settings.params;
  const inOptions: Record<string, unknown> = {
    ...(typeof ownOptions === "object" && ownOptions !== null ? ownOptions : {}),
  };
  const onTop: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    if (requestFields.has(name) || name === "model" || name === "messages" || name === "stream")
      onTop[name] = value;
    else inOptions[name] = value;
  }
  const options = withParams(
    {
      num_ctx: settings.context_tokens,
      num_predict: settings.max_output_tokens,
      temperature: settings.temperature,
      seed: settings.seed,
    },
    inOptions,
  );
  const tools = request.tools.length === 0 ? undefined : ollamaTools(request.tools);
  return {
    ...withParams({ tools, format: request.replySchema, ...keepPrompt }, onTop),
    model,
    messages: ollamaMessages(request.messages),
    stream: true,
    options,
  };
}
