import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A request as the server received it; `body` is parsed if it was JSON. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One request to answer, with everything that a misbehaving server needs. */
export class Exchange {
  /** Resolves when the client has disconnected or the connection has ended. */
  readonly gone: Promise<void>;

  constructor(
    readonly request: Received,
    readonly response: ServerResponse,
  ) {
    this.gone = new Promise((resolve) => response.once("close", () => resolve()));
  }

  /** Starts a streamed answer. */
  begin(contentType: string): void {
    this.response.writeHead(200, { "content-type": contentType });
    this.response.flushHeaders();
  }

  /** Sends bytes immediately, as a separate chunk; resolves when they have been sent. */
  async send(piece: string | Uint8Array): Promise<void> {
    if (this.response.destroyed) return;
    await new Promise<void>((resolve) => this.response.write(piece, () => resolve()));
    // Two writes in one turn of the event loop may share a packet; a separate turn keeps them apart.
    await new Promise((resolve) => setImmediate(resolve));
  }

  end(): void {
    this.response.end();
  }

  /** A complete answer with a status. */
  answer(status: number, body: unknown, headers: Record<string, string> = {}): void {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    this.response.writeHead(status, { "content-type": "application/json", ...headers });
    this.response.end(text);
  }

  /** Resets the connection: the client sees ECONNRESET, not an end. */
  reset(): void {
    this.response.socket?.resetAndDestroy();
  }
}

export type Behaviour = (exchange: Exchange) => void | Promise<void>;

/** A model server on loopback; the test writes every answer itself. */
export class ModelServer {
  readonly received: Received[] = [];
  /** Errors inside a behaviour; empty in a test that passes. */
  readonly failures: unknown[] = [];
  behaviour: Behaviour = (exchange) => exchange.answer(500, { error: "no behaviour" });
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("error", () => undefined);
      response.on("error", () => undefined);
      request.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        const received: Received = {
          method: request.method ?? "",
          path: request.url ?? "",
          headers: request.headers,
          body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
        };
        this.received.push(received);
        Promise.resolve()
          .then(() => this.behaviour(new Exchange(received, response)))
          .catch((error: unknown) => this.failures.push(error));
      });
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<ModelServer> {
    const server = new ModelServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
