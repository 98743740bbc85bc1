import { StringDecoder } from "node:string_decoder";

/** A caller waits for a line. */
interface Waiting {
  readonly resolve: (line: string | undefined) => void;
}

/**
 * Lines that the user types. Input while no question is open is discarded: it was not meant as an answer.
 */
export class TypedLines {
  readonly #decoder = new StringDecoder("utf8");
  #partial = "";
  #waiting: Waiting | undefined;
  /** Lines that arrived together with the answer, for questions that take several lines. */
  #ready: string[] = [];
  #ended = false;
  #reading = false;
  readonly #stream: NodeJS.ReadableStream;

  constructor(stream: NodeJS.ReadableStream) {
    this.#stream = stream;
  }

  readonly #onData = (chunk: Buffer): void => {
    const parts = (this.#partial + this.#decoder.write(chunk)).split(/\r?\n/);
    this.#partial = parts.pop() ?? "";
    this.#ready.push(...parts);
    this.#serve();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#serve();
  };

  #serve(): void {
    if (this.#waiting === undefined) {
      this.#ready = [];
      return;
    }
    const next = this.#ready.shift();
    if (next === undefined && !this.#ended) return;
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    resolve(next);
  }

  /** No more input will arrive. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Starts listening, so that text typed ahead is not taken for an answer later. */
  start(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#stream.on("data", this.#onData);
    this.#stream.on("end", this.#onEnd);
    this.#stream.resume();
  }

  /** Leaves the input to another program, such as an editor. */
  stop(): void {
    if (!this.#reading) return;
    this.#reading = false;
    this.#stream.off("data", this.#onData);
    this.#stream.off("end", this.#onEnd);
    this.#stream.pause();
    this.#partial = "";
    this.#ready = [];
  }

  /** The next line; undefined when the input has ended or `cancel` was called. `more`: lines already typed count. */
  next(more = false): Promise<string | undefined> {
    this.start();
    if (!more) this.#ready = [];
    return new Promise((resolve) => {
      this.#waiting = { resolve };
      if (this.#ready.length > 0 || this.#ended) this.#serve();
    });
  }

  /** Ends the wait for a line. */
  cancel(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(undefined);
  }
}
