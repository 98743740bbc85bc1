import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { allowCommands, emptyFolder, onlySession, orket, readJournal } from "../cli/orket";
import type { Finished, Line } from "../cli/orket";
import { windowTokens } from "./servers";
import type { LiveServer } from "./servers";
import { measure, patientMs, withServer } from "./support";
import { pace } from "../until";

/** What sessions need to know about a server. */
export interface SessionTraits {
  /** Only one whole session: for a way to a server that has been through all of them. */
  readonly brief?: boolean;
  /** Params that bind the reply to a JSON Schema. */
  readonly structured: (schema: Record<string, unknown>) => Record<string, unknown>;
}

const object = (properties: Record<string, unknown>): Record<string, unknown> => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

/** A reply that is a call of a tool as text, whatever the model would rather say. */
const callAsText = (tool: string, args: Record<string, unknown>): Record<string, unknown> =>
  object({ tool: { type: "string", enum: [tool] }, args: object(args) });

const only = (word: string): Record<string, unknown> => ({ type: "string", enum: [word] });

/** A Venue for the server. JSON is YAML. */
function venue(
  server: LiveServer,
  roles: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): string {
  return JSON.stringify({
    version: 1,
    name: "live",
    provider: server.speaks,
    endpoint: server.endpoint,
    model: server.model,
    temperature: 0,
    seed: 42,
    context_tokens: windowTokens,
    max_output_tokens: 96,
    ...(server.key === undefined ? {} : { api_key: "env:LIVE_KEY" }),
    timeouts: { connect_seconds: 10, first_token_seconds: 200, idle_seconds: 120, total_seconds: 280 },
    retry: { attempts: 1, backoff_seconds: 0 },
    roles,
    ...more,
  });
}

/**
 * A Flow whose success does not hang on the model's wits: a schema binds what it says where that matters. It writes a
 * file by a tool call as text, tells a story freely, and gives a verdict.
 */
function tinyProject(server: LiveServer, traits: SessionTraits, storyTokens = 12): string {
  const project = emptyFolder();
  const files: Record<string, string> = {
    "tiny.flow.yaml": JSON.stringify({
      version: 1,
      name: "tiny",
      band: "tiny",
      venue: "live",
      score: "tiny",
      task: "Tell the story of a lighthouse.",
      approval: "none",
    }),
    "tiny.band.yaml": JSON.stringify({
      version: 1,
      name: "tiny",
      roles: {
        writer: { prompt: "Write down: {{task}}", tools: ["write_file"] },
        narrator: { prompt: "You narrate. {{task}}", tools: [] },
        judge: { prompt: "Judge the story.", tools: ["set_verdict"] },
      },
    }),
    "tiny.score.yaml": JSON.stringify({
      version: 1,
      name: "tiny",
      steps: [
        { id: "write", role: "writer", instruction: "Write story.md.", produces: ["story.md"], max_turns: 1 },
        { id: "tell", role: "narrator", instruction: "Tell it." },
        {
          id: "judge",
          role: "judge",
          instruction: "Approve it.",
          verdict: ["approve", "request_changes"],
          max_turns: 2,
        },
      ],
    }),
    "live.venue.yaml": venue(server, {
      writer: {
        tool_calls: "text",
        // Small models fill JSON with blanks.
        max_output_tokens: 300,
        params: traits.structured(
          callAsText("write_file", { path: only("story.md"), content: { type: "string", maxLength: 40 } }),
        ),
      },
      narrator: { max_output_tokens: storyTokens },
      judge: {
        tool_calls: "text",
        max_output_tokens: 300,
        params: traits.structured(
          callAsText("set_verdict", { verdict: only("approve"), reason: only("It shines.") }),
        ),
      },
    }),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(project, name), text);
  return project;
}

const env = (server: LiveServer): Record<string, string> => ({ LIVE_KEY: server.key ?? "unused" });

const typesOf = (journal: readonly Line[], type: string): Line[] =>
  journal.filter((line) => line.type === type);

/** What anybody can check of a session without a server. */
async function checkRecorded(project: string): Promise<void> {
  const verified = await orket(["-C", project, "verify", "last"]);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  const replayed = await orket(["-C", project, "replay", "last"]);
  assert.equal(replayed.code, 0, replayed.stdout + replayed.stderr);
}

/** Whole sessions, performed by the command line as a person would. */
export function realSessions(server: LiveServer, traits: SessionTraits): void {
  describe(`Sessions with ${server.name}`, function () {
    this.timeout(4 * patientMs);
    withServer(server);
    const run = (project: string, ...args: string[]): Promise<Finished> =>
      orket(["-C", project, ...args], { env: env(server) });

    it("performs a Flow from its first step to its end, and replays it with the server down", async () => {
      const project = tinyProject(server, traits);
      const done = await run(project, "run", "tiny");
      assert.equal(done.code, 0, done.stdout + done.stderr);
      const session = onlySession(project);
      assert(existsSync(path.join(session, "workspace", "story.md")));
      const journal = readJournal(session);
      assert.equal(typesOf(journal, "model_call_end").length, 3);
      assert.equal(typesOf(journal, "verdict_set")[0]?.data.verdict, "approve");
      await server.stop();
      try {
        await checkRecorded(project);
      } finally {
        await server.start();
      }
    });

    if (traits.brief === true) return;

    it("performs the sample to whatever end the model leads it, with everything recorded", async () => {
      const project = emptyFolder();
      cpSync(path.resolve(__dirname, "../../examples/shapes"), project, { recursive: true });
      writeFileSync(
        path.join(project, "flows", "live.venue.yaml"),
        venue(server, {}, { max_output_tokens: 24 }),
      );
      const flow = path.join(project, "flows", "shapes.flow.yaml");
      const short = readFileSync(flow, "utf8").replace(/model_calls: \d+/, "model_calls: 3");
      writeFileSync(flow, short);
      const allow = await allowCommands(project, "shapes");
      const done = await run(project, "run", "shapes", "--venue", "live", "--approve", "all", ...allow);
      const journal = readJournal(onlySession(project));
      const calls = typesOf(journal, "model_call_end").length;
      assert(calls > 0, done.stdout + done.stderr);
      assert.equal(typesOf(journal, "model_call_failed").length, 0, done.stdout + done.stderr);
      const last = journal.at(-1);
      measure(
        server.name,
        "the sample flow",
        `${calls} model calls, ${journal.length} events, ended with ${last?.type ?? "?"} (exit code ${done.code})`,
      );
      await checkRecorded(project);
    });

    it("refuses a prompt that does not fit, before anything is sent", async () => {
      const project = tinyProject(server, traits);
      writeFileSync(
        path.join(project, "live.venue.yaml"),
        venue(server, {}, { context_tokens: 256, max_output_tokens: 64 }),
      );
      const done = await run(project, "run", "tiny", "--task", "A lighthouse. ".repeat(400));
      assert.notEqual(done.code, 0);
      const journal = readJournal(onlySession(project));
      assert.equal(typesOf(journal, "model_call_start").length, 0);
      const failed = typesOf(journal, "step_failed")[0];
      assert.equal(failed?.data.code, "prompt_too_large", done.stdout + done.stderr);
    });

    it("goes on where it was when the server is killed in mid-stream and started again", async () => {
      const project = tinyProject(server, traits, 100);
      let killed: Promise<void> | undefined;
      const broken = await orket(["-C", project, "run", "tiny", "--json"], {
        env: env(server),
        watch: (_child, stdout) => {
          const started = stdout.match(/"type":"model_call_start"/g)?.length ?? 0;
          // The second call is the long one: it streams for many seconds.
          if (started === 2) killed ??= pace(3000).then(() => server.kill());
        },
      });
      await killed;
      assert(killed !== undefined, broken.stderr);
      assert.equal(broken.code, 4, broken.stdout + broken.stderr);
      const before = readJournal(onlySession(project));
      assert.equal(typesOf(before, "model_call_failed").length, 1);
      await server.start();
      const resumed = await run(project, "resume", "last");
      assert.equal(resumed.code, 0, resumed.stdout + resumed.stderr);
      const journal = readJournal(onlySession(project));
      assert.deepEqual(journal.slice(0, before.length), before);
      const ended = typesOf(journal, "step_end").map(({ step }) => step);
      assert.deepEqual(ended, ["write", "tell", "judge"]);
      assert.equal(typesOf(journal, "session_end").length, 1);
      await checkRecorded(project);
      const failure = typesOf(before, "model_call_failed")[0]?.data.code;
      measure(
        server.name,
        "a session whose server was killed",
        `${String(failure)}, paused, resumed, replayed`,
      );
    });
  });
}
