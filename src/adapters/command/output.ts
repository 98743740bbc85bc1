import { StringDecoder } from "node:string_decoder";
import type { CommandOutput } from "../../engine/port/commands";
import { KeyFilter, keyPattern } from "../provider/http/key-filter";

type Stream = CommandOutput["stream"];

/** One stream as text: decoded across its pieces, and without the values of secrets. */
class StreamText {
  readonly #decoder = new StringDecoder("utf8");
  readonly #filters: readonly KeyFilter[];

  constructor(secrets: readonly string[]) {
    this.#filters = secrets.flatMap((secret) => {
      const pattern = keyPattern(secret);
      return pattern === undefined ? [] : [new KeyFilter(pattern)];
    });
  }

  push(bytes: Uint8Array): string {
    return this.#filters.reduce((text, filter) => filter.push(text), this.#decoder.write(bytes));
  }

  end(): string {
    return this.#filters.reduce((text, filter) => filter.rest(text), this.#decoder.end());
  }
}

/** A command's output, up to a limit. */
export class OutputText {
  /** Called when there is more than the limit allows. */
  onExceeded: () => void = () => undefined;
  readonly #streams: Readonly<Record<Stream, StreamText>>;
  readonly #merged: string[] = [];
  readonly #stdout: string[] = [];
  #bytes = 0;

  constructor(
    readonly maxBytes: number,
    secrets: readonly string[],
    readonly onOutput: (output: CommandOutput) => void,
  ) {
    this.#streams = { stdout: new StreamText(secrets), stderr: new StreamText(secrets) };
  }

  push(stream: Stream, bytes: Uint8Array): void {
    const room = this.maxBytes - this.#bytes;
    if (bytes.length > room) this.onExceeded();
    const taken = bytes.length > room ? bytes.subarray(0, Math.max(0, room)) : bytes;
    this.#bytes += taken.length;
    if (taken.length > 0) this.#add(stream, this.#streams[stream].push(taken));
  }

  /** Both streams in the order of arrival, and the standard output alone. */
  end(): { readonly output: string; readonly stdout: string } {
    for (const stream of ["stdout", "stderr"] as const) this.#add(stream, this.#streams[stream].end());
    return { output: this.#merged.join(""), stdout: this.#stdout.join("") };
  }

  #add(stream: Stream, text: string): void {
    if (text === "") return;
    this.#merged.push(text);
    if (stream === "stdout") this.#stdout.push(text);
    this.onOutput({ stream, text });
  }
}
