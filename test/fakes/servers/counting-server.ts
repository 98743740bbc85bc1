import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { countTokens } from "gpt-tokenizer";

/** What a chat template adds to a message, and to the end of the prompt, in tokens. */
const frameTokens = 4;

interface SentMessage {
  readonly role: string;
  readonly content: string | null;
  readonly tool_calls?: readonly {
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
}
interface SentBody {
  readonly messages: readonly SentMessage[];
  readonly tools?: readonly unknown[];
  readonly max_tokens?: number;
}

/** A reply of the model behind the server. */
export interface ServedReply {
  readonly text?: string;
  readonly calls?: readonly (readonly [tool: string, args: Record<string, unknown>])[];
}

/** One received prompt. */
export interface Arrived {
  readonly tokens: number;
  readonly refused: boolean;
  /** The share of the previous prompt that this one begins with; 1 for the first. */
  readonly prefixShare: number;
}

/**
 * An OpenAI-compatible server on loopback with a real tokenizer (cl100k): it counts each prompt, refuses what does not fit
 * its window together with the longest reply, and records how much of each prompt a prefix cache would have contained.
 */
export class CountingServer {
  readonly arrived: Arrived[] = [];
  readonly #window: number;
  readonly #answer: (call: number) => ServedReply;
  readonly #counts = new Map<string, number>();
  readonly #server: Server;
  #before: readonly string[] = [];
  #answered = 0;

  /** @param answer returns the reply to the call of that number, from 1; refused calls do not count. */
  constructor(window: number, answer: (call: number) => ServedReply) {
    this.#window = window;
    this.#answer = answer;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { status, body } = this.#reply(JSON.parse(Buffer.concat(chunks).toString()) as SentBody);
        response.writeHead(status, {
          "content-type": status === 200 ? "text/event-stream" : "application/json",
        });
        response.end(body);
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #count(text: string): number {
    let count = this.#counts.get(text);
    if (count === undefined) {
      count = countTokens(text);
      this.#counts.set(text, count);
    }
    return count;
  }

  #reply({ messages, tools = [], max_tokens: output = 0 }: SentBody): { status: number; body: string } {
    const texts = messages.map((message) => JSON.stringify(message));
    const tokens =
      this.#count(JSON.stringify(tools)) +
      messages.reduce((sum, message) => sum + this.#messageTokens(message), frameTokens);
    const refused = tokens + output > this.#window;
    const prefixShare = this.#shareOf(texts);
    this.arrived.push({ tokens, refused, prefixShare });
    if (refused) {
      const message = `This model's maximum context length is ${this.#window} tokens. However, you requested ${tokens + output} tokens (${tokens} in the messages, ${output} in the completion). Please reduce the length of the messages or completion.`;
      const error = { message, type: "invalid_request_error", code: "context_length_exceeded" };
      return { status: 400, body: JSON.stringify({ error }) };
    }
    this.#before = texts;
    this.#answered += 1;
    return { status: 200, body: this.#stream(this.#answer(this.#answered), tokens) };
  }

  #messageTokens({ content, tool_calls: calls = [] }: SentMessage): number {
    const made = calls.map(
      (call) => this.#count(call.function.name) + this.#count(call.function.arguments) + 8,
    );
    return this.#count(content ?? "") + frameTokens + made.reduce((sum, one) => sum + one, 0);
  }

  #shareOf(texts: readonly string[]): number {
    const whole = this.#before.join("");
    const now = texts.join("");
    if (whole === "") return 1;
    let same = 0;
    while (same < whole.length && whole[same] === now[same]) same += 1;
    return same / whole.length;
  }

  #stream({ text = "", calls = [] }: ServedReply, tokens: number): string {
    const event = (fields: object): string =>
      `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "counted", ...fields })}\n\n`;
    const toolCalls = calls.map(([name, args], index) => ({
      index,
      id: `call_${this.#answered}_${index}`,
      type: "function",
      function: { name, arguments: JSON.stringify(args) },
    }));
    const delta = {
      role: "assistant",
      content: text,
      ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
    };
    const output = this.#count(text) + this.#count(JSON.stringify(toolCalls));
    const usage = { prompt_tokens: tokens, completion_tokens: output, total_tokens: tokens + output };
    return (
      event({ choices: [{ index: 0, delta, finish_reason: null }] }) +
      event({ choices: [{ index: 0, delta: {}, finish_reason: calls.length > 0 ? "tool_calls" : "stop" }] }) +
      event({ choices: [], usage }) +
      "data: [DONE]\n\n"
    );
  }
}
