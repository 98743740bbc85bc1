import assert from "node:assert/strict";
import { ScriptedProvider } from "../../../src/adapters/provider/scripted-provider";
import { repliesFileSchema } from "../../../src/engine/model/venue";
import { Call, longTimeouts, request } from "./support";

const scripted = (steps: Record<string, unknown[]>, more: Record<string, unknown> = {}): ScriptedProvider =>
  new ScriptedProvider(repliesFileSchema.parse({ version: 1, steps, ...more }), longTimeouts);

const at = (answeredCalls: number, stepId = "plan", session = "s"): ReturnType<typeof request> =>
  request({ origin: { answeredCalls, stepId, session } });

describe("ScriptedProvider", () => {
  it("answers the calls of a step in order, and each step from its own list", async () => {
    const provider = scripted({ plan: [{ text: "one" }, { text: "two" }], build: [{ text: "three" }] });
    assert.equal((await new Call(provider, at(1)).reply()).text, "two");
    assert.equal((await new Call(provider, at(0)).reply()).text, "one");
    assert.equal((await new Call(provider, at(0, "build")).reply()).text, "three");
  });

  it("falls back to otherwise, and says what is missing without it", async () => {
    const provider = scripted({ plan: [{ text: "one" }] }, { otherwise: { text: "else" } });
    assert.equal((await new Call(provider, at(1)).reply()).text, "else");
    const error = await new Call(scripted({ plan: [{ text: "one" }] }), at(1)).error("bad_request");
    assert.match(error.message, /one reply for step 'plan'.*call number 2.*otherwise/);
    await new Call(scripted({}), at(0, "constructor")).error("bad_request");
  });

  it("fails once at an entry with fail, then goes on behind it", async () => {
    const provider = scripted({
      plan: [
        { fail: "unreachable" },
        { fail: "rate_limited" },
        { text: "one" },
        { fail: "server_error", text: "half" },
      ],
    });
    await new Call(provider, at(0)).error("unreachable");
    await new Call(provider, at(0)).error("rate_limited");
    assert.equal((await new Call(provider, at(0)).reply()).text, "one");
    assert.equal((await new Call(provider, at(1)).error("server_error")).partialText, "half");
    await new Call(provider, at(1)).error("bad_request");
    await new Call(provider, at(0, "plan", "another session")).error("unreachable");
  });

  it("streams word by word, and keeps every blank", async () => {
    const text = "  one two\n\n  three ";
    const call = new Call(scripted({ plan: [{ text }] }, { chunk_delay_ms: 1 }), at(0));
    assert.equal((await call.reply()).text, text);
    assert.deepEqual(
      call.deltas.map((delta) => (delta.kind === "text" ? delta.text : delta.kind)),
      ["  one", " two", "\n\n  three", " "],
    );
  });
});
