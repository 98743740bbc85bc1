import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServedReply } from "../fakes/servers/counting-server";

/** What the real server reported of one prompt. */
export interface ProcessedPrompt {
  /** Tokens of the whole prompt. */
  readonly tokens: number;
  /** Tokens of it that the server had in its cache, and those that it had to process. */
  readonly cachedTokens: number;
  readonly processedTokens: number;
  /** The server's own time for those that it processed. */
  readonly promptMs: number;
}

interface LlamaReply {
  readonly timings: { readonly cache_n: number; readonly prompt_n: number; readonly prompt_ms: number };
  readonly usage: { readonly prompt_tokens: number };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/**
 * A proxy before a real llama.cpp server. Every prompt goes to the server unchanged, which processes it, counts it, and
 * keeps it in its cache or refuses it; only what the model says to it is replaced, by a scripted reply. So a model that
 * could not work through a task can be measured as if it did.
 */
export class ScriptedTurns {
  readonly prompts: ProcessedPrompt[] = [];
  /** Prompts that the real server refused. */
  refused = 0;
  readonly #behind: string;
  readonly #replyTo: (call: number) => ServedReply;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => {
      response.writeHead(502, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: String(error) } }));
    });
  });

  /**
   * @param behind the real server's origin.
   * @param replyTo returns the reply to the call of that number, from 1; refused calls do not count.
   */
  constructor(behind: string, replyTo: (call: number) => ServedReply) {
    this.#behind = behind;
    this.#replyTo = replyTo;
  }

  /** The endpoint, as a Venue has it. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const isChat = request.url?.endsWith("/chat/completions") === true;
    const asked = isChat ? (JSON.parse(body) as Record<string, unknown>) : undefined;
    const { stream_options: _, ...rest } = asked ?? {};
    const answer = await fetch(`${this.#behind}${request.url ?? ""}`, {
      method: request.method ?? "GET",
      headers: { "content-type": "application/json" },
      // One token: the prompt is processed as it is for a whole reply.
      ...(asked === undefined
        ? body === ""
          ? {}
          : { body }
        : { body: JSON.stringify({ ...rest, stream: false, max_tokens: 1 }) }),
    });
    const text = await answer.text();
    if (asked === undefined || !answer.ok) {
      if (asked !== undefined) this.refused += 1;
      response.writeHead(answer.status, {
        "content-type": answer.headers.get("content-type") ?? "application/json",
      });
      response.end(text);
      return;
    }
    const { timings, usage } = JSON.parse(text) as LlamaReply;
    this.prompts.push({
      tokens: usage.prompt_tokens,
      cachedTokens: timings.cache_n,
      processedTokens: timings.prompt_n,
      promptMs: timings.prompt_ms,
    });
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(streamOf(this.#replyTo(this.prompts.length), this.prompts.length, usage.prompt_tokens));
  }
}

function streamOf({ text = "", calls = [] }: ServedReply, number: number, promptTokens: number): string {
  const event = (fields: object): string =>
    `data: ${JSON.stringify({ id: `c${number}`, object: "chat.completion.chunk", created: 1, ...fields })}\n\n`;
  const toolCalls = calls.map(([name, args], index) => ({
    index,
    id: `call_${number}_${index}`,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));
  const delta = { role: "assistant", content: text, tool_calls: toolCalls };
  const finish = calls.length > 0 ? "tool_calls" : "stop";
  return (
    event({ choices: [{ index: 0, delta, finish_reason: null }] }) +
    event({ choices: [{ index: 0, delta: {}, finish_reason: finish }] }) +
    // The prompt's count is the real server's; the reply was not the model's, so nobody counted it.
    event({ choices: [], usage: { prompt_tokens: promptTokens } }) +
    "data: [DONE]\n\n"
  );
}
