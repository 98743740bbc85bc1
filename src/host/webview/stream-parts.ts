import type { StreamPart } from "../../protocol/conductor";

/** Streamed text that was not sent yet, one part for each step, so that a message carries many tokens. */
export class StreamParts {
  readonly #parts = new Map<string, StreamPart>();

  take(part: StreamPart): void {
    const before = this.#parts.get(part.step);
    this.#parts.set(
      part.step,
      before === undefined || part.fresh ? part : { ...before, text: before.text + part.text },
    );
  }

  /** What was not sent, which counts as sent from now on. */
  drain(): readonly StreamPart[] {
    const parts = [...this.#parts.values()];
    this.#parts.clear();
    return parts;
  }
}
