import { ProviderError } from "../../engine/error/provider-error";
import { providerTable } from "../../engine/model/providers";
import type { ProviderName } from "../../engine/model/providers";
import type { ProviderHealth } from "./health-types";
import type { ProviderVenue } from "./http/chat-body";
import { errorFromConnection, isNoConnection } from "./http/connection-errors";
import { boundedText, longestListBytes } from "./http/bounds";
import { timerMs } from "./http/deadline";
import { errorFromStatus } from "./http/http-errors";
import type { Access } from "./http/access";
import { credentialsFor, transportOf } from "./http/access";
import { contentRedactorOf, publicAddress, redactDeep, redactor, redactorOf } from "./http/redact";
import type { Redact } from "./http/redact";
import { defined } from "../../engine/model/defined";

type Model = ProviderHealth["models"][number];
type Json = Readonly<Record<string, unknown>>;

/**
 * Asks a backend whether it responds and which models it has, within `timeoutMs` in total. Never throws: `problem` states
 * what is wrong.
 * @param wanted `models`: only which models it has, in one request.
 */
export async function checkHealth(
  venue: ProviderVenue & { readonly provider: ProviderName },
  deps: Access,
  timeoutMs: number,
  wanted: "everything" | "models" = "everything",
): Promise<ProviderHealth> {
  switch (venue.provider) {
    case "scripted":
      return { reachable: true, models: [{ name: providerTable.scripted.fixedModel, loaded: true }] };
    case "ollama":
      return probe(
        venue,
        venue.endpoint ?? providerTable.ollama.defaultEndpoint,
        "Ollama",
        deps,
        timeoutMs,
        wanted === "models" ? askOllamaModels : askOllama,
      );
    case "openai":
      return probe(
        venue,
        venue.endpoint ?? providerTable.openai.defaultEndpoint,
        "The server",
        deps,
        timeoutMs,
        askOpenAi,
      );
    case "vscode-lm":
      return { reachable: false, models: [], problem: "Only VS Code itself can say which models it offers." };
    case "mesh":
      return { reachable: false, models: [], problem: "A mesh is asked node by node." };
  }
}

type Get = (path: string) => Promise<Json>;
type Ask = (get: Get, startedMs: number) => Promise<ProviderHealth>;

async function probe(
  venue: ProviderVenue,
  endpoint: string,
  server: string,
  deps: Access,
  timeoutMs: number,
  ask: Ask,
): Promise<ProviderHealth> {
  const address = publicAddress(endpoint);
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let redact = redactor(undefined);
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        const problem = `${server} at ${address} did not answer within ${timeoutMs / 1000} s.`;
        reject(new ProviderError("first_token_timeout", problem));
        limit.abort();
      },
      timerMs(timeoutMs / 1000),
    );
  });
  const work = async (): Promise<ProviderHealth> => {
    const { headers, secrets } = await credentialsFor(deps, venue, endpoint);
    redact = redactorOf(secrets);
    const get: Get = (path) =>
      getJson(
        `${endpoint.replace(/\/+$/, "")}${path}`,
        { server, address, headers, redact },
        deps,
        limit.signal,
      );
    return redactDeep(await ask(get, performance.now()), contentRedactorOf(secrets));
  };
  try {
    return await Promise.race([work(), tooSlow]);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return {
      reachable: false,
      models: [],
      problem: redact(problem),
      ...(ProviderError.is(error) ? { problemCode: error.code } : {}),
      ...(ProviderError.is(error) && error.status !== undefined ? { problemStatus: error.status } : {}),
      ...(isNoConnection(error) ? { noConnection: true as const } : {}),
    };
  } finally {
    clearTimeout(timer);
  }
}

async function getJson(
  url: string,
  at: {
    readonly server: string;
    readonly address: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly redact: Redact;
  },
  deps: Access,
  signal: AbortSignal,
): Promise<Json> {
  const { headers, ...facts } = at;
  let status: number;
  let header: (name: string) => string | null;
  let text: string;
  try {
    const response = await transportOf(deps)(url, {
      method: "GET",
      headers: {
        accept: "application/json",
        "user-agent": "orket",
        ...headers,
      },
      signal,
      redirect: "manual",
    });
    status = response.status;
    header = (name) => response.headers.get(name);
    text = await boundedText(response, longestListBytes, at.address);
  } catch (error) {
    if (ProviderError.is(error)) throw error;
    throw errorFromConnection(error, "before_headers", facts);
  }
  if (status !== 200) {
    const missingModelHint = "Is this the address where the API begins?";
    throw errorFromStatus(status, header, text, {
      ...facts,
      model: "",
      toolsSent: false,
      fields: [],
      missingModelHint,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isJson(value)) return value;
  throw new ProviderError(
    "malformed_reply",
    `The server at ${facts.address} is not what the Venue says: it returned no JSON.`,
  );
}

const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : []);
const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;
const countOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;

const askOllamaModels: Ask = async (get) => {
  const { models } = await get("/api/tags");
  return {
    reachable: true,
    models: listOf(models).flatMap((model) => {
      const name = textOf(model.name);
      return name === undefined ? [] : [{ name }];
    }),
  };
};

const askOllama: Ask = async (get, startedMs) => {
  const { version } = await get("/api/version");
  const latencyMs = performance.now() - startedMs;
  // The list of loaded models is optional: an old server without /api/ps still answers calls.
  const [tags, running] = await Promise.all([get("/api/tags"), get("/api/ps").catch((): Json => ({}))]);
  const loaded = new Map(
    listOf(running.models).map((model) => [textOf(model.name), countOf(model.context_length)]),
  );
  const said = textOf(version);
  return {
    reachable: true,
    latencyMs,
    ...defined({ version: said }),
    models: listOf(tags.models).flatMap((model): Model[] => {
      const name = textOf(model.name);
      if (name === undefined) return [];
      const digest = textOf(model.digest);
      const contextTokens = loaded.get(name);
      const quantisation = isJson(model.details) ? textOf(model.details.quantization_level) : undefined;
      return [
        {
          name,
          loaded: loaded.has(name),
          ...defined({ digest, quantisation, contextTokens }),
        },
      ];
    }),
  };
};

const askOpenAi: Ask = async (get, startedMs) => {
  const listed = await get("/models").catch(listRefusal);
  const latencyMs = performance.now() - startedMs;
  if (ProviderError.is(listed)) {
    const problem = `The server returned no list of models. ${listed.message}`;
    return { reachable: true, latencyMs, models: [], problem };
  }
  const bare = listOf(listed.data);
  // GPUStack omits the window unless asked for it.
  const asks = bare.some((model) => model.owned_by === "gpustack" && !isJson(model.meta));
  const full = asks ? listOf((await get("/models?with_meta=true").catch(() => listed)).data) : bare;
  return {
    reachable: true,
    latencyMs,
    models: full.flatMap((model): Model[] => {
      const name = textOf(model.id);
      if (name === undefined) return [];
      const contextTokens = windowOf(model);
      // No server reports more about what it runs: vLLM "vllm", llama.cpp "llamacpp", others their vendor; Ray Serve reports this
      // for every model. Digests are rare.
      const owner = textOf(model.owned_by);
      const runtime = owner === "organization-owner" ? undefined : owner;
      const digest = textOf(model.digest);
      return [
        {
          name,
          ...defined({ digest, runtime, contextTokens }),
        },
      ];
    }),
  };
};

/**
 * The error of a server without a list of models, which may answer calls anyway. A server that redirects (3xx)
 * answers none.
 * @throws every other error.
 */
function listRefusal(error: unknown): ProviderError {
  const isRefusal =
    ProviderError.is(error) &&
    (error.code === "not_found" || error.code === "bad_request") &&
    (error.status ?? 0) >= 400;
  if (!isRefusal) throw error;
  return error;
}

/** The window in tokens, under the server's name for it. */
function windowOf(model: Json): number | undefined {
  const inner = (value: unknown): Json => (isJson(value) ? value : {});
  return [
    model.max_model_len, // vLLM
    model.context_length, // OpenRouter
    model.context_window, // Groq
    inner(model.meta).n_ctx, // llama.cpp, GPUStack with llama.cpp
    inner(model.meta).max_model_len, // GPUStack with vLLM
    inner(model.metadata).max_request_context_length, // Ray Serve
    inner(model.rayllm_metadata).max_request_context_length, // Ray Serve, older
  ]
    .map(countOf)
    .find((count) => count !== undefined);
}
