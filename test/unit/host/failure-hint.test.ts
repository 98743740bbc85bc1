import assert from "node:assert/strict";
import { failureHints, hintOf } from "../../../src/host/conductor/failure-hint";
import { providerErrorCodes, ProviderError } from "../../../src/engine/error/provider-error";
import { venueFileSchema } from "../../../src/engine/model/venue";
import { definitionOf, harness, step } from "../../fakes/engine-harness";

/** What stands in backticks, as `key`, `key.inner` or `key: value`. */
const keysIn = (hint: string): [path: string[], value: string | undefined][] =>
  [...hint.matchAll(/`([a-z_.]+)(?:: ([a-z]+))?`/g)].map(([, path = "", value]) => [path.split("."), value]);

/** A value that the key takes. */
const examples: Readonly<Record<string, unknown>> = {
  endpoint: "http://127.0.0.1:8000/v1",
  provider: "openai",
  model: "other",
  api_key: "secret:other",
  headers: { "x-gateway": "secret:gate" },
  params: { top_k: null },
  context_tokens: 32_768,
};

const venue = { version: 1, name: "local", provider: "ollama", model: "m" };

function changed([key = "", inner]: string[], value: string | undefined): Record<string, unknown> {
  return { ...venue, [key]: inner === undefined ? (value ?? examples[key]) : { [inner]: 900 } };
}

describe("The hint at a failed step", () => {
  it("is there for every way in which a model call can fail", () => {
    // Both are over before a person sees them; `unknown` has nothing but its message.
    const silent = ["cancelled", "interrupted", "unknown"];
    const missing = providerErrorCodes.filter(
      (code) => !silent.includes(code) && hintOf(`model_${code}`) === undefined,
    );
    assert.deepEqual(missing, []);
    assert.ok(hintOf("model_wait_too_long") !== undefined);
  });

  for (const [code, hint] of Object.entries(failureHints)) {
    it(`can be followed: ${code}`, async () => {
      for (const [path, value] of keysIn(hint)) {
        const taken = venueFileSchema.safeParse(changed(path, value));
        assert.ok(taken.success, `${path.join(".")}: ${taken.error?.message}`);
        if (!hint.includes("new Venue")) continue;
        // A session that failed in this way takes the Venue, and goes on with it.
        const session = harness(definitionOf([step("work", "writer")]), (_, call) =>
          call === 1 ? new ProviderError("bad_request", "No.") : "Done.",
        );
        assert.equal((await session.run()).status, "paused");
        const { provider: _, replies: _replies, ...rest } = taken.data;
        const now = { ...session.definition.venue, ...rest, source: "local.venue.yaml" };
        session.orchestrator.submit({ kind: "change_venue", by: "person", venue: now });
        session.orchestrator.resume("person");
        assert.equal((await session.run()).outcome, "completed");
        assert.equal(session.eventsOf("venue_changed").length, 1);
      }
    });
  }

  it("says to go on with the new Venue wherever it says to change the Venue's file", () => {
    for (const hint of Object.values(failureHints))
      if (hint.includes("Venue's file")) assert.match(hint, /then go on with the new Venue/);
  });
});
