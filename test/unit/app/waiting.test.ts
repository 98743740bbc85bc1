import assert from "node:assert/strict";
import { endSentence, waitingIn } from "../../../src/app/session/waiting";
import type { WaitingFacts } from "../../../src/app/session/waiting";

type View = WaitingFacts["view"];

const view = (changes: Partial<View>): View => ({
  status: "running",
  approvals: [],
  questions: [],
  suggestions: [],
  failed: [],
  ...changes,
});
const approval = {
  id: "a1",
  kind: "before_step",
  sha256: "",
  step: "build",
  role: "coder",
  instruction: "",
} as const;
const failure = { step: "build", code: "model_unreachable", message: "no" };

const textsOf = (facts: WaitingFacts): readonly string[] => waitingIn(facts).map(({ text }) => text);

describe("what waits for a person in a session", () => {
  it("is each question and each failed step", () => {
    const both = view({
      approvals: [approval, { ...approval, id: "a2", kind: "after_step" }],
      failed: [failure],
    });

    assert.deepEqual(textsOf({ view: both, label: "waiting", holder: "here" }), [
      "begin build?",
      "take the result of build?",
      "build failed",
    ]);
  });

  it("is each question of the Score, with the files that it is about", () => {
    const asked = {
      id: "q1",
      kind: "ask",
      sha256: "",
      step: "scope",
      text: { text: "Go on?" },
      words: [],
    } as const;
    const questions = view({
      questions: [
        asked,
        { ...asked, id: "q2", kind: "accept", step: "take", paths: ["a.md"] },
        { ...asked, id: "q3", kind: "accept", step: "take", paths: ["a.md", "b.md"] },
        { ...asked, id: "q4", kind: "exhausted", step: "fixing" },
        { ...asked, id: "q5", kind: "happened", step: "send" },
        { ...asked, id: "q6", kind: "foreign_tool", step: "build", tool: "vscode:run_tests" },
        { ...asked, id: "q7", kind: "quoted_call", step: "build", tool: "write_file" },
      ],
    });

    assert.deepEqual(textsOf({ view: questions, label: "waiting", holder: "here" }), [
      "a question of scope",
      "accept or reject a.md?",
      "accept or reject 2 files?",
      "more rounds of fixing",
      "what came of send",
      "let build call vscode:run_tests?",
      "let build call write_file?",
    ]);
  });

  it("is a limit, a drift, and work that was cut off", () => {
    const paused = (reason: "limit" | "drift" | "cancelled"): readonly string[] =>
      textsOf({
        view: view({ status: "paused", pause: { reason, message: "" } }),
        label: "paused",
        holder: "nobody",
      });

    assert.deepEqual(paused("limit"), ["limit reached"]);
    assert.deepEqual(paused("drift"), ["paused because it drifts"]);
    assert.deepEqual(paused("cancelled"), ["paused when its window closed"]);
    assert.deepEqual(textsOf({ view: view({}), label: "interrupted", holder: "nobody" }), ["interrupted"]);
  });

  it("is nothing in what a person paused, what ended, and what somebody else performs", () => {
    const byPerson = view({ status: "paused", pause: { reason: "person", message: "" } });

    assert.deepEqual(textsOf({ view: byPerson, label: "paused", holder: "nobody" }), []);
    assert.deepEqual(textsOf({ view: view({ status: "ended" }), label: "completed", holder: "nobody" }), []);
    assert.deepEqual(
      textsOf({ view: view({ approvals: [approval] }), label: "waiting", holder: "elsewhere" }),
      [],
    );
  });

  it("still is the question of a session that was paused with it open", () => {
    const paused = view({
      status: "paused",
      pause: { reason: "person", message: "" },
      approvals: [approval],
    });

    assert.deepEqual(textsOf({ view: paused, label: "paused", holder: "nobody" }), ["begin build?"]);
  });
});

describe("an end that nobody saw", () => {
  const ended = { failed: [], artifacts: [] };

  it("is said with what there is to do", () => {
    assert.equal(endSentence("shapes", { label: "completed", view: ended }), "shapes completed.");
    assert.equal(
      endSentence("shapes", { label: "failed", view: { ...ended, failed: [failure] } }),
      "shapes failed at build.",
    );
    assert.equal(
      endSentence("shapes", {
        label: "paused",
        view: { ...ended, pause: { reason: "limit", message: "" } },
      }),
      "shapes paused: a limit is reached.",
    );
  });

  it("is none where a person paused or stopped it", () => {
    assert.equal(
      endSentence("shapes", {
        label: "paused",
        view: { ...ended, pause: { reason: "person", message: "" } },
      }),
      undefined,
    );
    assert.equal(endSentence("shapes", { label: "stopped", view: ended }), undefined);
  });
});
