import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { replay } from "../../../src/engine/history/replay";
import { ProviderError } from "../../../src/engine/error/provider-error";
import type { Definition } from "../../../src/engine/model/definition";
import { grown, replays } from "../../fakes/grown-score";
import { harness, step } from "../../fakes/engine-harness";
import type { Answer, Harness } from "../../fakes/engine-harness";
import { replayPorts } from "../../fakes/replay-ports";

const result = { files: { type: "list" as const, max: 2 }, risk: { enum: ["low", "high"] } };

function definitionOf(more: Parameters<typeof step>[2] = {}, tools = ["set_result"]): Definition {
  const definition = grown([step("plan", "writer", { result, ...more })], "plan");
  const { writer } = definition.band.roles;
  assert.ok(writer);
  writer.tools = tools;
  return definition;
}

async function run(definition: Definition, answer: Answer, schemaRoles = ["writer"]): Promise<Harness> {
  const session = harness(definition, answer, { schemaRoles });
  await session.run();
  await replays(session);
  return session;
}

const lastOf = ({ model }: Harness): string => model.requests.at(-1)?.messages.at(-1)?.content ?? "";
/** A model that gives its result by the tool, and then has nothing more to say. */
const byTool: Answer = ({ messages }) =>
  messages.at(-1)?.role === "tool"
    ? "done"
    : { calls: [["set_result", JSON.parse(good) as Record<string, unknown>]] };
const good = JSON.stringify({ files: ["a"], risk: "low" });

describe("A typed result of a backend that keeps to a JSON Schema", () => {
  it("is the reply itself: bound by the schema, with no tools, and no word of set_result", async () => {
    const session = await run(definitionOf(), () => good);

    const [request] = session.model.requests;
    assert.equal(session.orchestrator.state.outcome, "completed");
    assert.deepEqual(session.eventsOf("step_end")[0]?.data.result, { files: ["a"], risk: "low" });
    assert.deepEqual(request?.tools, []);
    assert.deepEqual(request.replySchema?.["required"], ["files", "risk"]);
    assert.match(lastOf(session), /Answer with your result as one JSON object and nothing else: files/);
    assert.doesNotMatch(JSON.stringify(request.messages), /set_result/);
    assert.equal(session.eventsOf("model_call_end")[0]?.data.schema, "kept");
    assert.equal(session.model.requests.length, 1);
  });

  it("gets a round of repair with what exactly does not fit", async () => {
    const session = await run(definitionOf(), ({ origin }) =>
      origin.answeredCalls === 0 ? JSON.stringify({ files: ["a", "b", "c"], risk: "none" }) : good,
    );

    assert.equal(session.orchestrator.state.outcome, "completed");
    assert.match(lastOf(session), /files.*2.*risk.*low.*high.*Answer again with one JSON object:/s);
    assert.ok(session.model.requests.every(({ replySchema }) => replySchema !== undefined));
  });

  it("is asked for by the tool where the backend was not shown to, where there are other tools or other outputs", async () => {
    for (const [definition, roles] of [
      [definitionOf(), []],
      [definitionOf({}, ["set_result", "read_file"]), ["writer"]],
      [definitionOf({ verdict: ["ok"], result }, ["set_result", "set_verdict"]), ["writer"]],
    ] as const) {
      const session = harness(definition, byTool, { schemaRoles: [...roles] });
      await session.run();
      assert.equal(session.model.requests[0]?.replySchema, undefined);
      assert.match(
        session.model.requests[0]?.messages.at(-1)?.content ?? "",
        /Give your result by calling set_result/,
      );
    }
    const own = definitionOf();
    own.venue.params = { response_format: { type: "json_object" } };
    assert.equal((await run(own, byTool)).model.requests[0]?.replySchema, undefined);
  });

  it("falls back to the tool where the server refuses the schema, for all later steps of the role", async () => {
    const definition = definitionOf();
    definition.score.steps.push(step("more", "writer", { result }));
    definition.score.result = { step: "more" };
    const session = await run(definition, (request, call) =>
      request.replySchema === undefined
        ? byTool(request, call)
        : new ProviderError("bad_request", "response_format is not supported"),
    );

    assert.equal(session.orchestrator.state.outcome, "completed");
    assert.equal(session.eventsOf("model_call_failed")[0]?.data.without_schema, true);
    assert.deepEqual(
      session.model.requests.map(({ replySchema, tools }) => [replySchema !== undefined, tools.length]),
      [
        [true, 0],
        [false, 1],
        [false, 1],
        [false, 1],
        [false, 1],
      ],
    );
    const told = session.model.requests.map(({ messages }) => messages[1]?.content ?? "");
    assert.deepEqual(
      told.map((text) => /by calling set_result/.test(text)),
      [false, true, true, true, true],
    );
  });

  it("falls back to the tool where the server ignores the schema", async () => {
    const session = await run(definitionOf(), (request, call) =>
      request.replySchema === undefined ? byTool(request, call) : "Here is my plan: first, the files.",
    );

    assert.equal(session.orchestrator.state.outcome, "completed");
    assert.deepEqual(
      session.eventsOf("model_call_end").map(({ data }) => data.schema),
      ["ignored", undefined, undefined],
    );
    assert.match(
      session.model.requests[1]?.messages.at(-1)?.content ?? "",
      /No result was given with set_result/,
    );
  });

  it("goes on in the same form after a crash", async () => {
    const session = await run(definitionOf(), () => good);
    const again = session.reopen();
    assert.deepEqual(again.orchestrator.state.score.scope.schemaRoles, { writer: true });
  });
});

describe("A step that gives a result and says nothing", () => {
  /** The result as the whole reply where the backend keeps to a schema, or by the tool on the last turn. */
  const silent: Answer = (request, call) =>
    request.replySchema === undefined ? byTool(request, call) : good;

  for (const schemaRoles of [[], ["writer"]]) {
    it(`reports its result to the steps after it, ${schemaRoles.length === 0 ? "given by the tool" : "given as its reply"}`, async () => {
      const definition = definitionOf({ max_turns: 1 });
      definition.score.steps.push(step("build", "critic"));
      definition.score.steps.push(
        step("check", "critic", { instruction: "See {{steps.plan.summary}}.", reads: [] }),
      );
      definition.score.result = { step: "plan" };
      const session = await run(
        definition,
        (request, call) => (request.origin.stepId === "plan" ? silent(request, call) : "Done."),
        schemaRoles,
      );

      assert.equal(session.orchestrator.state.outcome, "completed");
      const [build = "", check = ""] = session.model.requests
        .slice(-2)
        .map(({ messages }) => messages.at(-1)?.content ?? "");
      assert.ok(build.includes(`## plan (writer)\n\n${good}\n`), build);
      assert.ok(check.includes(`See ${good}.`), check);
    });
  }

  it("left an empty report in older sessions, and is replayed as that", async () => {
    const session = await run(definitionOf(), silent);
    const events = structuredClone(session.store.events);
    for (const { type, data } of events) {
      if (type === "session_start") delete data.reports;
      if (type === "session_end" && data.result?.summary !== undefined) data.result.summary = { text: "" };
      if (type !== "step_end") continue;
      const outcome = { summary: "", verdict: null, artifacts: [], result: data.result };
      data.summary = { text: "" };
      data.sha256 = createHash("sha256").update(JSON.stringify(outcome)).digest("hex");
    }
    const report = await replay(session.definition, events, replayPorts(session.store));
    assert.equal(report.divergence, undefined);
    assert.deepEqual(report.asRecorded, []);
  });

  it("is done, though the reply after its result is empty; in older sessions it was not", async () => {
    const session = await run(
      definitionOf({ max_turns: 4 }),
      (request, call) => (request.messages.at(-1)?.role === "tool" ? "" : byTool(request, call)),
      [],
    );
    assert.equal(session.orchestrator.state.outcome, "completed");
    assert.equal(session.eventsOf("model_call_end").length, 2);

    const [start, ...rest] = structuredClone(session.store.events);
    assert.equal(start?.type, "session_start");
    start.data.reports = 2;
    const older = await replay(session.definition, [start, ...rest], replayPorts(session.store));
    assert.equal(older.divergence?.seq, session.eventsOf("step_end")[0]?.seq);
  });
});
