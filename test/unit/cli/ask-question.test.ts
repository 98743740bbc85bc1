import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import type { Output } from "../../../src/cli/io";
import { Approver } from "../../../src/cli/run/approver";
import type { ApprovalMode } from "../../../src/cli/run/approver";
import { readAnswers } from "../../../src/cli/run/answers";
import { LineDisplay } from "../../../src/cli/run/display";
import { TypedLines } from "../../../src/cli/run/lines";
import { plainStyle } from "../../../src/cli/text/style";
import type { FieldMap } from "../../../src/engine/model/field";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { Harness } from "../../fakes/engine-harness";

class Printed implements Output {
  readonly isTerminal = true;
  readonly columns = 80;
  readonly rows = 24;
  readonly style = plainStyle;
  text = "";
  onWrite: () => void = () => undefined;
  write(text: string): void {
    this.text += text;
    this.onWrite();
  }
  line(text = ""): void {
    this.write(`${text}\n`);
  }
  onResize(): () => void {
    return () => undefined;
  }
}

interface Asked {
  readonly session: Harness;
  readonly printed: Printed;
  readonly end: string;
  readonly message: string;
}

/** Performs one question, and types the next of `typed` whenever something is asked for. */
async function ask(
  of: { readonly question?: string; readonly words?: readonly string[]; readonly fields?: FieldMap },
  typed: readonly string[],
  { mode = "ask", given = [] }: { readonly mode?: ApprovalMode; readonly given?: readonly string[] } = {},
): Promise<Asked> {
  const does = { kind: "ask" as const, question: of.question ?? "Go on?", fields: of.fields ?? {} };
  const scope = step("scope", "a person", {
    does,
    verdict: [...(of.words ?? ["answered"])],
    instruction: "",
  });
  const definition = definitionOf([scope]);
  definition.score.result = { step: "scope" };
  const session = harness(definition, () => "ok");
  const printed = new Printed();
  const keyboard = new PassThrough();
  const lines = new TypedLines(keyboard);
  const approver = new Approver({
    live: {
      orchestrator: session.orchestrator,
      readText: (content) => session.store.getText(content),
      readBytes: (ref) => session.store.getBytes(ref),
    },
    mode,
    display: new LineDisplay(printed),
    output: printed,
    env: {},
    lines,
    answers: readAnswers(given),
  });
  session.orchestrator.listen({ onEvents: () => approver.look() });
  const left = [...typed];
  printed.onWrite = () => {
    if (!/(?:> |changes nothing\.\n)$/.test(printed.text)) return;
    // Later than the prompt: what came before it counts for nothing.
    setImmediate(() => {
      const next = left.shift();
      if (next === undefined) keyboard.end();
      else keyboard.write(`${next}\n`);
    });
  };
  const state = await session.run();
  await approver.close();
  lines.stop();
  const end = state.status === "ended" ? (state.outcome ?? "") : (state.pause?.reason ?? "");
  return { session, printed, end, message: state.pause?.message ?? "" };
}

const answersOf = ({ session }: Asked): unknown[] =>
  session.eventsOf("question_answered").map(({ data: { verdict, answers, by } }) => [verdict, answers, by]);

describe("questions of the Score on a terminal", () => {
  it("take a word by its number or as it is, and say what can be typed", async () => {
    const byNumber = await ask({ question: "How far?", words: ["go", "smaller"] }, ["what", "2"]);
    assert.equal(byNumber.end, "completed");
    assert.deepEqual(answersOf(byNumber), [["smaller", undefined, "person"]]);
    assert.match(byNumber.printed.text, /── scope: the Score asks\nHow far\?\n\[1\] go {2}\[2\] smaller/);
    assert.match(byNumber.printed.text, /Type a number from 1 to 2, the word, p or t\./);

    const byWord = await ask({ words: ["go", "smaller"] }, ["go"]);
    assert.deepEqual(answersOf(byWord), [["go", undefined, "person"]]);
  });

  it("ask for each field by its kind, again until it fits", async () => {
    const fields: FieldMap = {
      rounds: { type: "number", max: 5 },
      draft: { type: "boolean" },
      risk: { enum: ["low", "high"], description: "How bad it may get." },
      files: { type: "list" },
      why: { multiline: true },
      note: { optional: true },
    };
    const typed = ["nine", "9", "3", "y", "2", "a.md\nb.md\n.", "first\nsecond\n.", ""];

    const asked = await ask({ fields }, typed);

    assert.equal(asked.end, "completed");
    assert.deepEqual(answersOf(asked), [
      [
        "answered",
        { rounds: 3, draft: true, risk: "high", files: ["a.md", "b.md"], why: "first\nsecond" },
        "person",
      ],
    ]);
    assert.match(asked.printed.text, /rounds must be a number, not "nine"\.\n/);
    assert.match(asked.printed.text, /rounds must be at most 5, not 9\.\n/);
    assert.match(asked.printed.text, /How bad it may get\.\nrisk \(\[1\] low {2}\[2\] high\) > /);
  });

  it("pause and stop as asked, and pause at the end of the input", async () => {
    const words = ["go", "smaller"];
    assert.equal((await ask({ words }, ["p"])).end, "person");
    assert.equal((await ask({ words }, ["t"])).end, "stopped");
    const ended = await ask({ words }, []);
    assert.equal(ended.end, "approval");
    assert.deepEqual(answersOf(ended), []);
    assert.equal((await ask({ fields: { why: { multiline: true } } }, [])).end, "approval");
  });

  it("are answered by what --answer gave, and asked where that does not fit", async () => {
    const words = ["go", "smaller"];
    const given = await ask({ words }, [], { given: ["scope=go"] });
    assert.deepEqual(answersOf(given), [["go", undefined, "command_line"]]);

    const wrong = await ask({ words }, ["1"], { given: ["scope=huge"] });
    assert.deepEqual(answersOf(wrong), [["go", undefined, "person"]]);
    assert.match(wrong.printed.text, /must be one of go, smaller/);
  });

  it("pause the session where nobody is there, with the options that answer", async () => {
    const asked = await ask({ words: ["go", "smaller"] }, [], { mode: "none" });
    assert.equal(asked.end, "approval");
    assert.match(asked.message, /--answer scope=go\|smaller/);
  });

  it("show no control character of a question", async () => {
    const asked = await ask({ question: "Go \u001b[2J on?", words: ["go", "no"] }, ["1"]);
    assert.ok(!asked.printed.text.includes("\u001b"));
  });
});
