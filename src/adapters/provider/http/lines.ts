/** The longest line a server may send, in bytes: an endless line must not fill the memory. */
export const longestLineBytes = 64 * 1024 * 1024;

/**
 * Cuts a byte stream at its last line feed and decodes only whole lines. A line feed is never part of a multi-byte
 * character in UTF-8, so no decoder state is needed, and one native conversion serves a whole network read.
 */
export class LineSplitter {
  #rest: Uint8Array[] = [];
  #restBytes = 0;

  /** The text of all complete lines, each with its line feed; empty when there is none. */
  push(chunk: Uint8Array): string {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const end = bytes.lastIndexOf(10) + 1;
    if (end === 0) {
      this.#keep(bytes);
      return "";
    }
    let text: string;
    if (this.#restBytes === 0) {
      text = bytes.toString("utf8", 0, end);
    } else {
      text = Buffer.concat([...this.#rest, bytes.subarray(0, end)]).toString("utf8");
      this.#rest = [];
      this.#restBytes = 0;
    }
    if (end < bytes.length) this.#keep(bytes.subarray(end));
    return text;
  }

  /** What follows the last line feed, at the end of the stream. */
  rest(): string {
    return this.#restBytes === 0 ? "" : Buffer.concat(this.#rest).toString("utf8");
  }

  /** Whether an unfinished line is longer than any reply's. */
  get overlong(): boolean {
    return this.#restBytes > longestLineBytes;
  }

  #keep(bytes: Uint8Array): void {
    // A copy: the view may belong to a buffer that the transport reuses.
    this.#rest.push(Uint8Array.from(bytes));
    this.#restBytes += bytes.length;
  }
}
