import { chunk, sse } from "./vendors";

/*
 * Engines for many machines, as their sources and pages describe their protocols; none of them runs where the gate runs.
 * vLLM: entrypoints/openai (ModelCard, ErrorInfo, the stream of the chat). Ray Serve: llm/_internal/serve (ModelCard with
 * metadata, errors around vLLM's). GPUStack: routes/openai.py (a proxy in front of vLLM or llama.cpp). llama.cpp: recorded
 * from a running server beside this (`test/contract/model-provider/recorded`), with `/props`.
 */

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly contentType?: string;
}

export interface Dialect {
  readonly name: string;
  readonly model: string;
  /** The response to a GET, by path below the server's address. */
  readonly gets: Readonly<Record<string, unknown>>;
  /** A whole stream of the words, as chunks on the wire. */
  stream(words: readonly string[], usage: { readonly input: number; readonly output: number }): string;
  /** Refusals by their cause. */
  readonly refusals: Readonly<Record<"context" | "model" | "key" | "tools" | "busy", Answer | undefined>>;
  /** The context window that must be read from these. */
  readonly window: number | undefined;
  readonly runtime: string | undefined;
  readonly parallelSlots: number | undefined;
}

const usageOf = ({ input, output }: { input: number; output: number }): object => ({
  prompt_tokens: input,
  total_tokens: input + output,
  completion_tokens: output,
  prompt_tokens_details: null,
});

/** vLLM begins with an empty delta, sends `usage: null` in between, and counts in a chunk without choices. */
const vllmStream: Dialect["stream"] = (words, usage) =>
  [
    { ...chunk({ role: "assistant", content: "" }), prompt_token_ids: null },
    ...words.map((word) => chunk({ content: word })),
    chunk({ content: "" }, "stop"),
    { ...chunk({}), choices: [], usage: usageOf(usage) },
    "[DONE]",
  ]
    .map((data) => sse(data))
    .join("");

const vllmError = (status: number, type: string, message: string): Answer => ({
  status,
  body: { error: { message, type, param: null, code: status } },
});

const tooLong = (window: number): string =>
  `This model's maximum context length is ${window} tokens. However, you requested 40000 tokens (37952 in the messages, 2048 in the completion). Please reduce the length of the messages or completion.`;

const vllm: Dialect = {
  name: "vLLM",
  model: "Qwen/Qwen3-Coder-30B-A3B-Instruct",
  gets: {
    "/v1/models": {
      object: "list",
      data: [
        {
          id: "Qwen/Qwen3-Coder-30B-A3B-Instruct",
          object: "model",
          created: 1_763_800_000,
          owned_by: "vllm",
          root: "Qwen/Qwen3-Coder-30B-A3B-Instruct",
          parent: null,
          max_model_len: 32_768,
          permission: [{ id: "modelperm-1", object: "model_permission", allow_sampling: true }],
        },
      ],
    },
  },
  stream: vllmStream,
  refusals: {
    context: vllmError(400, "BadRequestError", tooLong(32_768)),
    model: vllmError(404, "NotFoundError", "The model `no-such-model` does not exist."),
    key: { status: 401, body: { error: "Unauthorized" } },
    tools: vllmError(
      400,
      "BadRequestError",
      '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
    ),
    busy: vllmError(503, "ServiceUnavailable", "The server is overloaded"),
  },
  window: 32_768,
  runtime: "vllm",
  parallelSlots: undefined,
};

const rayServe: Dialect = {
  name: "Ray Serve",
  model: "coder",
  gets: {
    "/v1/models": {
      data: [
        {
          id: "coder",
          object: "model",
          owned_by: "organization-owner",
          permission: [],
          metadata: { model_id: "coder", input_modality: "text", max_request_context_length: 32_768 },
        },
      ],
      object: "list",
    },
  },
  stream: vllmStream,
  refusals: {
    context: vllmError(400, "BadRequestError", tooLong(32_768)),
    model: vllmError(
      404,
      "NotFoundError",
      'Got request for model "no-such-model". Could not find base model with ID "no-such-model".',
    ),
    key: undefined,
    tools: undefined,
    // Serve's own proxy does not send JSON.
    busy: {
      status: 503,
      body: "Request dropped due to backpressure (num_queued_requests=100, max_queued_requests=100).",
      contentType: "text/plain",
    },
  },
  window: 32_768,
  runtime: undefined,
  parallelSlots: undefined,
};

const gpustackModel = { id: "qwen3", object: "model", created: 1_763_800_000, owned_by: "gpustack" };

const gpuStack: Dialect = {
  name: "GPUStack",
  model: "qwen3",
  gets: {
    "/v1/models": { data: [{ ...gpustackModel, meta: null }], object: "list" },
    "/v1/models?with_meta=true": {
      data: [{ ...gpustackModel, meta: { max_model_len: 16_384 } }],
      object: "list",
    },
  },
  stream: vllmStream,
  refusals: {
    context: vllmError(400, "BadRequestError", tooLong(16_384)),
    model: vllmError(404, "NotFound", "Model not found"),
    key: vllmError(401, "Unauthorized", "Invalid authentication credentials"),
    tools: undefined,
    // The status is that of an error, the content type that of a stream.
    busy: {
      ...vllmError(503, "ServiceUnavailable", "No running instances available"),
      contentType: "text/event-stream",
    },
  },
  window: 16_384,
  runtime: "gpustack",
  parallelSlots: undefined,
};

/** `llama-server` in front of machines that provide their memory over RPC: clients see one server. */
export const llamaCluster: Dialect = {
  name: "llama.cpp with RPC",
  model: "model",
  gets: {
    "/v1/models": {
      object: "list",
      data: [
        { id: "model", object: "model", owned_by: "llamacpp", meta: { n_ctx: 16_384, n_ctx_train: 32_768 } },
      ],
    },
    "/props": { total_slots: 2, model_path: "model.gguf" },
  },
  stream: (words, { input, output }) =>
    [
      chunk({ role: "assistant", content: null }),
      ...words.map((word) => chunk({ content: word })),
      chunk({}, "stop"),
      {
        ...chunk({}),
        choices: [],
        usage: { completion_tokens: output, prompt_tokens: input, total_tokens: input + output },
        timings: { prompt_n: input, predicted_n: output },
      },
      "[DONE]",
    ]
      .map((data) => sse(data))
      .join(""),
  refusals: {
    context: {
      status: 400,
      body: {
        error: {
          code: 400,
          message:
            "request (40000 tokens) exceeds the available context size (16384 tokens), try increasing it",
          type: "exceed_context_size_error",
          n_prompt_tokens: 40_000,
          n_ctx: 16_384,
        },
      },
    },
    // It answers with the model that it has.
    model: undefined,
    key: {
      status: 401,
      body: { error: { code: 401, message: "Invalid API Key", type: "authentication_error" } },
    },
    tools: undefined,
    busy: {
      status: 503,
      body: { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
    },
  },
  window: 16_384,
  runtime: "llamacpp",
  parallelSlots: 2,
};

export const dialects: readonly Dialect[] = [vllm, rayServe, gpuStack, llamaCluster];
