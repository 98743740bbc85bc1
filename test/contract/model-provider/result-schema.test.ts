import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { nodeEnvironment } from "../../../src/adapters/journal/environment";
import { replaySession } from "../../../src/app/session/audit";
import { readSession, startSession } from "../../../src/app/session/open";
import { CapabilityMemory } from "../../../src/app/venue/capability-memory";
import type { SessionEvent } from "../../../src/engine/event/event";
import type { Definition } from "../../../src/engine/model/definition";
import { grown } from "../../fakes/grown-score";
import { step } from "../../fakes/engine-harness";
import { libraryOptions } from "../../fakes/library-run";

const result = { risk: { enum: ["low", "high"] }, files: { type: "list" as const } };
const answer = { risk: "low", files: ["a.md"] };

type Body = Readonly<Record<string, unknown>>;

/** How each kind of server streams a text, or a call of set_result, and where the schema stands in a request. */
const servers = {
  ollama: {
    base: "",
    schemaOf: (body: Body) => body["format"],
    text: (text: string) =>
      `${JSON.stringify({ model: "m", message: { role: "assistant", content: text }, done: true, done_reason: "stop", prompt_eval_count: 5, eval_count: 5 })}\n`,
    call: () =>
      `${JSON.stringify({ model: "m", message: { role: "assistant", content: "", tool_calls: [{ function: { name: "set_result", arguments: answer } }] }, done: true, done_reason: "stop" })}\n`,
    type: "application/x-ndjson",
  },
  openai: {
    base: "/v1",
    schemaOf: (body: Body) =>
      (body["response_format"] as { json_schema?: { schema?: unknown } } | undefined)?.json_schema?.schema,
    text: (text: string) => stream({ content: text }, "stop"),
    call: () =>
      stream(
        {
          tool_calls: [
            {
              index: 0,
              id: "c1",
              type: "function",
              function: { name: "set_result", arguments: JSON.stringify(answer) },
            },
          ],
        },
        "tool_calls",
      ),
    type: "text/event-stream",
  },
} as const;

function stream(delta: object, finish: string): string {
  const chunk = (choice: object): string =>
    `data: ${JSON.stringify({ id: "x", model: "m", choices: [{ index: 0, ...choice }] })}\n\n`;
  return `${chunk({ delta, finish_reason: null })}${chunk({ delta: {}, finish_reason: finish })}data: [DONE]\n\n`;
}

for (const provider of ["ollama", "openai"] as const) {
  describe(`A typed result by JSON Schema, over a socket: ${provider}`, () => {
    const { base, schemaOf, text, call, type } = servers[provider];
    let server: Server;
    let folder: string;
    let endpoint: string;
    let refuses: boolean;
    const bodies: Body[] = [];

    beforeEach(async () => {
      folder = mkdtempSync(path.join(tmpdir(), "orket-schema-"));
      refuses = false;
      bodies.splice(0);
      server = createServer((request, response) => {
        let received = "";
        request.on("data", (part: Buffer) => (received += part.toString("utf8")));
        request.on("end", () => {
          const body = JSON.parse(received) as Body;
          bodies.push(body);
          const hasSchema = schemaOf(body) !== undefined;
          if (hasSchema && refuses) {
            response.writeHead(400, { "content-type": "application/json" });
            response.end(JSON.stringify({ error: { message: "json_schema is not supported" } }));
            return;
          }
          response.writeHead(200, { "content-type": type });
          const isTold = (body["messages"] as { role: string }[]).at(-1)?.role === "tool";
          response.end(hasSchema ? text(JSON.stringify(answer)) : isTold ? text("Done.") : call());
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`;
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    });

    const at = () => ({ provider, endpoint, model: "m" }) as const;

    function definition(): Definition {
      const made = grown([step("plan", "writer", { result })], "plan");
      Object.assign(made.venue, {
        provider,
        endpoint,
        model: "m",
        retry: { attempts: 1, backoff_seconds: 0 },
      });
      for (const role of Object.values(made.band.roles)) role.tools = ["set_result"];
      return made;
    }

    async function perform(): Promise<readonly SessionEvent[]> {
      const live = await startSession(definition(), libraryOptions(folder));
      const state = await live.orchestrator.run();
      await live.close();
      assert.equal(state.outcome, "completed", state.pause?.message);
      assert.equal((await replaySession(live.directory)).divergence, undefined);
      const { events } = await readSession(live.directory);
      const end = events.find((event) => event.type === "step_end");
      assert.deepEqual(end?.type === "step_end" ? end.data.result : undefined, answer);
      return events;
    }

    const proven = (jsonSchema: boolean): Promise<void> =>
      new CapabilityMemory(nodeEnvironment, folder).keep(at(), { jsonSchema, seed: true });
    const remembered = async (): Promise<boolean | undefined> =>
      (await new CapabilityMemory(nodeEnvironment, folder).find(at()))?.capabilities.jsonSchema;

    it("is asked for by the tool until a trial has shown that the server keeps to schemas", async () => {
      await perform();
      await proven(false);
      await perform();
      assert.ok(bodies.length > 0 && bodies.every((body) => schemaOf(body) === undefined));
    });

    it("is bound by the server once that was shown; the session says so, and its prompts replay", async () => {
      await proven(true);
      const [start] = await perform();
      assert.deepEqual(start?.type === "session_start" ? start.data.json_schema : undefined, ["writer"]);
      assert.deepEqual(schemaOf(bodies[0] ?? {}), {
        type: "object",
        properties: {
          risk: { type: "string", enum: ["low", "high"] },
          files: { type: "array", items: { type: "string" } },
        },
        required: ["risk", "files"],
        additionalProperties: false,
      });
      assert.equal(bodies[0]?.["tools"], undefined);
      if (provider === "openai")
        assert.equal(JSON.stringify(bodies[0]?.["response_format"]).includes('"strict":true'), true);
    });

    it("falls back to the tool where the server refuses, and later sessions remember it", async () => {
      await proven(true);
      refuses = true;
      const events = await perform();
      assert.ok(
        events.some((event) => event.type === "model_call_failed" && event.data.without_schema === true),
      );
      assert.equal(await remembered(), false);
      // What else was found out stays.
      assert.match(readFileSync(path.join(folder, ".orket/capabilities.json"), "utf8"), /"seed": ?true/);
      await perform();
      assert.deepEqual(
        bodies.map((body) => schemaOf(body) !== undefined),
        [
          true, // Refused.
          false,
          false,
          false,
          false,
        ],
      );
    });
  });
}
