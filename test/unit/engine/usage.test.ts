import assert from "node:assert/strict";
import type { SessionEvent } from "../../../src/engine/event/event";
import type { TokenUsage } from "../../../src/engine/event/tokens";
import { addUse, known, noUsage, UsageFold } from "../../../src/engine/view/usage";
import type { Usage, UsageRow } from "../../../src/engine/view/usage";
import { generateSession } from "../../fakes/generated-session";
import { sessionEvents } from "../../panels/session-events";

function foldOf(events: readonly SessionEvent[]): UsageFold {
  const fold = new UsageFold();
  for (const event of events) fold.take(event);
  return fold;
}

const sumOf = (rows: readonly UsageRow[]): Usage =>
  rows.reduce((sum, { usage }) => addUse(sum, usage), noUsage);
const counts = ({ input, output, calls, failedCalls }: Usage): number[] => [
  known(input),
  known(output),
  calls,
  failedCalls,
];
const stateCounts = ({ input, output }: TokenUsage): number[] => [input?.count ?? 0, output?.count ?? 0];

describe("what a session used", () => {
  it("says of each number whether it is measured, estimated or unknown", () => {
    const { roles } = foldOf(sessionEvents);
    const reviewer = roles.find(({ name }) => name === "reviewer")?.usage;
    assert.deepEqual(reviewer?.input, { measured: 0, estimated: 0, unknownCalls: 1 });
    assert.deepEqual(reviewer?.output, { measured: 0, estimated: 40, unknownCalls: 0 });
    assert.equal(reviewer?.unpricedCalls, 1);
    const architect = roles.find(({ name }) => name === "architect")?.usage;
    assert.deepEqual(
      [architect?.input.measured, architect?.cached.measured, architect?.calls],
      [3680, 2400, 2],
    );
  });

  it("puts all runs of a step together", () => {
    const names = foldOf(sessionEvents).steps.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    const build = foldOf(sessionEvents).steps.find(({ name }) => name === "build");
    assert.deepEqual([build?.usage.calls, build?.usage.failedCalls], [1, 1]);
  });

  it("sums to the same by role, by step and as a whole", () => {
    const { roles, steps, total } = foldOf(sessionEvents);
    assert.deepEqual(sumOf(roles), total);
    assert.deepEqual(sumOf(steps), total);
  });

  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`agrees with the journal's own sums in the generated session ${seed}`, async () => {
      const { session } = await generateSession(seed);
      const { roles, total } = foldOf(session.store.events);
      const { spending } = session.orchestrator.state;
      assert.deepEqual(counts(total).slice(0, 2), stateCounts(spending.tokens));
      for (const [role, tokens] of Object.entries(spending.byRole)) {
        const row = roles.find(({ name }) => name === role);
        assert.deepEqual(
          row === undefined ? [0, 0] : counts(row.usage).slice(0, 2),
          stateCounts(tokens),
          role,
        );
      }
    });
  }
});
