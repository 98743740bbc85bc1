import assert from "node:assert/strict";
import { Steering } from "../../../src/engine/conductor/steering";
import { replay } from "../../../src/engine/history/replay";
import type { Definition } from "../../../src/engine/model/definition";
import type { ExternalTools } from "../../../src/engine/port/external-tools";
import type { Answer, Harness } from "../../fakes/engine-harness";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import { answer, asked } from "../../fakes/questions";
import { replayPorts } from "../../fakes/replay-ports";

const tool = "vscode:deploy";

interface Foreign extends ExternalTools {
  readonly invoked: unknown[];
}

/** A host with one tool, which keeps what it was called with. */
function foreign(): Foreign {
  const invoked: unknown[] = [];
  return {
    invoked,
    find: (name) =>
      name === tool
        ? {
            name,
            description: "Deploys.",
            parameters: { type: "object", properties: { to: { type: "string" } } },
          }
        : undefined,
    invoke: (_, args) => {
      invoked.push(args);
      return Promise.resolve({ ok: true, text: "Deployed." });
    },
  };
}

function deploying(listed: readonly string[] | undefined, more: Parameters<typeof step>[2] = {}): Definition {
  const definition = definitionOf([step("ship", "writer", more)]);
  definition.flow.policy = {
    ...definition.flow.policy,
    ...(listed === undefined ? {} : { foreign_tools: [...listed] }),
  };
  for (const role of Object.values(definition.band.roles)) role.tools = [tool, "write_file"];
  return definition;
}

const calls =
  (...args: Record<string, unknown>[]): Answer =>
  (_, call) =>
    call === 1 ? { calls: args.map((one) => [tool, one] as const) } : "Done.";

async function divergenceOf({ definition, store }: Harness, as = definition): Promise<unknown> {
  return (await replay(as, store.events, replayPorts(store))).divergence;
}

describe("A call of a foreign tool", () => {
  it("is shown with its arguments and performed only when a person lets it through", async () => {
    const external = foreign();
    const session = harness(deploying([]), calls({ to: "staging" }), { external });
    const running = session.run();
    const question = await asked(session);

    assert.deepEqual(external.invoked, []);
    assert.equal(question.kind, "foreign_tool");
    assert.equal(question.tool, tool);
    const shown = await session.store.getText(question.text);
    assert.match(shown, /The role writer calls vscode:deploy with:\n\n\{\n {2}"to": "staging"\n\}/);
    assert.match(shown, /it may do whatever vscode:deploy can, in the project itself/);
    answer(session, question, "approve");

    assert.equal((await running).outcome, "completed");
    assert.deepEqual(external.invoked, [{ to: "staging" }]);
    assert.equal(await divergenceOf(session), undefined);
  });

  it("that is refused is not performed, and the model is told why", async () => {
    const external = foreign();
    const session = harness(deploying([]), calls({ to: "production" }), { external });
    const running = session.run();
    answer(session, await asked(session), "refuse", "not on a Friday");

    assert.equal((await running).outcome, "completed");
    assert.deepEqual(external.invoked, []);
    const [denied] = session.eventsOf("tool_denied");
    assert.equal(denied?.data.rule, "foreign-tool-refused");
    assert.match(session.model.lastMessage(), /refused this call of vscode:deploy: not on a Friday\./);
    assert.equal(await divergenceOf(session), undefined);
  });

  it("is not asked about where the Flow's policy lists the tool", async () => {
    const external = foreign();
    const session = harness(deploying([tool]), calls({ to: "staging" }), { external });

    assert.equal((await session.run()).outcome, "completed");
    assert.equal(external.invoked.length, 1);
    assert.deepEqual(session.eventsOf("question_asked"), []);
    assert.equal(await divergenceOf(session), undefined);
  });

  it("is asked about each time, one call after another, whatever the answer before was", async () => {
    const external = foreign();
    const session = harness(deploying([]), calls({ to: "a" }, { to: "b" }, { to: "c" }), { external });
    const running = session.run();
    const verdicts = ["approve", "refuse", "approve"];
    const digests: string[] = [];
    for (const verdict of verdicts) {
      const question = await asked(session);
      digests.push(question.sha256);
      answer(session, question, verdict);
    }
    await running;

    assert.deepEqual(external.invoked, [{ to: "a" }, { to: "c" }]);
    assert.equal(new Set(digests).size, 3);
    assert.equal(await divergenceOf(session), undefined);
  });

  it("takes only an answer that carries the digest of what was shown, once", async () => {
    const external = foreign();
    const session = harness(deploying([]), calls({ to: "staging" }), { external });
    const running = session.run();
    const question = await asked(session);

    assert.throws(() => answer(session, { ...question, sha256: "0".repeat(64) }, "approve"), /has changed/);
    assert.throws(() => answer(session, question, "yes"), /must be one of approve, refuse/);
    answer(session, question, "approve");
    assert.throws(() => answer(session, question, "approve"), /not open/);
    await running;
    assert.equal(external.invoked.length, 1);
  });

  it("is not asked about when it could not be performed: the model is told what is wrong", async () => {
    const external = foreign();
    const session = harness(
      deploying([]),
      (_, call) => (call === 1 ? { calls: [["vscode:other", {}]] } : "Done."),
      { external },
    );

    assert.equal((await session.run()).outcome, "completed");
    assert.equal(session.eventsOf("tool_denied")[0]?.data.rule, "tool-not-listed");
    assert.deepEqual(session.eventsOf("question_asked"), []);
    assert.equal(await divergenceOf(session), undefined);
  });

  it("waits over a pause and a restart, and its working time does not grow", async () => {
    const external = foreign();
    const session = harness(deploying([], { timeout_seconds: 60 }), calls({ to: "staging" }), { external });
    const running = session.run();
    const before = await asked(session);
    session.clock.ms += 3_600_000;
    session.orchestrator.cancel();
    assert.equal((await running).status, "paused");

    const later = session.reopen(() => "Done.");
    later.orchestrator.resume("person");
    const again = later.run();
    const question = await asked(later);
    assert.equal(question.sha256, before.sha256);
    answer(later, question, "approve");
    assert.equal((await again).outcome, "completed");
    assert.equal(external.invoked.length, 1);
    assert.equal(await divergenceOf(later), undefined);
  });

  it("of a session from before the policy named foreign tools replays as it was, unasked", async () => {
    const external = foreign();
    const session = harness(deploying([tool]), calls({ to: "staging" }), { external });
    await session.run();

    assert.equal(await divergenceOf(session, deploying(undefined)), undefined);
    // The same journal under a policy that lists nothing lacks the question.
    assert.match(JSON.stringify(await divergenceOf(session, deploying([]))), /"cause":"order"/);
  });

  it("ends a repetition, which asks nobody", async () => {
    const recorded = harness(deploying([]), calls({ to: "staging" }), { external: foreign() });
    const first = recorded.run();
    answer(recorded, await asked(recorded), "approve");
    await first;

    const external = foreign();
    const steering = new Steering(recorded.definition, recorded.store.events, "person");
    const again = harness(recorded.definition, calls({ to: "staging" }), { external, steer: steering.next });
    const state = await again.run();

    assert.equal(state.status, "paused");
    assert.deepEqual(external.invoked, []);
    assert.match(
      steering.unanswered ?? "",
      /ship calls vscode:deploy, and a person must let each call through/,
    );
  });

  it("does not keep the answers to the Score's own questions from a repetition", async () => {
    const asking = definitionOf([
      step("scope", "a question", {
        verdict: ["go", "smaller"],
        does: { kind: "ask", question: "How far?", fields: {} },
      }),
    ]);
    const recorded = harness(asking, () => "Done.");
    const first = recorded.run();
    answer(recorded, await asked(recorded), "smaller");
    await first;

    const steering = new Steering(asking, recorded.store.events, "person");
    const again = harness(asking, () => "Done.", { steer: steering.next });
    await again.run();

    assert.equal(again.eventsOf("question_answered")[0]?.data.verdict, "smaller");
    assert.equal(steering.unanswered, undefined);
    assert.deepEqual(steering.notCarried(), []);
  });
});
