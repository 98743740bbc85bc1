import assert from "node:assert/strict";
import { conductorRequestSchema } from "../../../src/protocol/conductor-requests";
import { panelRequestSchema, panelStateSchema } from "../../../src/protocol/session-requests";

const sha256 = "a".repeat(64);
const answer = {
  type: "answer",
  request: 1,
  session: "s1",
  id: "a1",
  sha256,
  answer: { decision: "approve" },
};

describe("what the conductor view may send", () => {
  const accepted: readonly unknown[] = [
    { type: "ready" },
    answer,
    { ...answer, answer: { decision: "edit", instruction: "Do it." } },
    { type: "fix_step", request: 2, session: "s1", step: "build#1", how: { kind: "retry" } },
    { type: "raise_limit", request: 3, session: "s1", limit: "cost_usd", value: 2.5 },
    { type: "steer", request: 4, session: "s1", what: "stop" },
    { type: "set_role", request: 5, session: "s1", role: "coder", enabled: false },
    { type: "open", what: "artifacts" },
  ];
  for (const request of accepted) {
    it(`takes ${JSON.stringify(request).slice(0, 60)}`, () => {
      assert.equal(conductorRequestSchema.safeParse(request).success, true);
    });
  }

  const refused: readonly (readonly [string, unknown])[] = [
    ["nothing", undefined],
    ["a text", "approve"],
    ["an unknown type", { type: "eval" }],
    ["an answer without the digest of what was shown", { ...answer, sha256: undefined }],
    ["an answer with another digest's form", { ...answer, sha256: "A".repeat(64) }],
    ["a decision that a person cannot press", { ...answer, answer: { decision: "stop" } }],
    ["an edit without text", { ...answer, answer: { decision: "edit", instruction: "  " } }],
    ["who decides", { ...answer, by: "engine" }],
    ["a limit of nothing", { type: "raise_limit", request: 1, session: "s1", limit: "cost_usd", value: 0 }],
    ["a command to run", { type: "open", what: "workbench.action.terminal.new" }],
  ];
  for (const [what, request] of refused) {
    it(`may not send ${what}`, () => {
      assert.equal(conductorRequestSchema.safeParse(request).success, false);
    });
  }
});

describe("what the session panel may send", () => {
  it("takes its own requests and nothing else", () => {
    const filter = { kind: "", step: "", role: "", text: "" };
    assert.equal(panelRequestSchema.safeParse({ type: "ready", filter }).success, true);
    assert.equal(panelRequestSchema.safeParse({ type: "rows", edition: 1, from: 0, to: 10 }).success, true);
    assert.equal(panelRequestSchema.safeParse({ type: "rows", edition: 1, from: -1, to: 10 }).success, false);
    assert.equal(panelRequestSchema.safeParse({ type: "details", seq: "1" }).success, false);
    assert.equal(
      panelRequestSchema.safeParse({ type: "filter", filter: { ...filter, kind: "model_call_end" } }).success,
      false,
    );
    assert.equal(panelRequestSchema.safeParse({ type: "open_part", seq: 3, id: "reply" }).success, true);
    assert.equal(panelRequestSchema.safeParse({ type: "open_part", seq: 3, id: "" }).success, false);
    assert.equal(panelRequestSchema.safeParse({ type: "view", view: "console" }).success, false);
    const time = { type: "timeline", from: 0, to: 1, columns: 200 };
    assert.equal(panelRequestSchema.safeParse(time).success, true);
    assert.equal(panelRequestSchema.safeParse({ ...time, columns: 1_000_000 }).success, false);
    const decide = { type: "artifact", action: "accept", path: "src/a.ts", shown: "2c26" };
    assert.equal(panelRequestSchema.safeParse(decide).success, true);
    assert.equal(panelRequestSchema.safeParse({ ...decide, anyway: true }).success, false);
    assert.equal(panelRequestSchema.safeParse({ ...decide, action: "acceptAll" }).success, false);
  });

  it("comes back only to a session that it names", () => {
    assert.equal(panelStateSchema.safeParse({ folder: "f", session: "s1" }).success, true);
    assert.equal(panelStateSchema.safeParse({ folder: "f", session: "" }).success, false);
    assert.equal(panelStateSchema.safeParse(undefined).success, false);
    // A filter of an older version is no reason not to come back.
    const older = { folder: "f", session: "s1", filter: { type: "tool_call", step: "", text: "" } };
    assert.equal(panelStateSchema.safeParse(older).success, true);
  });
});
