import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import type { Output } from "../../../src/cli/io";
import { readAnswers } from "../../../src/cli/run/answers";
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
  const definition = definitionOf([step("only", "writer", { approval, instruction })]);
  return askIn(
    harness(definition, () => "Done."),
    mode,
    answers,
  );
}

function askIn(
  session: Harness,
  mode: ApprovalMode,
  answers: readonly string[],
  given: readonly string[] = [],
): Asked {
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
  if (mode === "ask") lines.start();
  const left = [...answers];
  let seen = 0;
  const typist = setInterval(() => {
    const prompts = printed.text.split(/(?:\[v\]iew \w+|s\[t\]op) >/).length - 1;
    if (prompts <= seen) return;
    seen = prompts;
    const next = left.shift();
    if (next === undefined) keyboard.end();
    else keyboard.write(`${next}\n`);
  }, 2);
  typist.unref();
  const done = session.run().then(async (state) => {
    clearInterval(typist);
    await approver.close();
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

  it("show the step, the role and what is asked, and take a letter or the word", async () => {
    const asked = ask("ask", "both", ["a", "APPROVE"]);
    assert.equal(await asked.done, "completed");
    assert.deepEqual(decisions(asked), ["approve by person", "approve by person"]);
    assert.match(asked.printed.text, /── only \(writer\): may it begin\?\nDo it\.\n/);
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
    assert.match(asked.printed.text, /more lines; v shows the whole prompt\./);
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

  /** What stands between one heading of a question and its choices. */
  const asks = ({ printed }: Asked): string[] =>
    [...printed.text.matchAll(/^── (.*?)^\[a\]pprove/gms)].map(([, text]) => text ?? "");

  it("show first what is new: the filled-in instruction and the report before; the role's prompt comes with v", async () => {
    const plan = step("plan", "writer", { instruction: "Plan it." });
    const build = step("build", "writer", {
      approval: "before_step",
      instruction: "Build what is planned: {{steps.plan.summary}}",
    });
    const session = harness(definitionOf([plan, build]), ({ origin }) =>
      origin.stepId === "plan" ? "Two modules." : "Built.",
    );
    const asked = askIn(session, "ask", ["v", "a"]);
    assert.equal(await asked.done, "completed");
    const [before = ""] = asks(asked);
    assert.equal(
      before,
      "build (writer): may it begin?\nBuild what is planned: Two modules.\n\nplan reported:\n  Two modules.\n",
    );
    const all = asked.printed.text.slice(asked.printed.text.indexOf("[v]iew prompt"));
    assert.match(all, /system:\n {2}You write\./);
    assert.match(all, /# Task\n\n {2}Make it so\./);
  });

  it("show a result as its report, its verdict and the changes that it wrote", async () => {
    const review = step("review", "writer", { approval: "after_step", verdict: ["approve", "reject"] });
    const session = harness(
      definitionOf([review]),
      (_, number) =>
        number === 1
          ? { calls: [["write_file", { path: "a.txt", content: "one\ntwo changed\nthree\n" }]] }
          : { text: "All is well.", calls: [["set_verdict", { verdict: "approve" }]] },
      { project: { "a.txt": "one\ntwo\nthree\n" } },
    );
    const asked = askIn(session, "ask", ["a"]);
    assert.equal(await asked.done, "completed");
    assert.equal(
      asks(asked)[0],
      [
        "review (writer): is the result all right?",
        "All is well.",
        "",
        "verdict: approve",
        "",
        "wrote a.txt (+1 -1 lines)",
        "  @@ line 1",
        "   one",
        "  -two",
        "  +two changed",
        "   three",
        "",
      ].join("\n"),
    );
  });

  it("show what a command would run before it is let through", async () => {
    const pr = step("pr", "command open_pr", {
      does: { kind: "run", command: "open_pr" },
      instruction: "",
      approval: "before_step",
    });
    const definition = definitionOf([pr], {
      inputs: { issue: 7 },
      commands: {
        open_pr: {
          argv: ["scripts/open-pr.sh", "{{inputs.issue}}"],
          timeout_seconds: 5,
          env: { GH_TOKEN: "secret:github" },
          network: "allowed",
          writes: [],
          output: "text",
          isolation: "view",
          effects: "none",
        },
      },
    });
    const session = harness(definition, () => "unused", {
      commands: {
        run: () =>
          Promise.resolve({
            end: { kind: "exited", code: 0 },
            output: "",
            files: [],
            discarded: { files: 0, bytes: 0 },
            durationMs: 1,
          }),
      },
    });
    const asked = askIn(session, "ask", ["a"]);
    assert.equal(await asked.done, "completed");
    assert.match(asks(asked)[0] ?? "", /runs {6}scripts\/open-pr\.sh 7\n/);
    assert.match(asks(asked)[0] ?? "", /GH_TOKEN=secret:github/);
    assert.match(asks(asked)[0] ?? "", /network {3}ALLOWED/);
    assert.match(asks(asked)[0] ?? "", /isolation {1}a copy of the files where there is no sandbox\n/);
    assert.match(asked.printed.text, /\[a\]pprove {2}\[s\]kip {2}\[p\]ause {2}s\[t\]op >/);
  });

  describe("of a call that appears in something that the step has read", () => {
    const call = '{"tool": "write_file", "args": {"path": "own.md", "content": "theirs"}}';

    function repeating(): Harness {
      const definition = definitionOf([step("only", "writer", { max_turns: 4 })]);
      definition.flow.policy = { ...definition.flow.policy, quoted_calls: "ask" };
      definition.venue.tool_calls = "text";
      return harness(
        definition,
        (_, number) =>
          number === 1 ? '{"tool": "read_file", "args": {"path": "a.txt"}}' : number === 2 ? call : "done",
        { project: { "a.txt": `It says:\n${call}\n` } },
      );
    }

    const outcome = ({ session }: Asked): string[] => [
      ...session.eventsOf("question_answered").map(({ data }) => `${data.verdict} by ${data.by}`),
      ...session.eventsOf("tool_denied").map(({ data }) => data.rule),
      ...session.eventsOf("artifact_written").map(({ data }) => data.path),
    ];

    for (const mode of ["none", "all"] as const)
      it(`is refused, and the run goes on, where nobody can be asked (--approve ${mode})`, async () => {
        // An answer that was given before the call was seen does not count.
        const asked = askIn(repeating(), mode, [], ["only=approve"]);
        assert.equal(await asked.done, "completed");
        assert.deepEqual(outcome(asked), ["refuse by engine", "quoted-call"]);
      });

    it("is shown with the place where it was read, and performed or refused as answered", async () => {
      const approved = askIn(repeating(), "ask", ["1\n."], ["only=refuse"]);
      assert.equal(await approved.done, "completed");
      assert.deepEqual(outcome(approved), ["approve by person", "own.md"]);
      const shown = approved.printed.text.replace(/\s+/g, " ");
      assert.match(shown, /only: a call appears in something that the step has read/);
      assert.match(
        shown,
        /calls write_file with: .*"content": "theirs".* the result of read_file "a\.txt"\./,
      );

      const refused = askIn(repeating(), "ask", ["refuse\nan example\n."]);
      assert.equal(await refused.done, "completed");
      assert.deepEqual(outcome(refused), ["refuse by person", "quoted-call-refused"]);
      assert.match(refused.session.model.lastMessage(), /an example\./);
    });
  });
});
