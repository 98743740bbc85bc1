/** The two protocols, as far as the tests use them: frames of a stream and the shape of errors. */
export interface Vendor {
  readonly name: "ollama" | "openai";
  /** Below the server's address. */
  readonly base: string;
  readonly path: string;
  readonly contentType: string;
  text(piece: string): string;
  reasoning(piece: string): string;
  /** Ends a complete reply; without `usage` the server counts nothing. */
  finish(options?: { reason?: string; usage?: { input: number; output: number } }): string;
  /** An error within the stream. */
  error(message: string, type?: string): string;
  /** The body of an answer with an error status. */
  errorBody(message: string): unknown;
  toolCall(name: string, args: Record<string, unknown>): string;
}

const ollamaLine = (fields: Record<string, unknown>): string =>
  `${JSON.stringify({ model: "test-model", created_at: "2026-11-22T10:15:03Z", done: false, ...fields })}\n`;

export const ollama: Vendor = {
  name: "ollama",
  base: "",
  path: "/api/chat",
  contentType: "application/x-ndjson",
  text: (content) => ollamaLine({ message: { role: "assistant", content } }),
  reasoning: (thinking) => ollamaLine({ message: { role: "assistant", content: "", thinking } }),
  finish: ({ reason = "stop", usage } = {}) =>
    ollamaLine({
      message: { role: "assistant", content: "" },
      done: true,
      done_reason: reason,
      ...(usage === undefined ? {} : { prompt_eval_count: usage.input, eval_count: usage.output }),
    }),
  error: (message) => `${JSON.stringify({ error: message })}\n`,
  errorBody: (message) => ({ error: message }),
  toolCall: (name, args) =>
    ollamaLine({
      message: { role: "assistant", content: "", tool_calls: [{ function: { name, arguments: args } }] },
    }),
};

/** One event of a stream. */
export const sse = (data: unknown, lineEnd = "\n"): string =>
  `data: ${typeof data === "string" ? data : JSON.stringify(data)}${lineEnd}${lineEnd}`;

export const chunk = (
  delta: Record<string, unknown>,
  finish: string | null = null,
): Record<string, unknown> => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "test-model",
  choices: [{ index: 0, delta, finish_reason: finish }],
});

export const openai: Vendor = {
  name: "openai",
  base: "/v1",
  path: "/v1/chat/completions",
  contentType: "text/event-stream",
  text: (content) => sse(chunk({ content })),
  reasoning: (piece) => sse(chunk({ reasoning_content: piece })),
  finish: ({ reason = "stop", usage } = {}) =>
    sse(chunk({}, reason)) +
    (usage === undefined
      ? ""
      : sse({
          id: "chatcmpl-1",
          model: "test-model",
          choices: [],
          usage: {
            prompt_tokens: usage.input,
            completion_tokens: usage.output,
            total_tokens: usage.input + usage.output,
          },
        })) +
    sse("[DONE]"),
  error: (message, type = "server_error") => sse({ error: { message, type, code: null } }),
  errorBody: (message) => ({ error: { message, type: "invalid_request_error", param: null, code: null } }),
  toolCall: (name, args) =>
    sse(
      chunk({
        tool_calls: [
          { index: 0, id: "call_1", type: "function", function: { name, arguments: JSON.stringify(args) } },
        ],
      }),
    ),
};

export const vendors: readonly Vendor[] = [ollama, openai];
