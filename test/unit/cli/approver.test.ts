import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import type { Output } from "../../../src/cli/io";
import { Approver } from "../../../src/cli/run/approver";
import type { ApprovalMode } from "../../../src/cli/run/approver";
import { LineDisplay } from "../../../src/cli/run/display";
import { TypedLines } from "../../../src/cli/run/lines";
import { plainStyle } from "../../../src/cli/text/style";
import type { Approval } from "../../../src/engine/model/names";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { Harness } from "../../fakes/engine-harness";

class Printed implements Output {
  readonly isTerminal = true;
  readonly columns = 80;
  readonly rows = 24;
  readonly style = plainStyle;
  text = "";
  write(text: string): void {
    this.text += text;
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
  readonly keyboard: PassThrough;
  readonly done: Promise<string>;
}

/** Types an answer whenever a question stands there: the next of `answers`. */
function ask(
  mode: ApprovalMode,
  approval: Approval,
  answers: readonly string[],
  instruction = "Do it.",
): Asked {
  const session = harness(definitionOf([step("only", "writer", { approval, instruction })]), () => "Done.");
  const printed = new Printed();
  const keyboard = new PassThrough();
  const lines = new TypedLines(keyboard);
  const approver = new Approver({
    live: { orchestrator: session.orchestrator, readText: (content) => session.store.getText(content) },
    mode,
    display: new LineDisplay(printed),
    output: printed,
    env: {},
    lines,
  });
  session.orchestrator.listen({ onEvents: () => approver.look() });
  if (mode === "ask") lines.start();
  const left = [...answers];
  let seen = 0;
  const typist = setInterval(() => {
    const prompts = printed.text.split("[v]iew all >").length - 1;
    if (prompts <= seen) return;
    seen = prompts;
    const next = left.shift();
    if (next === undefined) keyboard.end();
    else keyboard.write(`${next}\n`);
  }, 2);
  typist.unref();
  const done = session.run().then((state) => {
    clearInterval(typist);
    approver.close();
    lines.stop();
    return state.status === "ended" ? (state.outcome ?? "") : (state.pause?.reason ?? "");
  });
  return { session, printed, keyboard, done };
}

const decisions = ({ session }: Asked): string[] =>
  session.eventsOf("approval_resolved").map(({ data }) => `${data.decision} by ${data.by}`);

describe("approvals on the command line", () => {
  it("are all given with --approve all, and say that nobody looked", async () => {
    const asked = ask("all", "both", []);
    assert.equal(await asked.done, "completed");
    assert.deepEqual(decisions(asked), ["approve by command_line", "approve by command_line"]);
  });

  it("pause the session where nobody can be asked", async () => {
    const asked = ask("none", "before_step", []);
    assert.equal(await asked.done, "approval");
    assert.deepEqual(decisions(asked), []);
    assert.equal(asked.session.model.requests.length, 0);
  });

  it("show the step, the role and the prompt, and take a letter or the word", async () => {
    const asked = ask("ask", "both", ["a", "APPROVE"]);
    assert.equal(await asked.done, "completed");
    assert.deepEqual(decisions(asked), ["approve by person", "approve by person"]);
    assert.match(asked.printed.text, /── only \(writer\): may it begin\?/);
    assert.match(asked.printed.text, /You write\./);
    assert.match(asked.printed.text, /── only \(writer\): is the result all right\?\nDone\./);
  });

  it("skip, stop and pause as asked", async () => {
    const skipped = ask("ask", "before_step", ["s"]);
    assert.equal(await skipped.done, "completed");
    assert.deepEqual(skipped.session.types("only").at(-1), "step_skipped");
    const stopped = ask("ask", "before_step", ["t"]);
    assert.equal(await stopped.done, "stopped");
    const paused = ask("ask", "before_step", ["p"]);
    assert.equal(await paused.done, "person");
    assert.deepEqual(decisions(paused), []);
  });

  it("try a result again, and offer no skip of what is done", async () => {
    const asked = ask("ask", "after_step", ["s", "r", "a"]);
    assert.equal(await asked.done, "completed");
    assert.deepEqual(decisions(asked), ["retry by person", "approve by person"]);
    assert.match(asked.printed.text, /Type one of a, e, r, p, t, v\./);
    assert.equal(asked.session.model.requests.length, 2);
  });

  it("take a new instruction line by line where there is no editor", async () => {
    const asked = ask("ask", "before_step", ["e\nDo it in\ntwo lines.\n.", "a"]);
    assert.equal(await asked.done, "completed");
    const [edited] = asked.session.eventsOf("approval_resolved");
    assert.equal(edited?.data.instruction, "Do it in\ntwo lines.");
    assert.match(asked.session.model.lastMessage(1), /two lines/);
  });

  it("cut a long prompt and show all of it when asked", async () => {
    const long = Array.from({ length: 60 }, (_, index) => `line ${index}`).join("\n");
    const asked = ask("ask", "before_step", ["v", "a"], long);
    assert.equal(await asked.done, "completed");
    assert.match(asked.printed.text, /more lines; v shows all\./);
    assert.match(asked.printed.text, /line 59/);
  });

  it("are asked again after an answer that is none, and pause at the end of the input", async () => {
    const asked = ask("ask", "before_step", ["what?"]);
    assert.equal(await asked.done, "approval");
    assert.match(asked.printed.text, /Type one of a, s, e, p, t, v\./);
  });

  it("are never answered by what was typed before the question stood there", async () => {
    const asked = ask("ask", "before_step", ["t"]);
    asked.keyboard.write("a\na\n");
    assert.equal(await asked.done, "stopped");
    assert.deepEqual(decisions(asked), ["stop by person"]);
  });

  it("show no control character of a prompt", async () => {
    const asked = ask("ask", "before_step", ["v", "a"], "Do \u001b[2J it.");
    await asked.done;
    assert.ok(!asked.printed.text.includes("\u001b"));
  });
});
