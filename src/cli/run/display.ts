import type { SessionEvent } from "../../engine/event/event";
import type { ModelDelta } from "../../engine/port/model-provider";
import type { SessionState } from "../../engine/state/state";
import type { Output } from "../io";
import { describeEvent } from "./describe";
import type { EventLine } from "./describe";

/** Shows a run in progress, on stderr. */
export interface Display {
  onEvents(events: readonly SessionEvent[], state: SessionState): void;
  onDelta(step: string, delta: ModelDelta): void;
  /** Leaves the terminal to another program, until `show`. */
  hide(): void;
  show(): void;
  /** Prints something permanent. */
  say(text: string): void;
  /** Ends it; the terminal is restored. */
  close(): void;
}

export function paintLine({ mark, tone, text }: EventLine, { style }: Output): string {
  switch (tone) {
    case "good":
      return `${style.green(mark)} ${text}`;
    case "bad":
      return `${style.red(mark)} ${text}`;
    case "warn":
      return `${style.yellow(mark)} ${text}`;
    case "quiet":
      return style.dim(`${mark} ${text}`);
    case "plain":
      return `${mark} ${text}`;
  }
}

/** One line for each event: for files, pipes and simple terminals. */
export class LineDisplay implements Display {
  readonly #output: Output;
  constructor(output: Output) {
    this.#output = output;
  }

  onEvents(events: readonly SessionEvent[], state: SessionState): void {
    for (const event of events) {
      const described = describeEvent(event, state);
      if (described !== undefined) this.#output.line(paintLine(described, this.#output));
    }
  }

  say(text: string): void {
    this.#output.line(text);
  }

  onDelta(): void {
    // Streamed text would drown the lines.
  }
  hide(): void {
    // Nothing on the screen could be in the way.
  }
  show(): void {
    // Nothing was hidden.
  }
  close(): void {
    // Every line is written.
  }
}

/** Shows nothing: with --json, stdout has only the events. */
export class NoDisplay implements Display {
  readonly #output: Output;
  constructor(output: Output) {
    this.#output = output;
  }
  say(text: string): void {
    this.#output.line(text);
  }
  onEvents(): void {
    // Printed elsewhere.
  }
  onDelta(): void {
    // Not an event.
  }
  hide(): void {
    // Nothing to hide.
  }
  show(): void {
    // Nothing to show.
  }
  close(): void {
    // Nothing to close.
  }
}
