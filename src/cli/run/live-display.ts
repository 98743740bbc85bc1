import type { SessionEvent } from "../../engine/event/event";
import type { ModelDelta } from "../../engine/port/model-provider";
import type { SessionState } from "../../engine/state/state";
import { viewSession } from "../../engine/view/session-view";
import type { SessionView, StepView } from "../../engine/view/session-view";
import { turnText } from "../../engine/view/turn-text";
import { steer } from "../io";
import type { Output } from "../io";
import { formatDuration, formatTokens } from "../text/format";
import { safeText } from "../text/safe";
import { cutToWidth, displayWidth } from "../text/width";
import { describeEvent } from "./describe";
import { paintLine } from "./display";
import type { Display } from "./display";
import { isFromFile } from "../../engine/model/providers";

/** At most ten repaints a second. */
const paintMs = 100;
const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/** How much of the streamed text is kept for its last lines. */
const keptCharacters = 2000;
const textLines = 3;

/** Events whose lines would only repeat what the display shows. */
const inPicture: ReadonlySet<SessionEvent["type"]> = new Set(["step_start"]);

interface Timers {
  setInterval(work: () => void, ms: number): NodeJS.Timeout;
  clearInterval(timer: NodeJS.Timeout): void;
}

/**
 * The run as a display at the bottom of the terminal, repainted in place; finished lines scroll away above it.
 * Every line of the display is cut to the terminal's width, so that its height is known when it is removed.
 */
export class LiveDisplay implements Display {
  #view: SessionView | undefined;
  readonly #streams = new Map<string, string>();
  /** By step whose call waits for its turn: the sessions that are answered meanwhile. */
  readonly #waiting = new Map<string, readonly string[]>();
  /** When a step's model was asked. */
  readonly #asked = new Map<string, number>();
  /** Widths of the lines on the screen. */
  #painted: number[] = [];
  #hidden = false;
  #closed = false;
  #dirty = true;
  #frame = 0;
  readonly #timer: NodeJS.Timeout;
  readonly #offResize: () => void;
  readonly #output: Output;
  readonly #now: () => number;
  readonly #timers: Timers;

  constructor(output: Output, now: () => number, timers: Timers = globalThis) {
    this.#output = output;
    this.#now = now;
    this.#timers = timers;
    this.#timer = timers.setInterval(() => this.#tick(), paintMs);
    this.#offResize = output.onResize(() => this.#repaint(""));
    output.write("\u001b[?25l");
  }

  onEvents(events: readonly SessionEvent[], state: SessionState): void {
    for (const event of events) {
      if (event.step !== null && (event.type === "model_call_start" || event.type === "model_call_end")) {
        this.#streams.delete(event.step);
        if (event.type === "model_call_start") this.#asked.set(event.step, this.#now());
        else {
          this.#asked.delete(event.step);
          this.#waiting.delete(event.step);
        }
      }
    }
    this.#view = viewSession(state);
    const lines = events.flatMap((event) => {
      if (inPicture.has(event.type)) return [];
      const described = describeEvent(event, state);
      return described === undefined ? [] : [paintLine(described, this.#output)];
    });
    if (lines.length > 0) this.#repaint(`${lines.join("\n")}\n`);
    else this.#dirty = true;
  }

  onDelta(step: string, delta: ModelDelta): void {
    if (delta.kind === "waiting") this.#waiting.set(step, delta.behind);
    else if (delta.kind === "restart") this.#streams.delete(step);
    else this.#streams.set(step, ((this.#streams.get(step) ?? "") + delta.text).slice(-keptCharacters));
    this.#dirty = true;
  }

  say(text: string): void {
    this.#repaint(`${text}\n`);
  }

  hide(): void {
    if (this.#hidden) return;
    steer(this.#output, `${this.#erasure()}\u001b[?25h`);
    this.#hidden = true;
  }

  show(): void {
    if (!this.#hidden || this.#closed) return;
    this.#hidden = false;
    steer(this.#output, "\u001b[?25l");
    this.#repaint("");
  }

  close(): void {
    this.#closed = true;
    this.#timers.clearInterval(this.#timer);
    this.#offResize();
    if (!this.#hidden) steer(this.#output, `${this.#erasure()}\u001b[?25h`);
    this.#hidden = true;
  }

  #tick(): void {
    this.#frame += 1;
    const moving = this.#view?.steps.some(({ status }) => status === "running") ?? false;
    if (moving || this.#dirty) this.#repaint("");
  }

  /** Removes the display, writes `above` in its place, and paints it again below. */
  #repaint(above: string): void {
    if (this.#hidden) {
      this.#output.write(above);
      return;
    }
    this.#dirty = false;
    const lines = this.#picture();
    const erasure = this.#erasure();
    this.#painted = lines.map(displayWidth);
    const { style } = this.#output;
    const shown = lines.map((line, index) => (index === 0 || line.startsWith("  ") ? style.dim(line) : line));
    if (erasure !== "") steer(this.#output, erasure);
    this.#output.write(`${above}${shown.map((line) => `${line}\n`).join("")}`);
  }

  /** Moves to the display's first line and clears from there; counts lines that a narrower window has wrapped. */
  #erasure(): string {
    const { columns } = this.#output;
    const height = this.#painted.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    this.#painted = [];
    return height === 0 ? "" : `\u001b[${height}A\r\u001b[J`;
  }

  #picture(): string[] {
    const view = this.#view;
    if (view === undefined) return [];
    const { columns, rows } = this.#output;
    const room = Math.max(2, rows - 2);
    const busy = view.steps.filter(({ status }) => status === "running" || status === "waiting");
    const lines = [this.#headline(view)];
    for (const step of busy) {
      if (lines.length >= room) break;
      lines.push(this.#stepLine(step));
      const spare = room - lines.length;
      lines.push(...this.#textTail(step.key, Math.min(textLines, spare), columns));
    }
    // One column stays free: a terminal may wrap after the last one.
    return lines.slice(0, room).map((line) => cutToWidth(line, columns - 1));
  }

  #headline(view: SessionView): string {
    const begun = view.steps.filter(({ status }) => status !== "planned").length;
    const used = view.roles.flatMap(({ role, tokens }) =>
      tokens.input === undefined && tokens.output === undefined ? [] : [`${role} ${formatTokens(tokens)}`],
    );
    const scripted = isFromFile(view.provider) ? ["scripted replies"] : [];
    const halting = view.halting === undefined ? [] : [`${view.halting}…`];
    return [
      `── ${view.flow}`,
      ...halting,
      `step ${begun} of ${view.steps.length}`,
      ...scripted,
      ...used,
    ].join(" · ");
  }

  #stepLine(step: StepView): string {
    const sign = step.status === "waiting" ? "?" : (spinner[this.#frame % spinner.length] ?? "");
    const asked = this.#asked.get(step.key);
    const behind = this.#waiting.get(step.key) ?? [];
    const waits = behind.length === 0 ? undefined : turnText(this.#view?.session ?? "", behind);
    const streaming = this.#streams.has(step.key) ? "writes" : (waits ?? step.activity ?? "");
    const seconds = asked === undefined ? 0 : Math.floor((this.#now() - asked) / 1000);
    const time = seconds < 1 ? "" : ` ${formatDuration(seconds * 1000).replace(".0", "")}`;
    return `${sign} ${step.key}  ${step.role} ${streaming}${time}`;
  }

  #textTail(step: string, count: number, columns: number): string[] {
    const text = this.#streams.get(step);
    if (text === undefined || count <= 0) return [];
    const lines = safeText(text).replaceAll("\t", "  ").split("\n");
    const full = lines.filter((line) => line.trim() !== "").slice(-count);
    return full.map((line) => `  ${tailOf(line, columns - 4)}`);
  }
}

/** The end of a line that is longer than the window: the new words are there. */
function tailOf(line: string, columns: number): string {
  if (displayWidth(line) <= columns) return line;
  const characters = [...line];
  let from = characters.length;
  let width = 1;
  while (from > 0) {
    width += displayWidth(characters[from - 1] ?? "");
    if (width > columns) break;
    from -= 1;
  }
  return `…${characters.slice(from).join("")}`;
}
