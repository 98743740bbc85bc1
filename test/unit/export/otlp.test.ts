import assert from "node:assert/strict";
import { exportNdjson } from "../../../src/app/export/ndjson";
import { exportOtlp } from "../../../src/app/export/otlp";
import type { ExportSource } from "../../../src/app/export/source";
import type { OtlpSpan, OtlpTraceRequest } from "../../../src/app/export/otlp-span";
import { ProviderError } from "../../../src/engine/error/provider-error";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import type { FakeReply } from "../../fakes/engine-harness";
import { allEvents, exportSourceOf, joined, listed } from "../../fakes/export-source";
import { generateSession } from "../../fakes/generated-session";
import { otlpTraceSchema } from "../../fakes/otlp-schema";

const secret = "SECRET-CONTENT";

const traceOf = async (source: ExportSource, options: { contents: boolean }): Promise<OtlpTraceRequest> =>
  JSON.parse(await joined(exportOtlp(source, options))) as OtlpTraceRequest;

function spansOf(request: OtlpTraceRequest): readonly OtlpSpan[] {
  return request.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
}

function attribute(span: OtlpSpan | undefined, key: string): unknown {
  const value = span?.attributes.find((one) => one.key === key)?.value;
  return value === undefined ? undefined : Object.values(value)[0];
}

function named(spans: readonly OtlpSpan[], name: string): OtlpSpan[] {
  return spans.filter((span) => span.name === name);
}

async function someSession() {
  const definition = definitionOf(
    [step("make", "writer", { produces: ["a.md"] }), step("look", "reviewer")],
    {
      task: `${secret} task`,
    },
  );
  definition.venue.model = "tiny";
  definition.venue.endpoint = "http://user:KEY@127.0.0.1:11434/api";
  definition.venue.seed = 7;
  definition.venue.temperature = 0;
  const replies: FakeReply[] = [
    new ProviderError("server_error", "It broke."),
    {
      calls: [
        ["write_file", { path: "a.md", content: `${secret} file` }],
        ["write_file", { path: ".git/config", content: "x" }],
      ],
      usage: {
        input: { count: 11, source: "measured" },
        output: { count: 5, source: "measured" },
      },
    },
    `${secret} reply`,
    { text: "done", usage: { input: { count: 3, source: "estimated" } } },
  ];
  const session = harness(definition, (_, call) => replies[call - 1] ?? "more");
  const state = await session.run();
  assert.equal(state.status, "ended");
  return exportSourceOf(session, definition);
}

describe("a session as an OpenTelemetry trace", () => {
  it("names the run, the steps, the calls and the tools as the GenAI conventions do", async () => {
    const spans = spansOf(await traceOf(await someSession(), { contents: false }));
    const [root] = named(spans, "invoke_workflow test");
    assert.equal(root?.parentSpanId, undefined);
    assert.equal(attribute(root, "gen_ai.workflow.name"), "test");
    const [writer] = named(spans, "invoke_agent writer");
    assert.equal(writer?.parentSpanId, root?.spanId);
    assert.equal(attribute(writer, "gen_ai.agent.name"), "writer");
    const chats = named(spans, "chat tiny");
    assert.equal(chats.length, 4);
    const [failed, first] = chats;
    assert.deepEqual(
      [failed?.kind, failed?.status.code, attribute(failed, "error.type")],
      [3, 2, "server_error"],
    );
    assert.equal(first?.parentSpanId, writer?.spanId);
    assert.equal(attribute(first, "gen_ai.operation.name"), "chat");
    assert.equal(attribute(first, "gen_ai.request.seed"), "7");
    assert.equal(attribute(first, "gen_ai.request.temperature"), 0);
    assert.equal(attribute(first, "server.address"), "127.0.0.1");
    assert.equal(attribute(first, "server.port"), "11434");
    const [written, denied] = named(spans, "execute_tool write_file");
    assert.equal(attribute(written, "gen_ai.tool.name"), "write_file");
    assert.deepEqual(written?.status, {});
    assert.equal(attribute(denied, "error.type"), "protected-git");
    assert.equal(named(spans, "invoke_agent reviewer").length, 1);
  });

  it("reports measured tokens under the conventions' names, estimates under names of Orket's own", async () => {
    const spans = spansOf(await traceOf(await someSession(), { contents: false }));
    const [failed, measured, unknown, estimated] = named(spans, "chat tiny");
    assert.equal(attribute(measured, "gen_ai.usage.input_tokens"), "11");
    assert.equal(attribute(measured, "gen_ai.usage.output_tokens"), "5");
    for (const span of [failed, unknown]) {
      const keys = span?.attributes.map(({ key }) => key) ?? [];
      assert.deepEqual(
        keys.filter((key) => key.startsWith("gen_ai.usage")),
        [],
      );
    }
    assert.equal(attribute(estimated, "gen_ai.usage.input_tokens"), undefined);
    assert.equal(attribute(estimated, "orket.usage.estimated_input_tokens"), "3");
  });

  it("holds what people and models wrote only with contents, and a key or a user's name never", async () => {
    const source = await someSession();
    const without = JSON.stringify(await traceOf(source, { contents: false }));
    assert.ok(!without.includes(secret));
    const withContents = await traceOf(source, { contents: true });
    const spans = spansOf(withContents);
    assert.ok(
      JSON.stringify(attribute(named(spans, "chat tiny").at(2), "gen_ai.output.messages")).includes(secret),
    );
    assert.ok(
      JSON.stringify(attribute(named(spans, "chat tiny")[1], "gen_ai.system_instructions")).length > 0,
    );
    const [tool] = named(spans, "execute_tool write_file");
    assert.ok(String(attribute(tool, "gen_ai.tool.call.arguments")).includes(secret));
    for (const text of [without, JSON.stringify(withContents)]) assert.ok(!/KEY|user:/.test(text));
  });

  it("fits the schema of a trace request and hangs together, for sessions of every shape, and comes out the same twice", async () => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const { session, definition } = await generateSession(seed);
      const source = exportSourceOf(session, definition);
      const request = await traceOf(source, { contents: seed % 2 === 0 });
      const parsed = otlpTraceSchema.safeParse(request);
      assert.ok(parsed.success, `seed ${seed}: ${parsed.error?.message ?? ""}`);
      const spans = spansOf(request);
      const ids = new Map(spans.map((span) => [span.spanId, span]));
      assert.equal(ids.size, spans.length, `seed ${seed}: an id stands twice`);
      assert.equal(spans.filter(({ parentSpanId }) => parentSpanId === undefined).length, 1);
      for (const { parentSpanId, startTimeUnixNano, endTimeUnixNano, name } of spans) {
        if (parentSpanId === undefined) continue;
        const parent = ids.get(parentSpanId);
        assert.ok(parent !== undefined, `seed ${seed}: ${name} has no parent`);
        assert.ok(BigInt(parent.startTimeUnixNano) <= BigInt(startTimeUnixNano));
        assert.ok(BigInt(parent.endTimeUnixNano) >= BigInt(endTimeUnixNano));
      }
      const events = await allEvents(source);
      const count = (type: string): number => events.filter((event) => event.type === type).length;
      assert.equal(spans.filter(({ kind }) => kind === 3).length, count("model_call_start"), `seed ${seed}`);
      const tools = spans.filter(({ name }) => name.startsWith("execute_tool"));
      assert.equal(tools.length, count("tool_call"));
      assert.deepEqual(await traceOf(source, { contents: seed % 2 === 0 }), request);
    }
  }).timeout(60_000);
});

describe("a session as NDJSON", () => {
  it("is the events as they were recorded, one a line", async () => {
    const source = await someSession();
    const lines = (await joined(exportNdjson(source, { contents: false }))).trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as unknown),
      (await allEvents(source)).map(({ seq, at, type, step: key, data }) => ({
        seq,
        at,
        type,
        step: key,
        data,
      })),
    );
  });

  it("puts the contents of blobs beside their digests, as text or as base64, and leaves a missing one as it is", async () => {
    const source = await someSession();
    const binary = Uint8Array.from([0, 255, 1, 254]);
    const getBytes: typeof source.getBytes = async (ref) => {
      if (ref.bytes === 1) throw new Error("gone");
      return ref.bytes === 4 ? binary : source.getBytes(ref);
    };
    const sha256 = "a".repeat(64);
    const content = { sha256, bytes: 4 };
    const base = { sha256, bytes: 1 };
    const data = { call_id: "x", path: "p", content, base };
    const event = {
      seq: 999,
      at: "2026-11-22T10:00:00.000Z",
      type: "artifact_written",
      step: "s",
      data,
    } as const;
    const events = listed([...(await allEvents(source)), event]);
    const text = await joined(exportNdjson({ ...source, events, getBytes }, { contents: true }));
    const lines = text.trimEnd().split("\n");
    const last = JSON.parse(lines.at(-1) ?? "") as { data: unknown };
    assert.deepEqual(last.data, {
      ...data,
      content: { ...content, base64: Buffer.from(binary).toString("base64") },
    });
    const written = lines.find((line) => line.includes('"artifact_written"')) ?? "";
    assert.ok(written.includes(`${secret} file`));
  });
});
