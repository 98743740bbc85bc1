import assert from "node:assert/strict";
import { apply } from "../../../src/engine/state/apply";
import { decide } from "../../../src/engine/orchestrator/decide";
import { freezeState, thawState } from "../../../src/engine/state/freeze";
import type { FrozenState } from "../../../src/engine/state/freeze";
import { initialState } from "../../../src/engine/state/state";
import { viewSession } from "../../../src/engine/view/session-view";
import { generateSession } from "../../fakes/generated-session";

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("A frozen state", function () {
  this.timeout(60_000);

  it("goes through JSON at any event, and what is folded and decided from it is the same", async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const { session, definition } = await generateSession(seed);
      let state = initialState(definition);
      let thawed = state;
      for (const event of session.store.events) {
        state = apply(state, event);
        thawed = apply(thawed, event);
        const text = JSON.stringify(freezeState(thawed));
        assert.deepEqual(JSON.parse(text), plain(freezeState(state)), `seed ${seed}, event ${event.seq}`);
        thawed = thawState(definition, JSON.parse(text) as FrozenState);
        assert.deepEqual(plain(decide(thawed)), plain(decide(state)));
      }
      assert.deepEqual(plain(viewSession(thawed)), plain(viewSession(state)));
    }
  });
});
