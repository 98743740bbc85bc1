import OpenAI, { APIPromise } from "openai";
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
import type { Exchange } from "../http/chat-call";
import { openAiMessages, openAiTools } from "./messages";
import { OpenAiStream } from "./stream";
import type { Access } from "../http/access";
import { credentialsFor, transportOf } from "../http/access";
import { publicAddress } from "../http/redact";
import { providerTable } from "../../../engine/model/providers";

/**
 * Model calls to any endpoint that speaks OpenAI's chat completions, always streamed. The package builds the request;
 * the reply is read by `OpenAiStream`. Measured with openai 7.57.0: it retries twice unless told not to, its timeout
 * ends with the headers, an aborted or cut stream ends without an error, and its iterator costs four times a bare
 * reader. Fields that a server rejects are reported, not left out in silence; `params: { FIELD: null }` removes one.
 */
export class OpenAiProvider implements ModelProvider {
  readonly #venue: ProviderVenue & { readonly timeouts: Timeouts };
  readonly #deps: Access;
  readonly #address: string;
  readonly #client: ChatClient;

  constructor(venue: ProviderVenue & { readonly timeouts: Timeouts }, deps: Access) {
    this.#venue = venue;
    this.#deps = deps;
    const endpoint = venue.endpoint ?? providerTable.openai.defaultEndpoint;
    this.#address = publicAddress(endpoint);
    // Whatever is not said here the package takes from environment variables.
    this.#client = new ChatClient({
      apiKey: "added when the request leaves",
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      baseURL: endpoint,
      maxRetries: 0,
      timeout: 2 ** 31 - 1,
      logLevel: "off",
    });
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
      credentials: () =>
        credentialsFor(this.#deps, this.#venue, this.#venue.endpoint ?? providerTable.openai.defaultEndpoint),
      accept: "text/event-stream",
      facts,
      sent,
      onDelta,
      request: (exchange) => this.#send(exchange, body),
      parser: (reply, known) => new OpenAiStream(reply, known, (name) => names.known(name)),
    });
  }

  #send(exchange: Exchange, body: OpenAI.ChatCompletionCreateParamsStreaming): Promise<unknown> {
    const init: object = { exchange } satisfies CallInit;
    return this.#client.chat.completions.create(body, { fetchOptions: init }).asResponse();
  }
}

/** The package hands `fetchOptions` on: that is how one client serves calls at the same time. */
interface CallInit {
  readonly exchange?: Exchange | undefined;
}

/**
 * The package's client up to where a request would leave it: it knows where which call goes. Headers, times, errors and
 * the reply are the exchange's. Making them twice, with a log that is off, took most of what the package costs
 * (openai 7.57.0: `post` is its own place between a resource and the wire, client.d.ts).
 */
class ChatClient extends OpenAI {
  override post<Reply>(...[path, options]: Parameters<OpenAI["post"]>): APIPromise<Reply> {
    return new APIPromise<Reply>(this, this.#leave(path, options));
  }

  async #leave(...[path, options]: Parameters<OpenAI["post"]>): Promise<Received> {
    const { body, fetchOptions } = (await options) ?? {};
    const { exchange } = (fetchOptions ?? {}) as CallInit;
    if (exchange === undefined) throw new Error("A request that is no model call.");
    await exchange.send(this.buildURL(path, undefined), JSON.stringify(body));
    return received;
  }
}

type Received = Awaited<ConstructorParameters<typeof APIPromise>[1]>;

/** What the package sees of the reply: that it has begun. It is never asked to read it. */
const received = { response: {} } as Received;

/** The request. The shape is the package's as far as we set it; what `params` add is between the user and the server. */
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
      },
      settings.params,
    ),
    model,
    messages: openAiMessages(request.messages, names),
    stream: true,
  };
}
