import assert from "node:assert/strict";
import type { Output } from "../../../src/cli/io";
import { LiveDisplay } from "../../../src/cli/run/live-display";
import { plainStyle } from "../../../src/cli/text/style";
import { displayWidth } from "../../../src/cli/text/width";
import { draft } from "../../../src/engine/event/event";
import type { EventDraft } from "../../../src/engine/event/event";
import { definitionSchema } from "../../../src/engine/model/definition-schema";
import type { Definition } from "../../../src/engine/model/definition";
import { apply } from "../../../src/engine/state/apply";
import { initialState } from "../../../src/engine/state/state";
import type { SessionState } from "../../../src/engine/state/state";

/** As much of a terminal as the display uses: lines, wrapping, cursor up, clear below, and the cursor's visibility. */
class Screen implements Output {
  readonly isTerminal = true;
  readonly style = plainStyle;
  cursorShown = true;
  writes = 0;
  #lines: string[] = [""];
  #row = 0;
  #resize: (() => void) | undefined;

  constructor(
    public columns: number,
    public rows: number,
  ) {}

  write(text: string): void {
    this.writes += 1;
    const parts = text.matchAll(/\u001b\[(\??)(\d*)([A-Za-z])|\n|\r|[^\u001b\n\r]+/g);
    for (const [part, , number = "", letter] of parts) {
      if (part === "\n") this.#newLine();
      else if (part === "\r") continue;
      else if (letter === "A") this.#row = Math.max(0, this.#row - Number(number));
      else if (letter === "J") this.#lines = [...this.#lines.slice(0, this.#row), ""];
      else if (letter === "h" || letter === "l") this.cursorShown = letter === "h";
      else if (letter === undefined) this.#put(part);
    }
  }

  #newLine(): void {
    this.#row += 1;
    if (this.#row >= this.#lines.length) this.#lines.push("");
  }

  #put(text: string): void {
    for (const character of text) {
      const line = this.#lines[this.#row] ?? "";
      if (displayWidth(line) + displayWidth(character) > this.columns) {
        this.#newLine();
        this.#lines[this.#row] = character;
      } else this.#lines[this.#row] = line + character;
    }
  }

  line(text = ""): void {
    this.write(`${text}\n`);
  }

  onResize(listener: () => void): () => void {
    this.#resize = listener;
    return () => (this.#resize = undefined);
  }

  /** Another width: what stands on the screen is wrapped anew, as terminals do. */
  setColumns(columns: number): void {
    this.columns = columns;
    const old = this.#lines;
    this.#lines = [""];
    this.#row = 0;
    old.forEach((line, index) => {
      this.#put(line);
      if (index < old.length - 1) this.#newLine();
    });
    this.#resize?.();
  }

  get text(): string {
    return this.#lines.join("\n").trimEnd();
  }
}

const definition: Definition = definitionSchema.parse({
  format: 1,
  flow: {
    name: "shapes",
    source: "a.flow.yaml",
    task: "t",
    inputs: {},
    references: [],
    policy: {},
    approval: "none",
    limits: {},
    conductor: {},
  },
  band: { name: "b", source: "b.band.yaml", roles: { coder: { prompt: "p" } } },
  venue: {
    version: 1,
    name: "v",
    provider: "scripted",
    source: "v.venue.yaml",
    replies: { version: 1, steps: {} },
  },
  score: {
    name: "s",
    source: "s.score.yaml",
    steps: [
      {
        kind: "step",
        id: "build",
        role: "coder",
        instruction: "",
        produces: [],
        approval: "none",
        max_turns: 1,
        retry_attempts: 1,
      },
    ],
  },
});
const digest = "0".repeat(64);

function harness(columns: number) {
  const screen = new Screen(columns, 20);
  let tick = (): void => undefined;
  const display = new LiveDisplay(screen, () => 0, {
    setInterval: (work) => {
      tick = work;
      return 0 as unknown as NodeJS.Timeout;
    },
    clearInterval: () => undefined,
  });
  let state: SessionState = initialState(definition);
  let seq = 0;
  const record = (...drafts: EventDraft[]): void => {
    const events = drafts.map((one) => ({ ...one, seq: seq++, at: "2026-11-22T10:00:00.000Z" }));
    state = events.reduce(apply, state);
    display.onEvents(events, state);
  };
  const start = (): void =>
    record(
      draft("session_start", null, {
        format: 1,
        engine: "0",
        session: "s",
        flow: "shapes",
        definition: { sha256: digest, bytes: 1 },
        provider: "scripted",
        started_by: "command_line",
      }),
      draft("plan_resolved", null, { steps: 1, max_steps: 1, max_model_calls: 1 }),
      draft("step_start", "build", { id: "build", role: "coder", attempt: 1 }),
    );
  return { screen, display, record, start, tick: () => tick() };
}

const ended = draft("step_end", "build", {
  attempt: 1,
  summary: { text: "" },
  sha256: digest,
  artifacts: [],
  turns: 1,
  tokens: {},
});

describe("the live display", () => {
  it("repaints in place, and leaves only what is over", () => {
    const { screen, display, record, start, tick } = harness(60);
    start();
    display.onDelta("build", { kind: "text", text: "Hello there,\nthis is the coder." });
    for (let times = 0; times < 20; times += 1) tick();
    assert.match(
      screen.text,
      /^── shapes · step 1 of 1 · scripted replies\n\S build {2}coder writes\n {2}Hello there,\n {2}this is/,
    );
    assert.equal(screen.cursorShown, false);

    record(ended);
    display.close();
    assert.equal(screen.text, "✓ build: done, 0 ms");
    assert.equal(screen.cursorShown, true);
  });

  it("paints nothing while nothing changes", () => {
    const { screen, record, start, tick } = harness(60);
    start();
    record(ended);
    tick();
    const before = screen.writes;
    for (let times = 0; times < 50; times += 1) tick();
    assert.equal(screen.writes, before);
  });

  for (const columns of [12, 20, 33]) {
    it(`leaves no remains in a window of ${columns} columns`, () => {
      const { screen, display, record, start, tick } = harness(columns);
      start();
      display.onDelta("build", { kind: "text", text: `${"a long word ".repeat(20)}数学数学数学` });
      for (let times = 0; times < 5; times += 1) tick();
      assert.ok(screen.text.split("\n").length <= 4, screen.text);
      record(ended);
      display.close();
      assert.equal(screen.text.replaceAll("\n", ""), "✓ build: done, 0 ms");
    });
  }

  it("leaves no remains when the window becomes narrower and wider again", () => {
    const { screen, display, record, start, tick } = harness(60);
    start();
    display.onDelta("build", { kind: "text", text: "word ".repeat(40) });
    for (const columns of [25, 14, 80, 31]) {
      tick();
      screen.setColumns(columns);
      tick();
    }
    record(ended);
    display.close();
    assert.equal(screen.text, "✓ build: done, 0 ms");
  });

  it("gives the terminal away and takes it back", () => {
    const { screen, display, start, tick } = harness(60);
    start();
    display.hide();
    assert.equal(screen.text, "");
    assert.equal(screen.cursorShown, true);
    tick();
    display.say("a question");
    assert.equal(screen.text, "a question");
    display.show();
    assert.match(screen.text, /^a question\n── shapes/);
    display.close();
  });

  it("stays closed, whoever wants it back", () => {
    const { screen, display, start } = harness(60);
    start();
    display.hide();
    display.close();
    display.show();
    assert.equal(screen.text, "");
    assert.equal(screen.cursorShown, true);
  });

  it("sends no control character of the streamed text", () => {
    const { screen, display, start, tick } = harness(60);
    start();
    display.onDelta("build", { kind: "text", text: "a\u001b[2Jb" });
    tick();
    assert.match(screen.text, /a␛\[2Jb/);
    display.close();
  });
});
