import assert from "node:assert/strict";
import { ModelServer } from "../fakes/servers/model-server";
import type { Exchange } from "../fakes/servers/model-server";
import { openai } from "../fakes/servers/vendors";

/** A model that stops in the middle of a reply when it is told to, until it is told to go on. */
export class HeldModel {
  /** Calls that it got. */
  calls = 0;
  #holding = false;
  #held: Exchange | undefined;
  #told: () => void = () => undefined;
  readonly #server: ModelServer;

  private constructor(server: ModelServer) {
    this.#server = server;
    server.behaviour = (exchange) => this.#answer(exchange);
  }

  static async start(): Promise<HeldModel> {
    return new HeldModel(await ModelServer.start());
  }

  get url(): string {
    return this.#server.url;
  }

  /** The next reply stops when its first words are said. */
  hold(): void {
    this.#holding = true;
  }

  /** Waits until a reply has stopped. */
  async isHeld(): Promise<void> {
    if (this.#held === undefined) await new Promise<void>((resolve) => (this.#told = resolve));
  }

  /** Says the rest of the reply. */
  async release(): Promise<void> {
    const held = this.letGo();
    assert.ok(held, "no reply is held");
    await this.#finish(held);
  }

  /** Forgets the reply, whose caller is gone; the next ones are said to their ends. */
  letGo(): Exchange | undefined {
    const held = this.#held;
    this.#holding = false;
    this.#held = undefined;
    return held;
  }

  async #answer(exchange: Exchange): Promise<void> {
    if (exchange.request.path !== openai.path) {
      exchange.answer(404, {});
      return;
    }
    this.calls += 1;
    exchange.begin(openai.contentType);
    await exchange.send(openai.text("I think about it, "));
    if (!this.#holding) await this.#finish(exchange);
    else {
      this.#held = exchange;
      this.#told();
    }
  }

  async #finish(exchange: Exchange): Promise<void> {
    await exchange.send(openai.text("and that is it."));
    await exchange.send(openai.finish());
    exchange.end();
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}
