import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { replaySession, verifySession } from "../../../src/app/session/audit";
import { forkSession } from "../../../src/app/session/fork";
import { openLiveSession, readSession, startSession } from "../../../src/app/session/open";
import type { LiveSession, RuntimeOptions } from "../../../src/app/session/session";
import type { Definition } from "../../../src/engine/model/definition";
import { changeDefinition } from "../../../src/engine/history/fork";
import type { ForkChanges } from "../../../src/engine/history/fork";
import { compareSessions } from "../../../src/engine/history/compare";
import { definitionOf, step } from "../../fakes/engine-harness";
import { writeLongSession } from "../../fakes/long-session";
import { libraryOptions, withReplies } from "../../fakes/library-run";
import { environment } from "../../fakes/session";

const long = "The plan has many words. ".repeat(60);

function scripted(): Definition {
  const definition = definitionOf([
    step("plan", "writer", { produces: ["PLAN.md"] }),
    {
      kind: "loop",
      max: 2,
      until: { step: "review", verdict: "approve" },
      body: [
        step("build", "writer"),
        step("review", "reviewer", { verdict: ["approve", "request_changes"] }),
      ],
    },
  ]);
  const verdict = (word: string) => ({
    text: `I say ${word}`,
    tool_calls: [{ tool: "set_verdict", args: { verdict: word } }],
  });
  return withReplies(definition, {
    plan: [
      { text: "", tool_calls: [{ tool: "write_file", args: { path: "PLAN.md", content: long } }] },
      { text: long, tool_calls: [] },
    ],
    build: [
      { text: "built once", tool_calls: [] },
      { text: "built twice", tool_calls: [] },
    ],
    review: [verdict("request_changes"), verdict("approve")],
  });
}

describe("A session on disk", () => {
  let folder: string;
  let options: RuntimeOptions;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "orket-audit-"));
    options = libraryOptions(folder);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function finish(session: LiveSession): Promise<string> {
    const state = await session.orchestrator.run();
    assert.equal(state.outcome, "completed", state.pause?.message);
    await session.close();
    return session.directory;
  }

  const ran = async (): Promise<string> => finish(await startSession(scripted(), options));

  async function forked(from: string, at: string, changes: ForkChanges = {}): Promise<string> {
    const fork = await forkSession(from, at, (old) => changeDefinition(old, changes), options);
    fork.orchestrator.resume("person");
    return finish(fork);
  }

  const lines = (directory: string): string[] =>
    readFileSync(path.join(directory, "journal.jsonl"), "utf8").trimEnd().split("\n");
  const events = (directory: string): never[] => lines(directory).map((line) => JSON.parse(line) as never);

  it("is verified whole, and replays identically with every socket refused", async () => {
    const directory = await ran();
    const connect = Object.getOwnPropertyDescriptor(net.Socket.prototype, "connect");
    net.Socket.prototype.connect = () => {
      throw new Error("no network in a replay");
    };
    try {
      const verified = await verifySession(directory);
      const replayed = await replaySession(directory);

      assert.deepEqual(verified.findings, []);
      assert.equal(verified.finished, true);
      assert.equal(replayed.identical, true);
      assert.equal(replayed.modelCalls, 6);
    } finally {
      if (connect !== undefined) Object.defineProperty(net.Socket.prototype, "connect", connect);
    }
  });

  it("is read in pieces to verify and to replay it, and nothing is written beside it", async () => {
    const { paths, events: written } = writeLongSession(folder, 5000, 1000);
    const before = readdirSync(paths.dir);

    const verified = await verifySession(paths.dir);
    const replayed = await replaySession(paths.dir);

    assert.deepEqual(verified.findings, []);
    assert.equal(verified.events, written);
    // Its events were made up, which a replay finds at the second one.
    assert.equal(replayed.divergence?.seq, 1);
    assert.deepEqual(readdirSync(paths.dir), before);
  });

  it("blames one changed byte of any line on the step of that line", async () => {
    const directory = await ran();
    const whole = lines(directory);
    const file = path.join(directory, "journal.jsonl");

    for (const [index, line] of whole.entries()) {
      const { step: expected, type } = JSON.parse(line) as { step: string | null; type: string };
      const at = line.indexOf('"data":{') + 10;
      if (type === "session_start" || !/[a-z]/.test(line[at] ?? "")) continue;
      const broken = line.slice(0, at) + (line[at] === "x" ? "y" : "x") + line.slice(at + 1);
      writeFileSync(file, [...whole.slice(0, index), broken, ...whole.slice(index + 1), ""].join("\n"));

      const { findings } = await verifySession(directory);
      const { divergence } = await replaySession(directory);

      assert.equal(findings[0]?.line, index + 1);
      assert.equal(divergence?.seq, index, JSON.stringify(divergence));
      assert.equal(divergence.step, expected);
    }
  });

  it("blames a changed content on the first step that names it", async () => {
    const directory = await ran();
    const file = path.join(directory, "contents");
    const bytes = readFileSync(file, "latin1");
    const headers = [...bytes.matchAll(/\{"sha256":"([0-9a-f]{64})","bytes":\d+,"after":\d+\}\n/g)];
    assert.ok(headers.length > 1);
    for (const header of headers) {
      const at = header.index + header[0].length + 5;
      writeFileSync(file, `${bytes.slice(0, at)}~${bytes.slice(at + 1)}`, "latin1");
      const first = lines(directory).findIndex((line) => line.includes(header[1] ?? "-"));

      const { findings } = await verifySession(directory);
      const { divergence } = await replaySession(directory);

      assert.equal(findings[0]?.line, first + 1);
      assert.equal(divergence?.seq, first);
    }
    writeFileSync(file, bytes, "latin1");
    assert.equal((await replaySession(directory)).identical, true);
  });

  it("blames a changed definition on the first step whose prompt it changes", async () => {
    const directory = await ran();
    const file = path.join(directory, "definition.json");
    writeFileSync(file, readFileSync(file, "utf8").replace("You review.", "You reviev."));

    const { findings } = await verifySession(directory);
    const { divergence } = await replaySession(directory);

    assert.match(findings[0]?.message ?? "", /definition/);
    assert.equal(divergence?.step, "review#1");
    assert.equal(divergence.cause, "definition");
  });

  it("tells a changed, missing or added file of the Workspace", async () => {
    const directory = await ran();
    writeFileSync(path.join(directory, "workspace", "PLAN.md"), "other");
    writeFileSync(path.join(directory, "workspace", "more.txt"), "more");

    const { findings } = await verifySession(directory);

    assert.deepEqual(
      findings.map(({ message }) => message),
      ["The Workspace's PLAN.md was changed.", "The Workspace's more.txt was not written by the team."],
    );
    assert.equal((await replaySession(directory)).divergence?.cause, "file");
  });

  it("can be forked at a step: what stands before it costs no call, and both can be compared and replayed", async () => {
    const directory = await ran();
    const shared = events(directory).findIndex((event: { step: string | null }) => event.step === "build#2");

    const fork = await forked(directory, "build#2", { instructions: { build: "Build it otherwise." } });

    assert.deepEqual(
      (events(fork) as { type: string; data: unknown }[]).slice(1, shared).map(({ data }) => data),
      (events(directory) as { type: string; data: unknown }[]).slice(1, shared).map(({ data }) => data),
    );
    assert.equal((await replaySession(fork)).identical, true);
    assert.deepEqual((await verifySession(fork)).findings, []);
    const parted = compareSessions(events(directory), events(fork)).filter(({ same }) => !same.prompt);
    assert.deepEqual(
      parted.map(({ key }) => key),
      ["build#2"],
    );
  });

  it("can be forked from a fork, before and after the place where that one began", async () => {
    const fork = await forked(await ran(), "build#2", { instructions: { build: "Build it otherwise." } });

    const before = await forked(fork, "review#1", { prompts: { reviewer: "You review kindly." } });
    const after = await forked(fork, "review#2", { limits: { total_tokens: 500_000 } });

    assert.equal((await replaySession(before)).identical, true);
    assert.equal((await replaySession(after)).identical, true);
  });

  it("is forked with the limit and the instruction that are asked for, though people had set others before", async () => {
    const live = await startSession(scripted(), options);
    for (const adjustment of [
      { kind: "set_limit", by: "person", limit: "total_tokens", value: 400_000 },
      { kind: "patch", by: "person", step: "build", instruction: "Build as a person says." },
    ] as const)
      live.orchestrator.submit({ kind: "adjust", adjustment });
    const directory = await finish(live);

    const same = await forked(directory, "build#2");
    const other = await forked(directory, "build#2", {
      limits: { total_tokens: 500_000 },
      instructions: { build: "Build otherwise." },
    });

    const decided = (fork: string): unknown[] =>
      (events(fork) as { type: string; step: string | null; data: unknown }[]).filter(
        ({ type }) => type === "adjustment",
      );
    assert.equal(decided(same).length, 2);
    assert.equal(decided(other).length, 4);
    const promptOf = async (fork: string): Promise<string> => {
      const seen = await readSession(fork);
      const built = seen.events.find(({ type, step: key }) => type === "prompt_built" && key === "build#2");
      assert.ok(built?.type === "prompt_built");
      return seen.readText(built.data.added.at(-1)?.content ?? { text: "" });
    };
    assert.match(await promptOf(same), /Build as a person says\./);
    assert.match(await promptOf(other), /Build otherwise\./);
    const state = await readSession(other);
    assert.equal(state.state.limits.total_tokens, 500_000);
    assert.equal((await replaySession(other)).identical, true);
  });

  it("says of a fork that was cut off while it was made that it must be made again", async () => {
    const fork = await forked(await ran(), "build#2");
    const kept = lines(fork).slice(0, 5);
    rmSync(path.join(fork, "head.json"));
    writeFileSync(path.join(fork, "journal.jsonl"), `${kept.join("\n")}\n`);

    // As a machine without marks has it: here it would be a journal that lacks what is known of it.
    await assert.rejects(openLiveSession(fork, { ...options, environment: environment() }), {
      code: "session_not_found",
      message: /being forked/,
    });
  });

  it("refuses a fork at a step that it does not have, and names those that it has", async () => {
    const directory = await ran();
    await assert.rejects(forked(directory, "nowhere"), (error: { code?: string; hint?: string }) => {
      assert.equal(error.code, "command_refused");
      assert.match(error.hint ?? "", /plan, build#1, review#1/);
      return true;
    });
  });
});
