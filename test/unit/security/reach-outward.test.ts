import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import path from "node:path";
import { startSession } from "../../../src/app/session/open";
import type { FetchInit, FetchLike } from "../../../src/adapters/provider/http/transport";
import type { CommandSpec } from "../../../src/engine/model/command";
import type { Definition } from "../../../src/engine/model/definition";
import { isThisMachine, originOf, reachOf } from "../../../src/engine/model/reach";
import type { CommandRequest, CommandRunner } from "../../../src/engine/port/commands";
import { definitionOf, harness, step } from "../../fakes/engine-harness";
import { libraryOptions } from "../../fakes/library-run";
import { temporaryFolder } from "../../fakes/session";
import { SeededRandom } from "../../simulation/random";

/*
 * What the plan says a run can reach beyond the project: servers, the keys that they get, commands. Generated Flows run
 * with models that call whatever they can think of.
 */

/** The gate takes a sample; ORKET_REACH_RUNS=10000 is the whole count that SECURITY.md tells. */
const all = Number(process.env.ORKET_REACH_RUNS ?? 600);
/** A session on the disk takes longer than one in memory. */
const onDisk = Math.ceil(all / 20);

const roles = ["writer", "reviewer", "listener"] as const;
const addresses = [
  "http://127.0.0.1:9001",
  "http://[::1]:9002/v1",
  "https://a.example/v1",
  "https://b.example:8443/v1",
] as const;
const references = ["secret:one", "secret:two", "env:THREE"] as const;

/** A Flow whose Venue is a server or a mesh, and that sends some roles to other Venues, each with keys of its own. */
function definitionFrom(random: SeededRandom): Definition {
  const definition = definitionOf(roles.map((role) => step(`of-${role}`, role)));
  const server = () => ({
    provider: random.pick(["ollama", "openai"] as const),
    endpoint: random.pick(addresses),
    model: "m",
    ...(random.chance(0.6) ? { api_key: random.pick(references) } : {}),
    ...(random.chance(0.3) ? { headers: { "x-tenant": random.pick(references) } } : {}),
  });
  const { venue } = definition;
  if (random.chance(0.25)) {
    const nodes = ["left", "right"].map((name) => ({ name, slots: 1, ...server(), headers: undefined }));
    Object.assign(venue, { provider: "mesh", model: "m", nodes, routing: "ordered", same_model: "allowed" });
  } else Object.assign(venue, server());
  venue.retry = { attempts: 1, backoff_seconds: 0 };
  for (const role of roles) {
    if (!random.chance(0.5)) continue;
    const name = `of ${role}`;
    const { nodes: _, venues: __, ...plain } = venue;
    venue.venues = {
      ...venue.venues,
      [name]: { ...plain, name, roles: {}, headers: undefined, api_key: undefined, ...server() },
    };
    venue.roles = { ...venue.roles, [role]: { venue: name } };
  }
  return definition;
}

/** Answers every request; what was sent goes to `sent`. */
function recorder(sent: { url: string; init: FetchInit }[]): FetchLike {
  return (url, init) => {
    sent.push({ url, init });
    const chat = { message: { role: "assistant", content: "Done." }, done: true, done_reason: "stop" };
    const delta = { choices: [{ index: 0, delta: { content: "Done." }, finish_reason: "stop" }] };
    const text = url.endsWith("/api/chat")
      ? `${JSON.stringify(chat)}\n`
      : url.endsWith("/chat/completions")
        ? `data: ${JSON.stringify(delta)}\n\ndata: [DONE]\n\n`
        : JSON.stringify({ models: [{ name: "m", model: "m" }], data: [{ id: "m" }] });
    const pieces = [Buffer.from(text)];
    return Promise.resolve({
      status: 200,
      headers: { get: () => null },
      text: () => Promise.resolve(text),
      body: {
        getReader: () => ({
          read: () => {
            const value = pieces.shift();
            return Promise.resolve(value === undefined ? { done: true } : { done: false, value });
          },
          cancel: () => Promise.resolve(),
        }),
      },
    });
  };
}

const valueOf = (reference: string): string => `value-${reference.replace(":", "-")}`;

describe("What the plan says a run can reach outside", function () {
  this.timeout(1_200_000);

  it(`names every server that is called and every key that it gets, in ${onDisk} Flows`, async () => {
    const counted = { calls: 0, keys: 0, remote: 0 };
    const folder = await temporaryFolder();
    try {
      for (let seed = 1; seed <= onDisk; seed += 1) {
        const random = new SeededRandom(seed);
        const definition = definitionFrom(random);
        const reach = reachOf(definition);
        const uses = new Set(reach.keys.map(({ reference, origin }) => `${reference}@${origin}`));
        const sent: { url: string; init: FetchInit }[] = [];
        const asked: string[] = [];
        const live = await startSession(
          definition,
          libraryOptions(folder.path, {
            fetch: recorder(sent),
            resolveSecret: (reference, origin) => {
              asked.push(`${reference}@${origin ?? "nowhere"}`);
              return Promise.resolve(valueOf(reference));
            },
          }),
        );
        const state = await live.orchestrator.run();
        await live.close();
        assert.equal(state.outcome, "completed", `seed ${seed}: ${state.pause?.message ?? ""}`);
        for (const use of asked) assert.ok(uses.has(use), `seed ${seed}: the key ${use} was taken`);
        for (const { url, init } of sent) {
          const origin = originOf(url);
          counted.calls += 1;
          assert.ok(reach.servers.includes(origin), `seed ${seed}: ${origin} was called`);
          if (!isThisMachine(origin)) counted.remote += 1;
          assert.ok(reach.network || isThisMachine(origin), `seed ${seed}: ${origin} is a network`);
          const text = JSON.stringify([init.headers, init.body ?? ""]);
          for (const reference of references) {
            if (!text.includes(valueOf(reference))) continue;
            counted.keys += 1;
            assert.ok(uses.has(`${reference}@${origin}`), `seed ${seed}: ${origin} got ${reference}`);
          }
        }
        rmSync(path.join(folder.path, ".orket"), { recursive: true });
      }
    } finally {
      await folder.remove();
    }
    console.log(
      `      ${onDisk} runs on the disk: ${counted.calls} requests, ${counted.remote} to another machine, ${counted.keys} keys sent, none beyond the table`,
    );
    assert.ok(counted.keys > onDisk / 2 && counted.remote > onDisk / 2, JSON.stringify(counted));
  });

  const names = ["tests", "lint", "publish", "fetch"] as const;

  /** A Flow with some commands, as steps and as tools of its roles. */
  function commandsFrom(random: SeededRandom): Definition {
    const specs: Record<string, CommandSpec> = {};
    for (const name of names) {
      if (!random.chance(0.6)) continue;
      const isolation = random.pick(["container", "sandbox", "view"] as const);
      specs[name] = {
        argv: ["node", name],
        timeout_seconds: 10,
        env: {},
        network: random.pick(["none", "allowed"]),
        writes: [],
        output: "text",
        isolation,
        ...(isolation === "container" ? { image: random.pick(["a:1", "b:2"]) } : {}),
        effects: "none",
      };
    }
    const declared = Object.keys(specs);
    const runs = declared.filter(() => random.chance(0.5));
    const definition = definitionOf([
      step("work", "writer", { max_turns: 6 }),
      ...runs.map((command) =>
        step(`run-${command}`, "run", { does: { kind: "run", command }, instruction: "" }),
      ),
    ]);
    definition.flow.commands = specs;
    const { writer } = definition.band.roles;
    // A Band can name a command that its Flow does not have.
    if (writer !== undefined)
      writer.tools = [
        "write_file",
        ...names.filter(() => random.chance(0.5)).map((name) => `command:${name}` as const),
      ];
    return definition;
  }

  it(`lists every command that is started, with its isolation and network, in ${all} Flows`, async () => {
    let started = 0;
    let refused = 0;
    for (let seed = 1; seed <= all; seed += 1) {
      const random = new SeededRandom(seed);
      const definition = commandsFrom(random);
      const { commands, network } = reachOf(definition);
      const requests: CommandRequest[] = [];
      const runner: CommandRunner = {
        run: (request) => {
          requests.push(request);
          return Promise.resolve({
            end: { kind: "exited", code: 0 },
            place: "view",
            output: "ok\n",
            files: [],
            discarded: { files: 0, bytes: 0 },
            durationMs: 1,
          });
        },
      };
      const answer = () => ({
        calls: [[`command:${random.pick([...names, "rm"])}`, {}] as [string, Record<string, unknown>]],
      });
      const session = harness(definition, answer, { commands: runner });
      await session.run();
      refused += session.eventsOf("tool_denied").length;
      for (const { name, spec, argv } of requests) {
        started += 1;
        const told = commands.find((one) => one.name === name);
        assert.ok(told !== undefined, `seed ${seed}: ${name} was started`);
        assert.deepEqual(
          [told.isolation, told.image, told.network, told.outside, network || !told.network],
          [spec.isolation, spec.image, spec.network === "allowed", spec.effects === "outside", true],
          `seed ${seed}: ${name}`,
        );
        assert.deepEqual(argv, definition.flow.commands?.[name]?.argv);
      }
    }
    console.log(
      `      ${all} runs: ${started} commands started, ${refused} calls denied, none beyond the table`,
    );
    assert.ok(started > all / 2 && refused > all / 2, `${started} started, ${refused} denied`);
  });
});
