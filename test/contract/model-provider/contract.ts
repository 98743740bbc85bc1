import assert from "node:assert/strict";
import type { Timeouts } from "../../../src/engine/model/venue";
import type { ModelProvider } from "../../../src/engine/port/model-provider";
import { Call, request } from "./support";

/** What the backend behind the provider shall do with the next call. */
export type Scene =
  | { readonly does: "answer"; readonly words: readonly string[] }
  | { readonly does: "call_tool"; readonly tool: string; readonly args: Record<string, unknown> }
  /** Shows the words, then nothing more comes; with no words, nothing comes at all. */
  | { readonly does: "stall"; readonly words: readonly string[] }
  /** Goes on for ever, a word at a time. */
  | { readonly does: "endless" };

export type Stage = (scene: Scene, timeouts?: Partial<Timeouts>) => ModelProvider;

/**
 * What every ModelProvider keeps, whatever stands behind it.
 * @param asked how many calls have reached the backend; absent where there is none.
 */
export function modelProviderContract(stage: Stage, asked: () => number = () => 0): void {
  it("streams a reply and gives it back whole", async () => {
    const call = new Call(stage({ does: "answer", words: ["Eins ", "zwei ", "drei."] }));
    const reply = await call.reply();
    assert.equal(reply.text, "Eins zwei drei.");
    assert.equal(call.shown, reply.text);
    assert.equal(reply.finishReason, "stop");
    assert.deepEqual(reply.toolCalls, []);
    assert(reply.firstTokenMs !== undefined && reply.firstTokenMs <= reply.totalMs);
  });

  it("lets nothing leave before the call's beginning is recorded", async () => {
    const provider = stage({ does: "answer", words: ["Eins."] });
    const before = asked();
    let record = (): void => undefined;
    const recorded = new Promise<void>((resolve) => (record = resolve));
    const held = new Call(provider, { ...request(), recorded });
    // A later call that is answered shows that there was time for this one.
    const reply = await new Call(provider).reply();
    const between = asked();
    assert.deepEqual(held.deltas, []);
    record();
    assert.equal((await held.reply()).text, reply.text);
    assert.equal(asked() - between, between - before);
  });

  it("lets nothing leave when the call's beginning could not be recorded", async () => {
    const provider = stage({ does: "answer", words: ["Eins."] });
    const before = asked();
    const failed = new Call(provider, { ...request(), recorded: Promise.reject(new Error("no disk")) });
    assert("error" in (await failed.outcome));
    assert.deepEqual(failed.deltas, []);
    assert.equal(asked(), before);
  });

  it("answers with no text at all", async () => {
    const reply = await new Call(stage({ does: "answer", words: [] })).reply();
    assert.equal(reply.text, "");
  });

  it("gives back a tool call", async () => {
    const args = { path: "src/ä.py" };
    const reply = await new Call(stage({ does: "call_tool", tool: "read_file", args })).reply();
    assert.equal(reply.finishReason, "tool_calls");
    assert.equal(reply.toolCalls.length, 1);
    const call = reply.toolCalls[0];
    assert.equal(call?.name, "read_file");
    assert.deepEqual(JSON.parse(call?.argumentsJson ?? ""), args);
  });

  it("reports no count that nobody made", async () => {
    const reply = await new Call(stage({ does: "answer", words: ["Hm."] })).reply();
    assert.deepEqual(reply.usage, {});
  });

  it("makes no call that was cancelled before", async () => {
    const call = new Call(stage({ does: "answer", words: ["Hm."] }), undefined, true);
    await call.error("cancelled");
    assert.deepEqual(call.deltas, []);
  });

  it("ends a call that is cancelled before anything has come", async () => {
    const call = new Call(stage({ does: "stall", words: [] }));
    setImmediate(() => call.cancellation.cancel());
    const error = await call.error("cancelled");
    assert.equal(error.partialText, "");
    assert.equal(error.retryable, false);
  });

  it("ends a call that is cancelled in mid-stream, and keeps the text that had come", async () => {
    const call = new Call(stage({ does: "stall", words: ["Eins ", "zwei "] }));
    await call.showed("zwei");
    call.cancellation.cancel();
    const error = await call.error("cancelled");
    assert.match(error.partialText ?? "", /^Eins zwei\s*$/);
  });

  it("takes no notice of a cancellation after the end", async () => {
    const call = new Call(stage({ does: "answer", words: ["Eins."] }));
    assert.equal((await call.reply()).text, "Eins.");
    call.cancellation.cancel();
    assert.equal((await call.reply()).text, "Eins.");
  });

  it("gives up when the first piece does not come", async () => {
    const call = new Call(stage({ does: "stall", words: [] }, { first_token_seconds: 0.1 }));
    const error = await call.error("first_token_timeout");
    assert.equal(error.retryable, true);
  });

  it("gives up when the reply stops in the middle", async () => {
    const call = new Call(stage({ does: "stall", words: ["Eins "] }, { idle_seconds: 0.1 }));
    const error = await call.error("idle_timeout");
    assert.match(error.partialText ?? "", /^Eins\s*$/);
  });

  it("gives up when the reply has no end", async () => {
    const call = new Call(stage({ does: "endless" }, { total_seconds: 0.3 }));
    const error = await call.error("total_timeout");
    assert.notEqual(error.partialText, "");
  });

  it("waits for a first piece that is slower than the pause allowed between two", async () => {
    // The order decides, not the clock: an idle limit that began with the call would strike long before the other.
    const call = new Call(
      stage({ does: "stall", words: [] }, { idle_seconds: 0.01, first_token_seconds: 0.1 }),
    );
    await call.error("first_token_timeout");
  });
}
