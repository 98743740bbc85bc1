import assert from "node:assert/strict";
import { maxStreamLength } from "../../../src/protocol/conductor";
import type { ConductorScreen, SessionScreen } from "../../../src/protocol/conductor";
import { elapsedMs, headlineOf } from "../../../webview/conductor/headline";
import { initialState, isPending, reduce } from "../../../webview/conductor/store";
import type { ViewState } from "../../../webview/conductor/store";
import { session as fixture, step as plain } from "../../panels/screens";

const session = (changes: Partial<SessionScreen> = {}): SessionScreen =>
  fixture({
    session: "s1",
    steps: [plain("plan", "architect", { status: "running", attempt: 1 })],
    elapsedMs: 1000,
    ticking: true,
    ...changes,
  });

const approval = {
  id: "a1",
  kind: "before_step" as const,
  sha256: "0".repeat(64),
  step: "plan",
  role: "architect",
  instruction: "",
  prompt: [],
};

function screen(of: SessionScreen | null): ConductorScreen {
  return { place: "ready", session: of, flows: [] };
}

function shown(state: ViewState, of: SessionScreen | null, now = 0): ViewState {
  return reduce(state, { type: "message", message: { type: "update", screen: screen(of) }, now });
}

describe("the conductor view's store", () => {
  it("appends streamed text, starts afresh when told, and keeps only the end", () => {
    let state = shown(initialState, session());
    const stream = (text: string, fresh = false, of = "s1"): void => {
      const message = { type: "stream" as const, session: of, parts: [{ step: "plan", text, fresh }] };
      state = reduce(state, { type: "message", message, now: 0 });
    };

    stream("one ");
    stream("two");
    assert.deepEqual(state.streams, { plan: "one two" });
    stream("other", false, "s2");
    assert.deepEqual(state.streams, { plan: "one two" });
    stream("", true);
    assert.deepEqual(state.streams, { plan: "" });
    stream("x".repeat(maxStreamLength + 5));
    assert.equal((state.streams["plan"] ?? "").length, maxStreamLength);
  });

  it("takes the streams that come with a whole screen", () => {
    const message = { type: "screen" as const, screen: screen(session()), streams: { plan: "so far" } };

    assert.deepEqual(reduce(initialState, { type: "message", message, now: 5 }).streams, { plan: "so far" });
  });

  it("drops what belongs to another session", () => {
    let state = shown(initialState, session({ approvals: [approval] }));
    state = reduce(state, { type: "draft", of: "a1", text: "mine" });
    state = shown(state, session({ session: "s2" }));

    assert.deepEqual(state.drafts, {});
    assert.deepEqual(state.streams, {});
  });

  it("keeps a draft over a reload of the view, and drops it when its question is answered", () => {
    let state: ViewState = { ...initialState, drafts: { a1: "typed before" } };
    state = shown(state, session({ approvals: [approval] }));
    assert.deepEqual(state.drafts, { a1: "typed before" });

    state = shown(state, session());
    assert.deepEqual(state.drafts, {});
  });

  it("knows what waits for an answer, and says why one was refused", () => {
    let state = reduce(shown(initialState, session()), { type: "asked", about: "a1" });
    assert.equal(isPending(state, "a1"), true);

    const message = { type: "answered" as const, request: 1, problem: "It was answered." };
    state = reduce(state, { type: "message", message, now: 0 });
    assert.equal(isPending(state, "a1"), false);
    assert.equal(state.refusal, "It was answered.");
    assert.equal(reduce(state, { type: "dismiss" }).refusal, undefined);
  });

  it("counts working time on while something is at work", () => {
    const state = shown(initialState, session(), 10_000);

    assert.equal(elapsedMs(state, session(), 12_500), 3500);
    assert.equal(elapsedMs(state, session({ ticking: false }), 12_500), 1000);
  });
});

describe("the conductor view's headline", () => {
  const failure = { step: "plan", message: "no" };
  const limit = { limit: "model_calls" as const, value: 1, used: 1, proposed: 3 };
  const cases: readonly (readonly [Partial<SessionScreen>, string])[] = [
    [{}, "Running"],
    [{ approvals: [approval] }, "Waiting for you"],
    [{ halting: "pausing" }, "Pausing …"],
    [{ halting: "stopping" }, "Stopping …"],
    [{ interrupted: true, holder: "nobody" }, "Interrupted"],
    [{ status: "paused" }, "Paused"],
    [{ status: "paused", failures: [failure] }, "Failed"],
    [{ status: "paused", limit }, "Paused: limit reached"],
    [{ status: "ended", outcome: "completed" }, "Completed"],
    [{ status: "ended", outcome: "stopped" }, "Stopped"],
    [{ problem: { message: "line 5" } }, "Damaged"],
  ];
  for (const [changes, text] of cases) {
    it(`says ${text}`, () => assert.equal(headlineOf(session(changes)).text, text));
  }
});
