import { once } from "node:events";
import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { MeshNode } from "../../../src/engine/model/venue";
import { ollama, openai } from "../../fakes/servers/vendors";
import type { Vendor } from "../../fakes/servers/vendors";

/** What a node does with the next call. */
export type Fate = "answer" | "stall" | "reset" | "truncate" | "error";

/**
 * A node on loopback: it lists one model, streams `reply to PROMPT` in two pieces, and can be killed and started again
 * on its port. It counts what it has answered to the end.
 */
export class FakeNode {
  digest = "sha256:one";
  /** Time between the two pieces of a reply, in milliseconds. */
  delayMs = 0;
  fate: () => Fate = () => "answer";
  /** Whether an OpenAI-compatible node says which models it has. */
  lists = true;
  /** Prompts that were answered to the last byte. */
  readonly answered: string[] = [];
  /** Prompts that came in. */
  readonly asked: string[] = [];
  mostAtOnce = 0;
  #atOnce = 0;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  readonly #vendor: Vendor;

  constructor(
    readonly name: string,
    vendor: Vendor = ollama,
  ) {
    this.#vendor = vendor;
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      response.on("error", () => undefined);
      request.on("error", () => undefined);
      let body = "";
      request.setEncoding("utf8");
      request.on("data", (part: string) => (body += part));
      request.on("end", () => this.#serve(request.url ?? "", body, response));
    });
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Ends as a killed process does: the port is closed and every connection is reset. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await once(server, "close");
    this.#atOnce = 0;
  }

  spec(slots = 1): MeshNode {
    const { name } = this;
    const vendor = this.#vendor;
    return { name, provider: vendor.name, endpoint: `http://127.0.0.1:${this.#port}${vendor.base}`, slots };
  }

  #serve(path: string, body: string, response: ServerResponse): void {
    const json = (value: unknown): void => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(value));
    };
    if (path === "/api/version") json({ version: "0.13.0" });
    else if (path === "/api/tags") {
      json({
        models: [{ name: "m:latest", digest: this.digest, details: { quantization_level: "Q4_K_M" } }],
      });
    } else if (path === "/api/ps") json({ models: [{ name: "m:latest", context_length: 4096 }] });
    else if (path === "/v1/models" && !this.lists) {
      response.statusCode = 404;
      json({ detail: "Not Found" });
    } else if (path === "/v1/models") json({ data: [{ id: "m", owned_by: "vllm", max_model_len: 8192 }] });
    else this.#reply(body, response);
  }

  #reply(body: string, response: ServerResponse): void {
    const { messages } = JSON.parse(body) as { messages: { content: string }[] };
    const prompt = messages.at(-1)?.content ?? "";
    const fate = this.fate();
    this.asked.push(prompt);
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    response.once("close", () => {
      this.#atOnce -= 1;
    });
    if (fate === "error") {
      response.statusCode = 500;
      response.end(JSON.stringify(this.#vendor.errorBody("broken")));
      return;
    }
    response.writeHead(200, { "content-type": this.#vendor.contentType });
    response.write(this.#vendor.text("reply to "));
    if (fate === "stall") return;
    setTimeout(() => {
      if (response.destroyed) return;
      if (fate === "reset") response.socket?.resetAndDestroy();
      else if (fate === "truncate") response.end();
      else {
        const usage = { input: 10, output: 2 };
        response.end(this.#vendor.text(prompt) + this.#vendor.finish({ usage }), () =>
          this.answered.push(prompt),
        );
      }
    }, this.delayMs);
  }
}

/** A node that speaks OpenAI's protocol, and so does not say which model it has. */
export const openAiNode = (name: string): FakeNode => new FakeNode(name, openai);
