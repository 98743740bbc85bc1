import assert from "node:assert/strict";
import { SignOfLife } from "../../../src/cli/run/sign-of-life";
import type { Ticker } from "../../../src/cli/run/sign-of-life";
import type { SessionEvent } from "../../../src/engine/event/event";

/** A clock that the test moves. */
class Clock implements Ticker {
  nowMs = 0;
  #calls: { readonly ms: number; nextMs: number; readonly call: () => void }[] = [];

  now(): number {
    return this.nowMs;
  }

  every(ms: number, call: () => void): () => void {
    const one = { ms, nextMs: this.nowMs + ms, call };
    this.#calls.push(one);
    return () => {
      this.#calls = this.#calls.filter((other) => other !== one);
    };
  }

  pass(seconds: number): void {
    const endMs = this.nowMs + seconds * 1000;
    for (; this.nowMs < endMs; this.nowMs += 1000)
      for (const one of this.#calls)
        if (one.nextMs <= this.nowMs) {
          one.nextMs += one.ms;
          one.call();
        }
  }
}

const event = (type: SessionEvent["type"], step: string): SessionEvent => ({ type, step }) as SessionEvent;

describe("a long call without a picture of it", () => {
  let clock: Clock;
  let said: string[];
  let sign: SignOfLife;

  beforeEach(() => {
    clock = new Clock();
    said = [];
    sign = new SignOfLife((text) => said.push(text), clock);
  });

  it("says after each minute that no reply has come, and nothing before or after", () => {
    sign.onEvents([event("model_call_start", "plan")]);
    clock.pass(59);
    assert.deepEqual(said, []);
    clock.pass(71);
    assert.deepEqual(said, [
      "… plan: no reply from the model yet, after 1 min 0 s",
      "… plan: no reply from the model yet, after 2 min 0 s",
    ]);
    sign.onEvents([event("model_call_end", "plan")]);
    clock.pass(300);
    assert.equal(said.length, 2);
  });

  it("says how much has come, and when the last of it was", () => {
    sign.onEvents([event("model_call_start", "plan")]);
    clock.pass(30);
    sign.onDelta("plan", { kind: "text", text: "x".repeat(1200) });
    clock.pass(40);
    clock.pass(60);
    assert.deepEqual(said, [
      "… plan: the model has written 1,200 characters in 1 min 0 s",
      "… plan: the model has written 1,200 characters in 2 min 0 s, the last 1 min 30 s ago",
    ]);
  });

  it("counts each step of its own, commands too, and begins anew with each call", () => {
    sign.onEvents([event("model_call_start", "a"), event("command_start", "b")]);
    clock.pass(45);
    sign.onEvents([event("model_call_failed", "a"), event("model_call_start", "a")]);
    clock.pass(30);
    assert.deepEqual(said, ["… b: the command has run for 1 min 0 s"]);
    sign.close();
    clock.pass(300);
    assert.equal(said.length, 1);
  });
});
