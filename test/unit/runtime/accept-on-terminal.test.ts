import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { readSession, startSession } from "../../../src/app/session/open";
import type { Output } from "../../../src/cli/io";
import { Approver } from "../../../src/cli/run/approver";
import { askAcceptance } from "../../../src/cli/run/ask-acceptance";
import { LineDisplay } from "../../../src/cli/run/display";
import { TypedLines } from "../../../src/cli/run/lines";
import { plainStyle } from "../../../src/cli/text/style";
import type { Definition } from "../../../src/engine/model/definition";
import type { SessionEvent } from "../../../src/engine/event/event";
import { definitionOf, step } from "../../fakes/engine-harness";
import { libraryOptions, withReplies } from "../../fakes/library-run";

const poem = Array.from({ length: 30 }, (_, line) => `line ${line + 1}`);
const changed = poem.map((line, at) => (at === 1 || at === 27 ? `${line}, better` : line));

function proposing(): Definition {
  const definition = definitionOf([
    step("write", "writer"),
    step("take", "accept", { does: { kind: "accept", paths: ["**"] }, instruction: "" }),
    step("after", "writer"),
  ]);
  const file = (name: string, content: string) => ({ tool: "write_file", args: { path: name, content } });
  return withReplies(definition, {
    write: [
      { text: "", tool_calls: [file("new.md", "New.\n"), file("poem.txt", `${changed.join("\n")}\n`)] },
      { text: "Written.", tool_calls: [] },
    ],
    after: [{ text: "Done.", tool_calls: [] }],
  });
}

interface Ended {
  readonly printed: string;
  readonly end: string;
  readonly events: readonly SessionEvent[];
}

describe("An accept step on a terminal", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "orket-accept-"));
    writeFileSync(path.join(folder, "poem.txt"), `${poem.join("\n")}\n`);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs the session; each of `typed` answers the next prompt. */
  async function run(
    typed: readonly string[],
    onPrompt: (number: number) => void = () => undefined,
  ): Promise<Ended> {
    const live = await startSession(proposing(), libraryOptions(folder));
    const keyboard = new PassThrough();
    const lines = new TypedLines(keyboard);
    const left = [...typed];
    let printed = "";
    let prompts = 0;
    const output: Output = {
      isTerminal: true,
      columns: 80,
      rows: 24,
      style: plainStyle,
      write: (text) => {
        printed += text;
        if (!text.endsWith("> ")) return;
        onPrompt((prompts += 1));
        setImmediate(() => {
          const next = left.shift();
          if (next === undefined) keyboard.end();
          else keyboard.write(`${next}\n`);
        });
      },
      line: (text = "") => output.write(`${text}\n`),
      onResize: () => () => undefined,
    };
    const approver = new Approver({
      live,
      mode: "ask",
      display: new LineDisplay({ ...output, write: () => undefined, line: () => undefined }),
      output,
      env: {},
      lines,
      askAcceptance: (question) => askAcceptance(question, { live, output, lines }),
    });
    live.orchestrator.listen({ onEvents: () => approver.look() });
    lines.start();
    const state = await live.orchestrator.run();
    await approver.close();
    lines.stop();
    await live.close();
    const { events } = await readSession(live.directory);
    return { printed, end: state.outcome ?? state.pause?.reason ?? "", events };
  }

  const verdictOf = ({ events }: Ended): unknown =>
    events.flatMap(({ type, step: key, data }) =>
      type === "step_end" && key === "take" && "verdict" in data ? [data.verdict] : [],
    )[0];
  const poemWith = (at: number): string =>
    poem.map((line, index) => (index === at ? (changed[index] ?? "") : line)).join("\n");
  const poemNow = (): string => readFileSync(path.join(folder, "poem.txt"), "utf8");

  it("shows the files with their counts, the changes on request, and goes on when all are accepted", async () => {
    const ended = await run(["d", "what?", "a"]);

    assert.equal(ended.end, "completed");
    assert.equal(verdictOf(ended), "accepted");
    assert.match(
      ended.printed,
      /── take: files wait for your decision\n new\.md +added .*\+1 -0\n poem\.txt +changed .*\+2 -2\n/,
    );
    assert.match(ended.printed, /\+line 2, better/);
    assert.match(ended.printed, /Type one of a, o, r, d, p, t\./);
    assert.ok(ended.printed.indexOf("+line 2, better") > ended.printed.indexOf("[d]iff"));
    assert.equal(readFileSync(path.join(folder, "new.md"), "utf8"), "New.\n");
    assert.equal(poemNow(), `${changed.join("\n")}\n`);
    const decided = ended.events.filter(({ type }) => type === "artifact_accepted");
    assert.deepEqual(
      decided.map(({ data }) => "by" in data && data.by),
      ["person", "person"],
    );
  });

  it("takes a rejection of all with its reason", async () => {
    const ended = await run(["r", "Not now."]);

    assert.equal(ended.end, "completed");
    assert.equal(verdictOf(ended), "rejected");
    assert.equal(existsSync(path.join(folder, "new.md")), false);
    const reasons = ended.events.flatMap(({ type, data }) =>
      type === "artifact_rejected" && "reason" in data ? [data.reason] : [],
    );
    assert.deepEqual(reasons, ["Not now.", "Not now."]);
  });

  it("takes decisions one by one, down to single hunks", async () => {
    const ended = await run(["o", "r", "", "2", "a"], (number) => {
      if (number === 5) assert.equal(poemNow(), `${poemWith(27)}\n`);
    });

    assert.equal(ended.end, "completed");
    assert.equal(verdictOf(ended), "partly");
    assert.equal(existsSync(path.join(folder, "new.md")), false);
    assert.equal(poemNow(), `${changed.join("\n")}\n`);
    assert.match(ended.printed, /accepted in part poem\.txt\n.*accepted poem\.txt\n/s);
  });

  it("refuses a file that has changed into a conflict since, says why, and asks again", async () => {
    const ended = await run(["a", "r", ""], (number) => {
      if (number === 1) writeFileSync(path.join(folder, "poem.txt"), "Another poem.\n");
    });

    assert.equal(ended.end, "completed");
    assert.equal(verdictOf(ended), "partly");
    assert.match(ended.printed, /accepted new\.md\n/);
    assert.match(ended.printed, /poem\.txt.*(?:changed|conflict)/);
    assert.equal(poemNow(), "Another poem.\n");
  });

  it("pauses, stops, and pauses as unanswered at the end of the input; nothing is decided", async () => {
    for (const [typed, end] of [
      [["p"], "person"],
      [["t"], "stopped"],
      [[], "approval"],
      [["o", "p"], "person"],
    ] as const) {
      const ended = await run(typed);
      assert.equal(ended.end, end);
      assert.equal(
        ended.events.some(({ type }) => type.startsWith("artifact_accepted")),
        false,
      );
      assert.equal(existsSync(path.join(folder, "new.md")), false);
    }
  });
});
