import type { SessionEvent } from "../../engine/event/event";
import type { ModelDelta } from "../../engine/port/model-provider";
import { formatDuration } from "../text/format";
import { safeLine } from "../text/safe";
import { groupedExactly } from "../../engine/model/grouped";

/** How long a call or a command may run before a line reports that it does, and again after each such time. */
const quietMs = 60_000;
/** How often to check whether that time has passed. */
const lookMs = 5_000;

/** Its clock and timers. */
export interface Ticker {
  now(): number;
  /** Calls back repeatedly; returns a function that stops it. */
  every(ms: number, call: () => void): () => void;
}

interface Open {
  readonly what: "call" | "command";
  readonly sinceMs: number;
  /** When a line about it was written last. */
  saidMs: number;
  characters: number;
  lastPieceMs: number | undefined;
}

/**
 * Reports from time to time that a long model call or command is still running, where nothing else would: output without a
 * repainted display, such as the log of a CI job; CI systems end jobs that print nothing.
 */
export class SignOfLife {
  readonly #open = new Map<string, Open>();
  readonly #say: (text: string) => void;
  readonly #ticker: Ticker;
  readonly #stop: () => void;

  constructor(say: (text: string) => void, ticker: Ticker) {
    this.#say = say;
    this.#ticker = ticker;
    this.#stop = ticker.every(lookMs, () => this.#look());
  }

  onEvents(events: readonly SessionEvent[]): void {
    for (const { type, step } of events) {
      if (step === null) continue;
      if (type === "model_call_start") this.#begin(step, "call");
      else if (type === "command_start") this.#begin(step, "command");
      else if (type === "model_call_end" || type === "model_call_failed" || type === "command_end")
        this.#open.delete(step);
    }
  }

  onDelta(step: string, delta: ModelDelta): void {
    const open = this.#open.get(step);
    if (open === undefined) return;
    open.lastPieceMs = this.#ticker.now();
    if (delta.kind === "restart") open.characters = 0;
    else if (delta.kind !== "waiting") open.characters += delta.text.length;
  }

  close(): void {
    this.#stop();
    this.#open.clear();
  }

  #begin(step: string, what: Open["what"]): void {
    const nowMs = this.#ticker.now();
    this.#open.set(step, { what, sinceMs: nowMs, saidMs: nowMs, characters: 0, lastPieceMs: undefined });
  }

  #look(): void {
    const nowMs = this.#ticker.now();
    for (const [step, open] of this.#open) {
      if (nowMs - open.saidMs < quietMs) continue;
      open.saidMs = nowMs;
      this.#say(`… ${safeLine(step)}: ${textOf(open, nowMs)}`);
    }
  }
}

function textOf({ what, sinceMs, characters, lastPieceMs }: Open, nowMs: number): string {
  const passed = formatDuration(nowMs - sinceMs);
  if (what === "command") return `the command has run for ${passed}`;
  if (lastPieceMs === undefined) return `no reply from the model yet, after ${passed}`;
  const last = nowMs - lastPieceMs < quietMs ? "" : `, the last ${formatDuration(nowMs - lastPieceMs)} ago`;
  return `the model has written ${groupedExactly(characters)} characters in ${passed}${last}`;
}
