import assert from "node:assert/strict";
import { ProviderError } from "../../../src/engine/error/provider-error";
import type { Cancellation } from "../../../src/engine/port/cancellation";
import type { ModelProvider, ModelReply } from "../../../src/engine/port/model-provider";
import { doneReply as reply } from "../../fakes/done-reply";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { Harness, ManualClock } from "../../fakes/engine-harness";
import { replays } from "../../fakes/grown-score";

/** A backend whose calls wait for their turn for so long, and are then worked on for so long. */
class QueuedModel implements ModelProvider {
  calls = 0;
  clock: (ManualClock & { pass(ms: number): void }) | undefined;
  readonly #times: readonly { readonly queuedMs: number; readonly workMs: number }[];

  constructor(...times: readonly { readonly queuedMs: number; readonly workMs: number }[]) {
    this.#times = times;
  }

  async call(...[request, onDelta, cancellation]: Parameters<ModelProvider["call"]>): Promise<ModelReply> {
    await request.recorded;
    const { queuedMs, workMs } = this.#times[this.calls] ?? { queuedMs: 0, workMs: 0 };
    this.calls += 1;
    if (queuedMs > 0) {
      onDelta({ kind: "waiting", behind: ["another"] });
      await this.#passes(queuedMs, cancellation);
      onDelta({ kind: "waiting", behind: [] });
    }
    await this.#passes(workMs, cancellation);
    return reply;
  }

  async #passes(ms: number, cancellation: Cancellation): Promise<void> {
    assert(this.clock !== undefined);
    this.clock.pass(ms);
    await new Promise(setImmediate);
    if (cancellation.aborted) throw new ProviderError("cancelled", "The step's time was used up.");
  }
}

/** A clock on which only the backend lets time pass; whatever sleeps until then wakes up. */
function withBackend(model: QueuedModel, session: Harness): Harness {
  const sleepers: { untilMs: number; wake: () => void }[] = [];
  const clock = Object.assign(session.clock, {
    sleep: (ms: number, cancellation: Cancellation): Promise<void> =>
      new Promise((resolve) => {
        sleepers.push({ untilMs: session.clock.ms + ms, wake: resolve });
        cancellation.addEventListener("abort", () => resolve());
      }),
    pass: (ms: number): void => {
      session.clock.ms += ms;
      for (const { untilMs, wake } of sleepers) if (untilMs <= session.clock.ms) wake();
    },
  });
  model.clock = clock;
  return session;
}

/** A session of one step that may take 20 s, with that backend. */
function sessionWith(model: QueuedModel, retryAttempts = 1): Harness {
  const node = step("ask", "listener", { timeout_seconds: 20, retry_attempts: retryAttempts });
  return withBackend(
    model,
    harness(definitionOf([node]), () => "", { provider: model }),
  );
}

describe("the time that a call waits for its turn at its Venue", () => {
  it("does not count for its step's timeout_seconds, and is recorded", async () => {
    const session = sessionWith(new QueuedModel({ queuedMs: 90_000, workMs: 15_000 }));
    const state = await session.run();

    assert.equal(state.outcome, "completed", state.pause?.message);
    assert.deepEqual(
      session.eventsOf("model_call_end").map(({ data }) => data.queued_ms),
      [90_000],
    );
    await replays(session);
  });

  it("leaves the step its own time and no more: a call that then takes longer is cut off", async () => {
    const session = sessionWith(new QueuedModel({ queuedMs: 90_000, workMs: 21_000 }));
    await session.run();

    const [failed] = session.eventsOf("model_call_failed");
    assert.deepEqual([failed?.data.code, failed?.data.queued_ms], ["cancelled", 90_000]);
    assert.equal(session.eventsOf("step_failed")[0]?.data.code, "timeout");
    await replays(session);
  });

  it("is taken from the time of each call: 15 s and 15 s of work are too much with any wait between", async () => {
    const busy = new ProviderError("overloaded", "busy");
    const model = new QueuedModel({ queuedMs: 30_000, workMs: 15_000 }, { queuedMs: 30_000, workMs: 15_000 });
    const call = model.call.bind(model);
    model.call = async (...given) => {
      const answer = await call(...given);
      if (model.calls === 1) throw busy;
      return answer;
    };
    const session = sessionWith(model);
    session.clock.sleep = (
      (sleep) => (ms: number, cancellation: Cancellation) =>
        // The engine's own wait before it tries the call again.
        ms === 1000 ? Promise.resolve() : sleep(ms, cancellation)
    )(session.clock.sleep.bind(session.clock));
    await session.run();

    assert.deepEqual(
      session.eventsOf("model_call_failed").map(({ data }) => [data.code, data.queued_ms]),
      [
        ["overloaded", 30_000],
        ["cancelled", 30_000],
      ],
    );
    assert.equal(session.eventsOf("step_failed")[0]?.data.code, "timeout");
    await replays(session);
  });

  it("has no field where a call began at once", async () => {
    const session = sessionWith(new QueuedModel({ queuedMs: 0, workMs: 15_000 }));
    await session.run();
    assert.equal("queued_ms" in (session.eventsOf("model_call_end")[0]?.data ?? {}), false);
  });
});
