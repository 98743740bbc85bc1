import type OpenAI from "openai";
import type { Timeouts } from "../../../engine/model/venue";
import type { Cancellation } from "../../../engine/port/cancellation";
import type {
  ModelDelta,
  ModelProvider,
  ModelReply,
  ModelRequest,
} from "../../../engine/port/model-provider";
import { recorded, requireModel, ToolNames, withParams } from "../http/chat-body";
import type { ProviderVenue } from "../http/chat-body";
import { performCall } from "../http/chat-call";
import { openAiMessages, openAiTools } from "./messages";
import { OpenAiStream } from "./stream";
import type { Access } from "../http/access";
import { credentialsFor, transportOf } from "../http/access";
import { publicAddress } from "../http/redact";
import { providerTable } from "../../../engine/model/providers";

/**
 * Model calls to any endpoint that supports OpenAI's chat completions, always streamed. The package provides the request's
 * types; the reply is read by `OpenAiStream`. Measured with openai 7.57.0: its client retries twice unless configured not to,
 * its timeout ends with the headers, an aborted or truncated stream ends without an error, and its iterator costs four times a
 * bare reader (docs/decisions/2026-11-30-the-openai-package.md). Fields that a server rejects are reported, not silently
 * omitted; `params: { FIELD: null }` removes one.
 */
export class OpenAiProvider implements ModelProvider {
  readonly #venue: ProviderVenue & { readonly timeouts: Timeouts };
  readonly #deps: Access;
  readonly #endpoint: string;
  readonly #address: string;

  constructor(venue: ProviderVenue & { readonly timeouts: Timeouts }, deps: Access) {
    this.#venue = venue;
    this.#deps = deps;
    this.#endpoint = venue.endpoint ?? providerTable.openai.defaultEndpoint;
    this.#address = publicAddress(this.#endpoint);
  }

  async call(
    request: ModelRequest,
    onDelta: (delta: ModelDelta) => void,
    cancellation: Cancellation,
  ): Promise<ModelReply> {
    const names = new ToolNames(request.tools, request.messages);
    const body = chatBody(request, names);
    const sent = recorded(this.#address, { ...body }, request.tools);
    const facts = {
      server: "The server",
      address: this.#address,
      model: request.settings.model,
      toolsSent: request.tools.length > 0,
      maxTokens: request.settings.max_output_tokens,
      fields: Object.keys(sent),
      missingModelHint: `Does it serve the model '${request.settings.model}', and does \`endpoint\` end where its API begins (often \`/v1\`)?`,
    };
    return performCall({
      fetch: transportOf(this.#deps),
      timeouts: this.#venue.timeouts,
      cancellation,
      recorded: request.recorded,
      maxOutputTokens: request.settings.max_output_tokens,
      credentials: () => credentialsFor(this.#deps, this.#venue, this.#endpoint),
      accept: "text/event-stream",
      facts,
      sent,
      onDelta,
      request: (exchange) => exchange.send(chatUrl(this.#endpoint), JSON.stringify(body)),
      parser: (reply, known) => new OpenAiStream(reply, known, (name) => names.known(name)),
    });
  }
}

/** The address of chat completions below an endpoint; its query is kept (`?api-version=…`). */
function chatUrl(endpoint: string): string {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/chat/completions`;
  return url.href;
}

type Schema = Readonly<Record<string, unknown>>;

/** `strict` promises that the reply keeps to the schema; OpenAI's API takes it only where every property is required. */
function responseFormat(schema: Schema): Record<string, unknown> {
  return { type: "json_schema", json_schema: { name: "result", strict: isStrict(schema), schema } };
}

function isStrict(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return true;
  const { type, properties, required, items } = schema as Schema;
  if (type === "array") return isStrict(items);
  if (type !== "object") return true;
  if (typeof properties !== "object" || properties === null || !Array.isArray(required)) return false;
  return Object.entries(properties).every(([name, one]) => required.includes(name) && isStrict(one));
}

/** The request. The fields set here follow the package's types; what `params` add is between the user and the server. */
function chatBody(request: ModelRequest, names: ToolNames): OpenAI.ChatCompletionCreateParamsStreaming {
  const { settings } = request;
  const model = requireModel(request);
  return {
    ...withParams(
      {
        stream_options: { include_usage: true },
        max_tokens: settings.max_output_tokens,
        temperature: settings.temperature,
        seed: settings.seed,
        tools: request.tools.length === 0 ? undefined : openAiTools(request.tools, names),
        response_format: request.replySchema === undefined ? undefined : responseFormat(request.replySchema),
      },
      settings.params,
    ),
    model,
    messages: openAiMessages(request.messages, names),
    stream: true,
  };
}
